"""When a spec is looked at next: functions of time and what has happened. Pure; seconds by a clock that nobody sets."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reconciler.watch.result import End

JITTER = 0.1
"""By which part of an interval a round comes earlier or later, so that many watchers do not ask at once."""
SOON = 5.0
"""Seconds until a round that is to come soon."""


@dataclass(frozen=True, slots=True)
class Due:
    """A spec in the schedule: when its next round is due, and since when one is running.

    stamp    what tells the version of the spec that the last round began with
    """

    at: float
    stamp: str = ""
    running: bool = False
    begun: float = 0.0


def ready(due: Due, stamp: str, now: float) -> bool:
    """Whether a round is to begin: its time has come, or the spec has changed since the last one began."""
    return not due.running and (due.at <= now or stamp != due.stamp)


def overtaken(due: Due, stamp: str, now: float, interval: float) -> bool:
    """Whether a round that runs is to leave to Azure what that works on: the spec has changed, or the next is due."""
    return due.running and (stamp != due.stamp or now - due.begun >= interval)


def begun(due: Due, stamp: str, now: float) -> Due:
    return replace(due, stamp=stamp, running=True, begun=now)


def ended(due: Due, now: float, interval: float, part: float, *, soon: bool = False) -> Due:
    """After a round. `part`, from 0 to 1, says how much earlier or later the next one comes."""
    after = interval * (1 - JITTER + 2 * JITTER * part)
    return replace(due, at=now + (min(SOON, after) if soon else after), running=False)


def soon(end: End, before: End | None) -> bool:
    """Whether the next round is to come soon: to ask again who leads, to join what Azure works on, or to see that what
    was changed holds. Once only, as two that undo each other's changes would go on without end."""
    return end in (End.STANDBY, End.LEFT) or (end is End.CHANGED and before is not End.CHANGED)
