"""What a look at a step's resource comes to: wait and look again, or the end of the step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.errors import LockLost
from reconciler.model import Progress, Status


@dataclass(frozen=True, slots=True)
class Waiting:
    """Look again after `seconds`."""

    seconds: float
    detail: str
    progress: Progress | None = None
    logs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ended:
    """The step is over."""

    status: Status
    error: str | None = None
    detail: str = ""
    logs: Mapping[str, str] = field(default_factory=dict)
    going_on: bool = False
    """Only our patience is over; Azure still works on it."""
    lacks: str = ""
    """Why what follows its work may not begin."""


Look = Waiting | Ended


def failed(error: Exception, text: str = "") -> Ended:
    """The end of a step by an error that no other look can mend, told as `text`: one whose lock is lost is stopped."""
    return Ended(Status.STOPPED if isinstance(error, LockLost) else Status.FAILED, text or str(error))
