"""When a spec is looked at next: functions of time and what has happened. Pure; seconds by a clock that nobody sets."""

from __future__ import annotations

from dataclasses import dataclass, replace

JITTER = 0.1
"""By which part of an interval a round comes earlier or later, so that many watchers do not ask at once."""
STANDBY = 5.0
"""Seconds between two looks of a standby at who leads, at most."""


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


def ended(due: Due, now: float, interval: float, part: float, *, leads: bool = True) -> Due:
    """After a round. `part`, from 0 to 1, says how much earlier or later the next one comes."""
    after = interval * (1 - JITTER + 2 * JITTER * part)
    return replace(due, at=now + (after if leads else min(STANDBY, after)), running=False)
