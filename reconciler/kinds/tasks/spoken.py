"""The command of a live task, as a spec says it: the inverse of `command.line`. Pure.

Batch runs a commandLine without a shell, so its words are a program and its arguments: a list in a spec. What
`/bin/sh -c` reads is a text there. A command is right if the words of its own commandLine are those of the live one.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from reconciler.kind.words import Unsayable
from reconciler.kinds.tasks import command
from reconciler.kinds.tasks.command import Command

WINDOWS = re.compile(r"(?i)\s*\"?([^\"\s]*[\\/])?(cmd|powershell)(\.exe)?\"?(\s.*)?", re.DOTALL)
_AGAIN = re.compile(
    r'tries=0; while :; do (?P<line>/bin/sh -c .*); code=\$\?; case "\$code" in (?P<codes>\d+(\|\d+)*)\) '
    r'true( && \[ "\$tries" -lt (?P<times>\d+) \])? \|\| exit "\$code";;.*',
    re.DOTALL,
)
"""What `command.line` makes of a command that is run again after some exit codes."""
_VALUE = re.compile(rf'"\$\{{({command.PREFIX}\w+)\}}"')


class Spoken(NamedTuple):
    """A command, and after which exit codes it is run again, how often; -1: always."""

    command: Command
    codes: tuple[int, ...] = ()
    times: int = 0


def spoken(line: str, names: Mapping[str, str]) -> Spoken:
    """The command of a commandLine, where `names` has the name of the value of each variable. Raises Unsayable."""
    if WINDOWS.fullmatch(line):
        raise Unsayable("it is for Windows, and a spec's commands are read by /bin/sh")
    words = _words(line)
    script = _script(words)
    if script is None:
        return Spoken(words)
    if (again := _AGAIN.fullmatch(script)) and (inner := _script(_words(again["line"]))) is not None:
        codes = tuple(map(int, again["codes"].split("|")))
        times = int(again["times"]) if again["times"] else -1
        for made in _commands(inner, names):
            if _same(line, command.line(made, codes, times)):
                return Spoken(made, codes, times)
    return Spoken(next(made for made in _commands(script, names) if _same(line, command.line(made)) or made == script))


def _commands(script: str, names: Mapping[str, str]) -> Sequence[Command]:
    """What a script may have been made of: a list, a text with values, or the text itself."""
    text = _VALUE.sub(lambda match: f"{{{{{names[match[1]]}}}}}" if match[1] in names else match[0], script)
    if not text.startswith("exec "):
        return (text, script)
    try:
        return (shlex.split(text.removeprefix("exec ")) or script, text, script)
    except ValueError:
        return (text, script)


def _same(line: str, made: str) -> bool:
    return _words(line) == _words(made)


def _script(words: Sequence[str]) -> str | None:
    return words[2] if len(words) == 3 and words[0] in ("/bin/sh", "sh") and words[1] == "-c" else None


def _words(line: str) -> list[str]:
    try:
        words = shlex.split(line)
    except ValueError:
        raise Unsayable("its commandLine ends inside quotes") from None
    if not words:
        raise Unsayable("its commandLine is empty")
    return words
