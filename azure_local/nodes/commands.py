"""Commands of a node that its machine may lack: `docker` in a pool with containers, `nvidia-smi` on a GPU size."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

from azure_local.nodes.containers import ABSENT, SKIPPED

NO_GPU = "not run here: this machine has no GPU"
RUNTIMES = ("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "DOCKER_HOST", "DOCKER_CONFIG")
"""Variables of the container runtime, which a task's environment lacks or has with other values."""


def docker(folder: Path, runtime: list[str] | None) -> None:
    """Write a `docker` command into the folder that calls the machine's runtime, or reports that there is none."""
    if runtime is None:
        _write(folder / "docker", _absent(ABSENT))
        return
    lines = [f"export {name}={shlex.quote(os.environ[name])}" for name in RUNTIMES if name in os.environ]
    more = os.environ.get("RECONCILE_CONTAINERS_RUN", "")
    if more:
        words = shlex.join(shlex.split(more))
        lines.append(f'if [ "$1" = run ]; then shift; set -- run {words} "$@"; fi')
    _write(folder / "docker", [*lines, f'exec {shlex.join(runtime)} "$@"'])


def nvidia_smi(folder: Path) -> None:
    """Write an `nvidia-smi` command that reports that there is no GPU, unless the machine has its own."""
    if shutil.which("nvidia-smi") is None:
        _write(folder / "nvidia-smi", _absent(NO_GPU))


def _absent(text: str) -> list[str]:
    return [f"echo {shlex.quote(text)} >&2", f"exit {SKIPPED}"]


def _write(path: Path, lines: list[str]) -> None:
    """Replace the script atomically, because another task may be reading it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    new.chmod(0o755)
    new.replace(path)
