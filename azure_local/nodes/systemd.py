"""`systemd-run` of a node: begins a service, which outlives the task that has begun it. Run by its path, alone.

A service has the environment of its machine, with what `--setenv` adds, and nothing of the task's; a unit that runs
already is refused. Inferred: on Batch the processes of a start task end with it, and services do not.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def main(services: Path, machine: list[str], words: list[str]) -> int:
    """`words` are options and a command; the service's pid and what it writes are files in the folder `services`."""
    unit, environment, quiet = "run", list(machine), False
    while words and words[0].startswith("--"):
        option, _, value = words.pop(0).partition("=")
        unit = value if option == "--unit" else unit
        quiet = quiet or option == "--quiet"
        environment += [value] if option == "--setenv" else []
    services.mkdir(exist_ok=True)
    pid = services / f"{unit}.pid"
    if pid.exists() and Path(f"/proc/{pid.read_text()}").exists():
        sys.stderr.write(f"Failed to start transient service unit: Unit {unit}.service was already loaded.\n")
        return 1
    variables = dict(text.split("=", 1) for text in environment)
    with (services / f"{unit}.log").open("ab") as log:
        process = subprocess.Popen(
            words, cwd=services, env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    pid.write_text(str(process.pid))
    if not quiet:
        sys.stderr.write(f"Running as unit: {unit}.service\n")
        sys.stderr.flush()
    os._exit(0)  # the service goes on without anybody who waits for it


if __name__ == "__main__":
    number = int(sys.argv[2])
    sys.exit(main(Path(sys.argv[1]), sys.argv[3 : 3 + number], sys.argv[3 + number :]))
