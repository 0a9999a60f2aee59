"""Names with wildcards: `*` stands for any characters, and nothing else for anything."""

from __future__ import annotations

WILD = "*"


def matches(text: str, pattern: str) -> bool:
    """Whether a text is what a pattern means, in time that grows with the product of their lengths at most."""
    first, *rest = pattern.split(WILD)
    if not rest:
        return text == pattern
    *middle, last = rest
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True
