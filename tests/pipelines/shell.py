"""Scripts of pipelines, run by bash as a runner does it, with the programs of a runner on PATH.

`reconcile` is run by this process: a pipeline of a dozen commands would else spend its time on starting interpreters.
With `real`, each is a process of its own.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli.command import reconcile

_ASKING = """#!{python} -IS
import json, os, socket, sys
there = socket.socket(socket.AF_UNIX)
there.connect({path!r})
there.sendall(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode() + b"\\n")
code, out, err = json.loads(there.makefile().read())
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(code)
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
        self._socket = self.folder / "s"
        programs = {
            "python": _PYTHON.format(python=sys.executable, installed=self.folder / "installed"),
            "az": _AZ,
            "reconcile": f'#!/bin/sh\nexec {sys.executable} -m reconciler "$@"\n'
            if self.real
            else _ASKING.format(python=sys.executable, path=str(self._socket)),
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
        with socket.socket(socket.AF_UNIX) as here, (self.folder / "out").open("w+") as out:
            self._socket.unlink(missing_ok=True)
            here.bind(str(self._socket))
            here.listen()
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
        with there:
            there.settimeout(10)
            arguments, cwd, environ = json.loads(there.makefile().readline())
            before = dict(os.environ)
            hidden = (name for name in before if name.startswith("AZURE_"))
            environ = dict.fromkeys((*hidden, "GITHUB_ACTIONS", "TF_BUILD", "GITLAB_CI"), "") | environ
            done = reconcile(*arguments, cwd=Path(cwd), **environ)
            assert dict(os.environ) == before
            there.sendall(json.dumps([done.returncode, done.stdout, done.stderr]).encode())


def git(folder: Path, *arguments: str) -> str:
    """What git prints, as a person that is nobody in particular."""
    who = ["-c", "user.name=ann", "-c", "user.email=ann@example.com", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", "-C", str(folder), *who, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout.strip()
