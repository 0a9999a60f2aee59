"""What a policy says of a plan: a rule that it breaks, where, and whether that refuses it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """What comes of a broken rule: people are told, or nothing is applied."""

    WARN = "warn"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule that a plan breaks.

    `address` is that of a resource, empty for the plan as a whole; `place` is the file in which the rule stands, and
    where. `exception` says by what the rule does not hold here: name, last day and reason; empty if it holds.
    """

    address: str
    rule: str
    level: Level
    text: str
    place: str
    exception: str = ""

    @property
    def refuses(self) -> bool:
        return self.level is Level.REFUSE and not self.exception
