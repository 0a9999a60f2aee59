"""What Azure says of itself, for looks that come again and again: it is asked every five minutes at most."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.cloud.cloud import Cloud
from reconciler.diagnosis import around
from reconciler.diagnosis.around import Answers

EVERY = timedelta(minutes=5)
"""By Azure's clock. What Azure says of itself is minutes old anyway."""


@dataclass(slots=True)
class Heard:
    """The answers as of the last time that Azure was asked; of what it did not give then, those from before."""

    answers: Answers = field(default_factory=Answers)
    at: datetime | None = None

    def lately(self, cloud: Cloud) -> Answers:
        """The answers, at most EVERY old as far as Azure gave them."""
        now = cloud.time
        if self.at is None or not timedelta(0) <= now - self.at < EVERY:
            new = around.ask(cloud)
            self.at, self.answers = now, Answers({**self.answers.read, **new.read}, new.unread)
        return self.answers
