"""The command line of a task, and how the values of a sweep or the name of a blob reach it. Pure.

A value is never made part of a command: `{{name}}` becomes a variable of the task's environment, which the shell puts
in as one argument, whatever is in it. So the command line is the same for all tasks of a group.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence

from reconciler.kinds.tasks import pack
from reconciler.spec import quoting

PLACE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
"""Where a value goes: `{{name}}`."""
PREFIX = "RECONCILE_"
SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash"})
LONGEST = 8191
"""Characters of a command line. Source: the length that Batch accepts for commandLine."""
Command = str | Sequence[str]
"""A text that a shell reads, or the program and its arguments."""


def variable(name: str) -> str:
    """The environment variable that holds the value of that name."""
    return f"{PREFIX}{name.upper()}"


def line(command: Command, codes: Sequence[int] = (), times: int = 0, packed: Iterable[str] | None = None) -> str:
    """The commandLine: `/bin/sh -c '...'`. After one of these exit codes it runs again, so many `times`; -1: always.

    `packed`: the names of the values of each item, if the task runs it for several.
    """
    script = _script(command) if isinstance(command, str) else _arguments(command)
    script = _again(script, codes, times) if codes else script
    return _shell(script if packed is None else pack.runner(script, [*map(variable, sorted(packed))]))


def _shell(script: str) -> str:
    return f"/bin/sh -c {shlex.quote(script)}"


def _again(script: str, codes: Sequence[int], times: int) -> str:
    """A script that runs another one until it exits with none of the codes, or often enough."""
    enough = f' && [ "$tries" -lt {times} ]' if times >= 0 else ""
    listed = "|".join(map(str, codes))
    return (
        f"tries=0; while :; do {_shell(script)}; code=$?; "
        f'case "$code" in {listed}) true{enough} || exit "$code";; *) exit "$code";; esac; '
        'tries=$((tries + 1)); echo "exit code $code: try $((tries + 1))" >&2; done'
    )


def names(command: Command) -> tuple[str, ...]:
    """The values that a command asks for, in order."""
    texts = [command] if isinstance(command, str) else command
    return tuple(dict.fromkeys(name for text in texts for name in PLACE.findall(text)))


def unknown(name: str, known: Sequence[str]) -> str:
    """What is said of a `{{name}}` that is none of the values that a task is given."""
    there = f"; there are {', '.join(known)}" if known else ", and a single task has no values"
    return f"asks for {{{{{name}}}}}, which nothing gives it{there}"


def fault(command: Command, known: Iterable[str], *, packed: bool = False) -> str:
    """Why a command cannot be run with values of the names `known`; empty if it can."""
    known = tuple(known)
    asked = next((name for name in names(command) if name not in known), None)
    if asked is not None:
        return unknown(asked, known)
    if isinstance(command, str):
        inside = next((match for match in PLACE.finditer(command) if quoting.quoted(command[: match.start()])), None)
        if inside:
            return (
                f"has {inside.group()} inside quotes, where a shell may read the value as a command; write it outside"
                " of them: it is one argument, whatever is in it"
            )
    elif (script := shell_script(command)) is not None and PLACE.search(script):
        return (
            f"gives {{{{...}}}} to {command[0]} as a part of its script, which may read the value as a command; write "
            "the script as one text in place of the list"
        )
    long = len(line(command, packed=known if packed else None))
    return f"is longer than {LONGEST:,} characters; put it into a file" if long > LONGEST else ""


def _script(text: str) -> str:
    return PLACE.sub(lambda match: f'"${{{variable(match.group(1))}}}"', text)


def _arguments(command: Sequence[str]) -> str:
    return f"exec {' '.join(map(_argument, command))}"


def _argument(text: str) -> str:
    """One argument as the shell reads it: what is written stays as it is, and values are put in."""
    parts = PLACE.split(text)
    literal = [shlex.quote(part) if part else "" for part in parts[::2]]
    values = [f'"${{{variable(name)}}}"' for name in parts[1::2]] + [""]
    return "".join(part for pair in zip(literal, values, strict=True) for part in pair) or "''"


def shell_script(command: Sequence[str]) -> str | None:
    """What a shell is given to read, if the program is one."""
    if command[0].rpartition("/")[2] not in SHELLS:
        return None
    options = list(command[1:])
    place = next((index for index, option in enumerate(options) if re.fullmatch(r"-[a-z]*c", option)), None)
    return options[place + 1] if place is not None and place + 1 < len(options) else None
