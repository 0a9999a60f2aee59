"""Values as a plan shows them: short, and of two that are long, the part in which they differ."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from reconciler.model import Change
from reconciler.secret import hidden_in

LONGEST = 60
"""How many characters of a value are shown."""
AROUND = 12
"""How many characters before the first difference are shown, where no part of an id ends there."""


def seen(change: Change) -> Change:
    """The change with a mark in place of each secret, also of one that only its name tells: of a password, a token."""
    name = change.path.rpartition(".")[2]
    return replace(change, before=hidden_in(change.before, name), after=hidden_in(change.after, name))


def whole(value: Any) -> str:
    """A value, however long it is."""
    return _text(value)


def single(value: Any) -> str:
    """A value; only the beginning of a long one, and the end of a long id."""
    text = _names(value) or _text(value)
    if len(text) <= LONGEST:
        return text
    return _tail(text, len(text)) if _is_id(value) else f"{text[: LONGEST - 1]}…"


def pair(before: Any, after: Any) -> tuple[str, str]:
    """Two different values; of long ones the part that differs, with what stands around it."""
    alone = single(before), single(after)
    if None in (before, after) or (alone[0] != alone[1] and (_names(before) or _names(after))):
        return alone
    texts = _text(before), _text(after)
    differing = (place for place, (one, other) in enumerate(zip(*texts, strict=False)) if one != other)
    start = next(differing, min(map(len, texts)))
    return _from(texts[0], start, before), _from(texts[1], start, after)


def _names(value: Any) -> str:
    """A list of ids by the ends of each, if that is short; empty for anything else."""
    if not (isinstance(value, (list, tuple)) and value and all(map(_is_id, value))):
        return ""
    text = f"[{', '.join(_tail(item, len(item)) for item in value)}]"
    return text if len(text) <= LONGEST else ""


def _from(text: str, start: int, value: Any) -> str:
    """`text` from the part of an id, or from a little before the character, in which a difference starts."""
    if len(text) <= LONGEST:
        return text
    if _is_id(value):
        return _tail(text, start)
    begin = max(0, start - AROUND)
    cut = text[begin : begin + LONGEST - 2]
    return ("…" if begin else "") + cut + ("…" if begin + len(cut) < len(text) else "")


def _tail(text: str, start: int) -> str:
    """An id from the part that `start` is in, and the one before, which says what it names; at most LONGEST long."""
    part = text.rfind("/", 0, start)
    begin = max(0, text.rfind("/", 0, max(part, 0)))
    if len(text) - begin >= LONGEST and part > 0:
        begin = part
    cut = text[begin:]
    return ("…" if begin else "") + (cut if len(cut) < LONGEST else f"{cut[: LONGEST - 2]}…")


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("/")


def _text(value: Any) -> str:
    if value is None:
        return "(none)"
    return value if _is_id(value) else json.dumps(value, ensure_ascii=False, default=dict)
