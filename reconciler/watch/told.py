"""What a watch says: one line for each event, for people or as JSON; secrets and control characters stay out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from reconciler.render import plain


class What(StrEnum):
    """What has happened: the set is closed, and docs/watch.md has a row for each."""

    WATCH_STARTED = "WatchStarted"
    SOURCE_CHANGED = "SourceChanged"
    SOURCE_UNREACHABLE = "SourceUnreachable"
    SPEC_INVALID = "SpecInvalid"
    SPEC_GONE = "SpecGone"
    LEADING = "Leading"
    STANDBY = "Standby"
    LEADERSHIP_LOST = "LeadershipLost"
    HELD = "Held"
    RELEASED = "Released"
    LOCKED = "Locked"
    STEP_STARTED = "StepStarted"
    STEP_FINISHED = "StepFinished"
    NOTICE = "Notice"
    WARNED = "Warned"
    ROUND_FAILED = "RoundFailed"
    ROUND_ENDED = "RoundEnded"
    WATCH_STOPPING = "WatchStopping"
    WATCH_STOPPED = "WatchStopped"


BAD = frozenset({What.SOURCE_UNREACHABLE, What.SPEC_INVALID, What.LEADERSHIP_LOST, What.ROUND_FAILED})
"""What is an error by itself."""


@dataclass(frozen=True, slots=True)
class Said:
    """One event: `text` is for people, `more` for programs, beside the spec that it is about."""

    what: What
    text: str
    spec: str = ""
    bad: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)


Say = Callable[[Said], None]


def line(said: Said, shape: str, now: datetime) -> str:
    """One line, in the format `text` or `json`."""
    level = "error" if said.bad or said.what in BAD else "info"
    at = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if shape == "json":
        body = {"time": at, "level": level, "event": str(said.what), "spec": said.spec, "text": said.text, **said.more}
        return plain.document({key: value for key, value in body.items() if value != ""})
    text = "; ".join(part.strip() for part in said.text.splitlines() if part.strip())
    spec = f"{said.spec}: " if said.spec else ""
    return plain.clean(f"{at[11:19]} {'! ' if level == 'error' else ''}{spec}{text}")
