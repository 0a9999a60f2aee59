"""Inputs that are to be converted again because a command says so. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from reconciler.errors import WrongUsage
from reconciler.model import Desired
from reconciler.words import some


@dataclass(frozen=True, slots=True)
class Again:
    """`patterns` choose inputs by their names; `since` is when the command began, None if none is converted again.

    `alone`: the job does nothing else that patterns may mean.
    """

    patterns: tuple[str, ...] = ()
    since: datetime | None = None
    alone: bool = True

    def due(self, name: str) -> bool:
        """Whether an input is meant."""
        return any(fnmatchcase(name, pattern) for pattern in self.patterns)

    def check(self, job: str, names: Collection[str]) -> None:
        """WrongUsage for a pattern that chooses none of the inputs of a job."""
        for pattern in self.patterns if self.alone else ():
            if pattern != "*" and not any(fnmatchcase(name, pattern) for name in names):
                known = f"; it has {some(sorted(names))}" if names else ""
                raise WrongUsage(f"--rerun: the job {job} has no input {pattern}{known}")

    def before(self, blob: Any) -> bool:
        """Whether what became of an input was written before the command began; what came after is not done again."""
        return self.since is not None and blob.last_modified < self.since


def of(desired: Desired) -> Again:
    again = desired.data["again"]
    assert isinstance(again, Again)
    return again
