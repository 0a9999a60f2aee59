"""Names and lengths of Batch Shipyard as a spec has them, the same each time. Pure."""

from __future__ import annotations

import re
from collections.abc import Container

from reconciler.azure import durations


def _cleaned(text: str, others: str, most: int) -> str:
    """`text` with a hyphen in place of each run of characters that match `others`."""
    return re.sub(rf"(?:{others})+", "-", text).strip("-")[:most].rstrip("-")


def spec(text: str) -> str:
    """A spec's name."""
    name = _cleaned(text.lower(), "[^a-z0-9]", 63)
    return name if name[:1].isalpha() else f"spec-{name}"[:63].rstrip("-")


def resource(text: str, otherwise: str) -> str:
    """The id of a pool or job."""
    return _cleaned(text, "[^A-Za-z0-9_-]", 64) or otherwise


def entry(text: str) -> str:
    """The name of an entry of `tasks`, which begins with a letter."""
    name = _cleaned(text, "[^A-Za-z0-9_-]", 30)
    return name if name[:1].isalpha() else f"task-{name}"[:30].rstrip("-_")


def account(text: str) -> str:
    """The name of a storage or Batch account."""
    name = re.sub(r"[^a-z0-9]", "", text.lower())[:24]
    return name if len(name) >= 3 else f"{name}account"


def container(text: str) -> str:
    """The name of a blob container."""
    name = re.sub(r"-+", "-", _cleaned(text.lower(), "[^a-z0-9]", 63))
    return name if len(name) >= 3 else f"{name}-container".strip("-")


def unique(name: str, taken: Container[str], most: int) -> str:
    """`name`, or with -2, -3, ... if it is `taken`, which holds names in lower case."""
    number, made = 1, name
    while made.lower() in taken:
        number += 1
        made = f"{name[: most - len(str(number)) - 1]}-{number}"
    return made


def duration(text: str) -> str:
    """`1.12:00:00` (d.HH:mm:ss) in ISO 8601; empty for another text, and for no time at all."""
    match = re.fullmatch(r"(?:(\d{1,6})\.)?(\d{1,6}):(\d{1,2}):(\d{1,2})(?:\.\d+)?", text.strip())
    if match is None:
        return ""
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    whole = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return durations.canonical(f"PT{whole}S") if whole else ""
