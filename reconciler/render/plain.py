"""Texts that others may have written, made fit to be shown: no secret, and nothing that moves a cursor.

Whatever is shown goes through one of these before it is cut or laid out, because half a secret has no form any more.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from reconciler.secret import hidden


def clean(text: str) -> str:
    """`text` in one line: control characters are escaped, also ends of lines, so that a name cannot look like two."""
    return _escaped(hidden(text))


def lines(text: str, indent: int = 0) -> str:
    """A message of as many lines as it has; all but the first begin with `indent` blanks."""
    return f"\n{' ' * indent}".join(_escaped(line) for line in hidden(text).splitlines())


def written(text: str) -> str:
    """What a program wrote, tabs and all, for a terminal."""
    return "".join(char if char in "\n\t" else _escaped(char) for char in text)


def document(value: Any, indent: int | None = None) -> str:
    """A value as JSON, without secrets, in which what does not print is escaped: a terminal may obey it."""
    text = hidden(json.dumps(value, indent=indent, ensure_ascii=False, default=dict))
    return "\n".join(line if line.isprintable() else _as_ascii(line) for line in text.split("\n"))


def _as_ascii(line: str) -> str:
    """A line of JSON; outside of strings, where escapes would be wrong, there is nothing that does not print."""
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in line)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows of clean cells below a head; a cell of the last column may have several lines."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head) - 1)]
    offset = sum(widths) + 2 * len(widths)
    shown = []
    for *cells, last in [head, *rows]:
        line = "".join(f"{cell:<{width}}  " for cell, width in zip(cells, widths, strict=True))
        shown.append((line + last.replace("\n", f"\n{' ' * offset}")).rstrip())
    return "\n".join(shown)


def _escaped(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
