"""What a POSIX shell makes of a text. Pure."""

from __future__ import annotations


def quoted(before: str) -> bool:
    """Whether what follows a text of a shell is inside quotes or backquotes."""
    return bool(quote(before))


def quote(before: str) -> str:
    """The quote or backquote that what follows a text of a shell is inside of; empty if there is none."""
    inside, escaped = "", False
    for character in before:
        if escaped:
            escaped = False
        elif character == "\\" and inside != "'":
            escaped = True
        elif inside:
            inside = "" if character == inside else inside
        elif character in "'\"`":
            inside = character
    return inside
