"""What a POSIX shell makes of a text. Pure."""

from __future__ import annotations


def quoted(before: str) -> bool:
    """Whether what follows a text of a shell is inside quotes or backquotes."""
    quote, escaped = "", False
    for character in before:
        if escaped:
            escaped = False
        elif character == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"`":
            quote = character
    return bool(quote)
