"""Runs the examples of specs/examples to their end, by commands that a user types, and checks what they made.

    python -m demo.examples [NAME ...]

They run on the nodes of a local Azure of their own, below .reconcile/examples, where their inputs and outputs stay. An
example is a folder with `spec.yaml` and `check.py`: what it takes is made by its `inputs.py`, and goes to its container
`inputs`; all other containers but `staging` are its outputs.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CHECKOUT = Path(__file__).parents[1]
EXAMPLES = CHECKOUT / "specs/examples"
HOME = CHECKOUT / ".reconcile/examples"
RECONCILE = str(Path(sys.executable).parent / "reconcile")
INPUTS, STAGING = "inputs", "staging"
MISSING = re.compile(r"\bmissing: ([^()\n]+)")
"""What a start task says of a tool that is not there and that it may not install."""


class Surprise(Exception):
    """A command ended in another way than is expected; the message says how."""


class Missing(Exception):
    """A tool of the example is not here; the message says which, and how to get it."""


@dataclass(frozen=True)
class End:
    """How an example ended: what was checked, what is missing, or what went wrong."""

    name: str
    how: str
    said: str
    seconds: float


def main(names: Sequence[str]) -> None:
    known = sorted(path.parent.name for path in EXAMPLES.glob("*/spec.yaml"))
    if unknown := sorted(set(names) - set(known)):
        sys.exit(f"no example {', '.join(unknown)}; there are {', '.join(known)}")
    HOME.mkdir(parents=True, exist_ok=True)
    os.chdir(HOME)
    _say(f"All commands are typed in {HOME.relative_to(CHECKOUT)}, where a local Azure of their own is, and with")
    _say("$ export RECONCILE_CLOUD=local")
    try:
        _reconcile("local", "reset", "--yes")
        _reconcile("local", "up", "--speed", "240")
        ends = [_run(name) for name in names or known]
    finally:
        _reconcile("local", "reset", "--yes")
    _say("\n".join(_table(ends)))
    sys.exit(any(end.how == "failed" for end in ends))


def _run(name: str) -> End:
    _say(f"\n=== {name}")
    begun = time.monotonic()
    spec = os.path.relpath(EXAMPLES / name / "spec.yaml")
    try:
        how, said = "passed", _from_plan_to_check(name, spec)
    except Surprise as surprise:
        how, said = "failed", str(surprise)
    except Missing as missing:
        how, said = "missing", str(missing)
    try:
        _reconcile("destroy", spec, "--yes")
    except Surprise as surprise:
        how, said = "failed", f"{said}; {surprise}"
    return End(name, how, said, time.monotonic() - begun)


def _from_plan_to_check(name: str, spec: str) -> str:
    """Every command in its order; what the check has found right."""
    folder, source = Path(name), EXAMPLES / name
    shutil.rmtree(folder, ignore_errors=True)
    _reconcile("validate", spec)
    _reconcile("plan", spec)
    containers = list(_containers(yaml.safe_load((source / "spec.yaml").read_text())))
    if (source / "inputs.py").exists():
        (account,) = (account for account, container in containers if container == INPUTS)
        _python(source / "inputs.py", folder / INPUTS)
        _apply(spec, "--target", f"container/{account}/{INPUTS}")
        _reconcile("upload", str(folder / INPUTS), "--to", f"storage/{account}/{INPUTS}", "--spec", spec)
    _apply(spec)
    _reconcile("plan", spec, "--detailed-exitcode")
    made = folder / "outputs"
    for account, container in containers:
        if container not in (INPUTS, STAGING):
            place = f"storage/{account}/{container}"
            _reconcile("download", place, "--spec", spec, "-o", str(made / container))
    return _python(source / "check.py", made)


def _containers(spec: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for account, body in spec.get("storage", {}).items():
        yield from ((account, container) for container in body.get("containers", ()))


def _apply(spec: str, *more: str) -> None:
    """Missing if a start task has said so; what tasks died of is told."""
    try:
        _reconcile("apply", spec, "--yes", *more)
    except Surprise as surprise:
        if said := MISSING.search(str(surprise)):
            raise Missing(said[1]) from None
        for job in yaml.safe_load(Path(spec).read_text()).get("jobs", {}):
            with suppress(Surprise):
                _reconcile("why", job, "--spec", spec)
        raise


def _reconcile(*arguments: str) -> None:
    _type([RECONCILE, *arguments], f"reconcile {shlex.join(arguments)}")


def _python(script: Path, folder: Path) -> str:
    return _type([sys.executable, str(script), str(folder)], f"python {os.path.relpath(script)} {folder}")


def _type(command: list[str], shown: str) -> str:
    """Run a command as shown, and show what it prints; the last line of that. Surprise if it fails."""
    _say(f"$ {shown}")
    with subprocess.Popen(
        command, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            lines.append(line.rstrip())
    last = lines[-1] if lines else ""
    if process.returncode:
        raise Surprise("\n".join([f"{shown} ended with {process.returncode}: {last}", *lines]))
    return last


def _environment() -> dict[str, str]:
    """This one's, but for what would lead to another Azure."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "RECONCILE_"))}
    return {**kept, "RECONCILE_CLOUD": "local", "PYTHONUNBUFFERED": "1"}


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _table(ends: Sequence[End]) -> Iterator[str]:
    width = max(len(end.name) for end in ends)
    yield ""
    for end in ends:
        yield f"{end.name:{width}}  {end.how:7}  {end.seconds:5.0f} s  {end.said.splitlines()[0]}"


if __name__ == "__main__":
    main(sys.argv[1:])
