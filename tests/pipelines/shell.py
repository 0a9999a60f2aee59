"""Scripts of pipelines, run by bash as a runner does it, with the programs of a runner on PATH.

`reconcile` is run by this process: a pipeline of a dozen commands would else spend its time on starting interpreters.
With `real`, each is a process of its own.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tests.cli.command import reconcile

_ASKING = """#!/bin/bash
read -r port < {folder}/port
exec 4<> "/dev/tcp/127.0.0.1/$port"
{{ printf '%s\\0' "$#" "$@" "$PWD"; env -0; printf '\\0'; }} >&4
read -r code <&4
if [ -s {folder}/told ]; then cat {folder}/told; fi
if [ -s {folder}/erred ]; then cat {folder}/erred >&2; fi
exit "$code"
"""
_PYTHON = """#!/bin/sh
if [ "$1 $2 $3" = "-m pip install" ]; then echo "$@" >> {installed}; exit; fi
exec {python} "$@"
"""
_AZ = """#!/bin/sh
[ "$*" = "account show --query id --output tsv" ] && echo "$LOCAL_SUBSCRIPTION"
"""
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")


@dataclass
class Shell:
    """The programs of a runner. `said` is all that scripts printed."""

    folder: Path
    real: bool = False
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        bin_ = self.folder / "bin"
        bin_.mkdir(parents=True)
        programs = {
            "python": _PYTHON.format(python=sys.executable, installed=self.folder / "installed"),
            "az": _AZ,
            "reconcile": f'#!/bin/sh\nexec {sys.executable} -m reconciler "$@"\n'
            if self.real
            else _ASKING.format(folder=self.folder),
        }
        for name, text in programs.items():
            (bin_ / name).write_text(text)
            (bin_ / name).chmod(0o755)
        self.path = f"{bin_}:/usr/local/bin:/usr/bin:/bin"

    def run(self, script: str, cwd: Path, environ: Mapping[str, str], bash: Sequence[str] = BASH) -> int:
        """Run a script; returns its exit code."""
        file = self.folder / "script.sh"
        file.write_text(script)
        env = {"PATH": self.path, "HOME": str(self.folder), **environ}
        with socket.create_server(("127.0.0.1", 0)) as here, (self.folder / "out").open("w+") as out:
            (self.folder / "port").write_text(f"{here.getsockname()[1]}\n")
            here.settimeout(0.05)
            with subprocess.Popen(
                [*bash, str(file)], cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            ) as process:
                while process.poll() is None:
                    self._serve(here)
            out.seek(0)
            self.said.append(out.read())
        return process.returncode

    def _serve(self, here: socket.socket) -> None:
        """Run one command, if one is asked for."""
        try:
            there, _ = here.accept()
        except TimeoutError:
            return
        with there, there.makefile("rb") as asked:
            there.settimeout(10)
            arguments = [_item(asked) for _ in range(int(_item(asked)))]
            cwd = Path(_item(asked))
            environ = dict(item.split("=", 1) for item in iter(lambda: _item(asked), ""))
            before = dict(os.environ)
            hidden = (name for name in before if name.startswith("AZURE_"))
            environ = dict.fromkeys((*hidden, "GITHUB_ACTIONS", "TF_BUILD", "GITLAB_CI"), "") | environ
            done = reconcile(*arguments, cwd=cwd, **environ)
            assert dict(os.environ) == before
            (self.folder / "told").write_text(done.stdout)
            (self.folder / "erred").write_text(done.stderr)
            there.sendall(f"{done.returncode}\n".encode())


def _item(asked: IO[bytes]) -> str:
    """What comes before the next NUL."""
    return b"".join(iter(lambda: asked.read(1), b"\0")).decode()


def git(folder: Path, *arguments: str) -> str:
    """What git prints, as a person that is nobody in particular."""
    who = ["-c", "user.name=ann", "-c", "user.email=ann@example.com", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", "-C", str(folder), *who, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout.strip()
