"""What has become of one round of one spec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model import Address, Outcome, Plan
from reconciler.watch.judging import Held


class End(StrEnum):
    """How a round has ended: the set is closed, and a label of a metric."""

    UNCHANGED = "unchanged"
    """There was nothing to do, or nothing that is done without anybody there."""
    CHANGED = "changed"
    FAILED = "failed"
    """A step has failed, or the round could not be made."""
    LEFT = "left"
    """Azure works on some of it, and the next round joins that."""
    LOCKED = "locked"
    """Another run holds the lock of the spec."""
    INVALID = "invalid"
    STANDBY = "standby"


@dataclass(frozen=True, slots=True)
class Result:
    """`spec` is what the watcher calls it. `plan` is that of the last look, whole; of a round without one, None.
    `why` says what kept a round from being made, or from changing anything: another leader, a lock, what is wrong.

    `counts` has the number of resources in each state, `requests` those to Azure, each try for itself.
    """

    spec: str
    end: End
    seconds: float = 0.0
    plan: Plan | None = None
    held: tuple[Held, ...] = ()
    drifted: tuple[Address, ...] = ()
    failing: tuple[Address, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    outcomes: tuple[Outcome, ...] = ()
    requests: int = 0
    why: str = ""

    @property
    def leads(self) -> bool:
        return self.end is not End.STANDBY
