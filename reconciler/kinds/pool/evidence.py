"""The evidence that an image version has passed the checks of a pool: a tag of the version itself. Pure.

There it stays when the job and the pool are gone. It is a digest of the version's id and of what the checks were about,
so that on another version, or for other checks, it says nothing. Whoever may write tags can write it too: a forged one
spares a pool its checks, and nothing else, as only the job's own results let a version into `latest`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from reconciler import marks
from reconciler.digest import digest
from reconciler.kinds.pool.trial import Asked

MOST = 50
"""The most tags of a resource. Source: learn.microsoft.com, tag resources."""
_FORM = re.compile(r"([0-9a-f]{16}) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)")


def tag(pool: str) -> str:
    return f"{marks.VERIFIED}_{pool}"


def seal(asked: Asked) -> str:
    """What the evidence must name: this version, and these checks on a pool like this."""
    return digest([asked.image, asked.digest])


def passed(tags: Mapping[str, str], asked: Asked) -> str:
    """When the version passed, if its tags say so; else empty."""
    names = {name.lower(): value for name, value in tags.items()}  # Azure ignores their case
    match = _FORM.fullmatch(names.get(tag(asked.pool).lower(), ""))
    return match[2] if match and match[1] == seal(asked) else ""


def added(tags: Mapping[str, str], asked: Asked, now: datetime) -> dict[str, str]:
    """`tags` with the evidence. Where there is no room, the evidence of other pools makes it, oldest first."""
    mine = tag(asked.pool)
    kept = {name: value for name, value in tags.items() if name.lower() != mine.lower()}
    others = sorted((name for name in kept if name.startswith(marks.VERIFIED)), key=lambda name: kept[name][-20:])
    for name in others[: max(0, len(kept) + 1 - MOST)]:
        del kept[name]
    return {**kept, mine: f"{seal(asked)} {now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
