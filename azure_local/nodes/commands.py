"""Commands of a node that its machine may lack or has otherwise.

`docker` in a pool with containers, `nvidia-smi` on a GPU size, `ssh` where nodes reach each other, and `systemd-run`.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from azure_local.nodes import systemd
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


def ssh(folder: Path, users: Iterable[str], hosts: Mapping[str, Mapping[str, str]]) -> None:
    """Write an `ssh` that runs a command on another node of the pool, which is on this machine, too.

    Documented (LinuxUserConfiguration): only users with a key reach other nodes.

    `hosts`: the address of each node to its PATH and HOME, where the command begins.
    """
    known = "|".join(map(shlex.quote, users)) or "''"
    nodes = [
        f'{address}) cd {shlex.quote(host["HOME"])} && exec env -i USER="$USER" '
        f'{shlex.join(f"{name}={value}" for name, value in host.items())} /bin/sh -c "$*";;'
        for address, host in hosts.items()
    ]
    _write(
        folder / "ssh",
        [
            'while :; do case "$1" in -[bcDEeFIiJLlmOoPpQRSWw]) shift 2;; -*) shift;; *) break;; esac; done',
            'host="${1#*@}"; shift',
            f'case "$USER" in {known});; *) echo "$USER@$host: Permission denied (publickey)." >&2; exit 255;; esac',
            'case "$host" in',
            *nodes,
            "esac",
            'echo "ssh: connect to host $host port 22: No route to host" >&2; exit 255',
        ],
    )


def systemd_run(folder: Path, services: Path, machine: Mapping[str, str]) -> None:
    """Write a `systemd-run` that begins services of the node with the environment of the `machine`."""
    names = [f"{name}={value}" for name, value in machine.items()]
    program = [sys.executable, str(Path(systemd.__file__)), str(services), str(len(names)), *names]
    _write(folder / "systemd-run", [f'exec {shlex.join(program)} "$@"'])


def _absent(text: str) -> list[str]:
    return [f"echo {shlex.quote(text)} >&2", f"exit {SKIPPED}"]


def _write(path: Path, lines: list[str]) -> None:
    """Replace the script atomically, because another task may be reading it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    new.chmod(0o755)
    new.replace(path)
