"""Counted things in words: `1 node`, `3 nodes`, `2 entries`."""

from __future__ import annotations

from collections.abc import Sequence

MINUTE = 60
"""Seconds from which on times are in minutes."""
NAMED = 5
"""How many names of a list are shown."""


def count(number: int, noun: str, form: str = "") -> str:
    """`number` of what the singular `noun` names; `form` is how the number is written, such as `,` for thousands."""
    return f"{number:{form}} {noun if number == 1 else plural(noun)}"


def duration(seconds: float) -> str:
    """`45 s`, `3 min`, `1 h 20 min`."""
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    minutes = round(seconds / MINUTE)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def size(number: int) -> str:
    """`number` of bytes: `17 bytes`, `3.2 MB`, in powers of ten."""
    if number < 1000:
        return count(number, "byte")
    value, units = number / 1000, ["kB", "MB", "GB", "TB"]
    while value >= 999.95 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:,.1f} {units[0]}"


def some(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    rest = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {rest} more" if rest > 0 else "")


def plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"
