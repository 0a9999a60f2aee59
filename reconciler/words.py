"""Counted things in words: `1 node`, `3 nodes`, `2 entries`."""

from __future__ import annotations


def count(number: int, noun: str, form: str = "") -> str:
    """`number` of what the singular `noun` names; `form` is how the number is written, such as `,` for thousands."""
    return f"{number:{form}} {noun if number == 1 else plural(noun)}"


def plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"
