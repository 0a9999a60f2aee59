"""The command of a task of Batch Shipyard as a spec has it. Pure.

Shipyard passed a command through a shell of the node to a container; in a spec a shell of the container reads it. The
values of a task factory were formatted into it as Python formats a text (`{}`, `{0}`, `{file_name}`). In a spec
`{{name}}` stands for a value outside of quotes; inside of them the variable is written that has the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from string import Formatter

from reconciler.importing.shipyard.part import Part
from reconciler.spec import quoting

Command = str | list[str]
"""A text that /bin/sh reads, or a program and its arguments."""
Said = Callable[[bool], str]
"""How a value is written in a command, inside quotes or outside of them."""
BASH = ("/bin/bash", "-c")
SSHD = "/usr/sbin/sshd -p 23"
"""What images of Shipyard's recipes start for MPI, on the port that does not collide with that of the node. Source:
Batch Shipyard, multi-instance tasks. That it is to be started by the coordination command is inferred."""


SINGULARITY = "SHIPYARD_SINGULARITY_COMMAND"
"""The variable in which a command on several nodes finds what begins a command in its image."""


class Unsayable(Exception):
    """No spec has words for it; the message says why."""


def value(name: str) -> Said:
    """A value of a sweep or of a blob, by its name in the spec."""
    return lambda quoted: f"${{RECONCILE_{name.upper()}}}" if quoted else f"{{{{{name}}}}}"


def expression(text: str) -> Said:
    """What a shell makes of the variables of a task."""
    return lambda quoted: text if quoted else f'"{text}"'


def formatted(text: str, values: dict[str, Said], *, quoted: bool = False) -> str:
    """A command with the values of a task factory in place; `quoted`: all of it is in quotes. Raises Unsayable."""
    made, number = "", 0
    try:
        pieces = list(Formatter().parse(text))
    except ValueError as error:
        raise Unsayable(f"its braces are none of a Python format: {error}") from None
    for literal, field, form, conversion in pieces:
        made += literal
        if field is None:
            continue
        field, number = (field, number) if field else (str(number), number + 1)
        if form or conversion:
            raise Unsayable(
                f"it formats {{{field}}}, and a spec puts values in as they are; write them out under sweep"
            )
        if field not in values:
            there = ", ".join(values) or "none"
            raise Unsayable(f"it asks for {{{field}}}, and its task factory has {there}")
        made += values[field](quoted or quoting.quoted(made))
    return made


def expanded(command: str, variables: dict[str, str]) -> str:
    """A command with the values of variables whose values name others, which nobody else would expand."""
    for name, text in variables.items():
        if "$" in text:
            pattern = rf"\$(?:{re.escape(name)}(?!\w)|\{{{re.escape(name)}\}})"
            command = re.sub(pattern, lambda match, to=text: to, command)  # type: ignore[misc]
    return command


def needs_bash(script: str) -> bool:
    """Whether a script has words that /bin/sh may not know."""
    return bool(re.search(r"(^|[;&|(]\s*|\s)(source|pushd|popd|module|declare)\s|\[\[|<\(", script))


def shell(script: str) -> Command:
    return [*BASH, script] if needs_bash(script) else script


def parallel(mpi: Part, before: str, command: str, nodes: int) -> list[str]:
    """What begins an MPI program: `before`, then the command under its launcher, on so many nodes.

    The options of each runtime are those of its own documentation; Shipyard's were not looked up.
    """
    runtime, ranks = mpi.text("runtime").lower(), mpi.text("processes_per_node")
    launcher, options = mpi.text("executable_path") or "mpirun", mpi.texts("options")
    made = [launcher, *(_ranks(runtime, ranks, nodes) if ranks else ()), *options, command]
    return [*BASH, "; ".join(filter(None, (before.rstrip("; "), " ".join(made))))]


def _ranks(runtime: str, ranks: str, nodes: int) -> list[str]:
    """Where how many processes run."""
    many = f"$((({ranks}) * {nodes}))" if ranks.isdecimal() else f"$(($({ranks}) * {nodes}))"
    many = str(int(ranks) * nodes) if ranks.isdecimal() and len(ranks) < 7 else many
    each = ranks if ranks.isdecimal() else f"$({ranks})"
    if runtime.startswith("openmpi"):
        hosts = ["--allow-run-as-root", "--oversubscribe", "--host", "$AZ_BATCH_HOST_LIST"]
        return [*hosts, "--map-by", f"ppr:{each}:node", "-np", many]
    return ["-hosts", "$AZ_BATCH_HOST_LIST", "-np", many, "-ppn", each]
