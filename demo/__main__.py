"""Types the commands of the README one after the other, on real photographs, and stops at the first surprise."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from demo import photos

CHECKOUT = Path(__file__).parents[1]
RECONCILE = str(Path(sys.executable).parent / "reconcile")
SPEC = "specs/local.yaml"
PICTURES = ".reconcile/demo/photographs"
COUNT = 240
LACKING = 5
"""The exit code of an apply that has done all that can be done, which is not all that the spec asks for."""


def main() -> None:
    os.chdir(CHECKOUT)
    _say(f"A spec says what should exist: {SPEC}. Start an empty local Azure for it.")
    _type("local", "reset", "--yes")
    _type("local", "up")
    _type("validate", SPEC)
    _type("plan", SPEC)
    _type("apply", SPEC, "--yes")
    _say(f"{COUNT} crops of real photographs, and a few files that are broken or odd.")
    shutil.rmtree(PICTURES, ignore_errors=True)
    photos.make(Path(PICTURES), COUNT)
    _type("upload", PICTURES, "--spec", SPEC)
    _say("The data is part of the spec: now there is something to convert.")
    _type("plan", SPEC)
    _say("The broken files are named, and the exit code says that not all could be converted.")
    _type("apply", SPEC, "--yes", code=LACKING)
    _say("And again: live Azure is the state, so there is nothing to do.")
    _type("plan", SPEC, "--detailed-exitcode")
    _type("status", SPEC)
    _say("The local Azure stays up. Look around, then stop it:")
    for line in (f"status {SPEC}", f"logs image-conversion-job --spec {SPEC}", f"outputs {SPEC}", "local down"):
        _say(f"    .venv/bin/reconcile {line}", blank=False)


def _say(text: str, *, blank: bool = True) -> None:
    sys.stdout.write(f"{os.linesep if blank else ''}{text}\n")
    sys.stdout.flush()


def _type(*arguments: str, code: int = 0) -> None:
    """Run a command as shown. Exits with its code if that is another than is expected."""
    _say(f"$ reconcile {' '.join(arguments)}")
    ended = subprocess.run([RECONCILE, *arguments], check=False).returncode
    if ended != code:
        sys.exit(ended or 1)


if __name__ == "__main__":
    main()
