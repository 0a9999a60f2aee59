"""What a reader has seen of pools and jobs while it ran: numbers over time, and for how long there were nodes."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.course import Steps
from reconciler.render.status import Chart, Node
from reconciler.serve.loads import Seen

MOST = 2880
"""How many looks are kept of each: a day of one every 30 seconds."""

Numbers = Mapping[str, int]


@dataclass(slots=True)
class Course:
    """Numbers at each look, the last MOST of them."""

    points: deque[tuple[datetime, Numbers]] = field(default_factory=lambda: deque(maxlen=MOST))

    def note(self, now: datetime, numbers: Numbers) -> None:
        """Azure's clock may stand still from one look to the next; the later look counts."""
        if self.points and self.points[-1][0] >= now:
            self.points.pop()
        self.points.append((now, numbers))

    def chart(self) -> Chart | None:
        """The numbers over time; None before there are two looks."""
        if len(self.points) < 2:
            return None
        begin, end = self.points[0][0], self.points[-1][0]
        names = dict.fromkeys(name for _, numbers in self.points for name in numbers)
        lines: dict[str, Steps] = {
            name: [((at - begin).total_seconds(), numbers.get(name, 0)) for at, numbers in self.points]
            for name in names
        }
        return Chart(begin, max(1.0, (end - begin).total_seconds()), lines)

    def rate(self, name: str, seconds: float) -> float:
        """By how many a second a number has grown lately; 0 if that is not known."""
        if not self.points:
            return 0.0
        end, last = self.points[-1]
        lately = [(at, numbers) for at, numbers in self.points if (end - at).total_seconds() <= seconds]
        begin, first = lately[0]
        passed = (end - begin).total_seconds()
        return max(0.0, (last.get(name, 0) - first.get(name, 0)) / passed) if passed else 0.0


@dataclass(slots=True)
class Hours:
    """For how long a pool had nodes, dedicated and Spot: those that are there, and those that went while we looked."""

    there: dict[tuple[str, datetime], tuple[bool, datetime]] = field(default_factory=dict)
    gone: list[float] = field(default_factory=lambda: [0.0, 0.0])
    since: datetime | None = None

    def note(self, now: datetime, nodes: Sequence[Node]) -> None:
        """`nodes` are all that there are now; each that is not among them any more has gone by now."""
        seen = {(node.id, node.allocated): (node.spot, now) for node in nodes if node.allocated}
        for key, (spot, last) in list(self.there.items()):
            if key not in seen:
                self.gone[spot] += _hours(key[1], last)
                del self.there[key]
        self.there.update(seen)
        self.since = min([self.since or now, *(begun for _, begun in self.there)])

    def total(self) -> tuple[float, float]:
        """Hours of dedicated and of Spot nodes."""
        total = list(self.gone)
        for (_, begun), (spot, last) in self.there.items():
            total[spot] += _hours(begun, last)
        return total[0], total[1]


def _hours(begun: datetime, ended: datetime) -> float:
    return max(0.0, (ended - begun).total_seconds() / 3600)


@dataclass(slots=True)
class History:
    """All of that of one spec, by names of pools and jobs in it."""

    pools: dict[str, Course] = field(default_factory=dict)
    jobs: dict[str, Course] = field(default_factory=dict)
    hours: dict[str, Hours] = field(default_factory=dict)
    loads: dict[str, dict[str, Seen]] = field(default_factory=dict)
