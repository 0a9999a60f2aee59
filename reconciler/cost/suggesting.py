"""What would make a pool cheaper: each with what it saves in a month and its risk in a sentence. Pure.

Savings are of what the pool had in a span of time, as if all months were like that; they do not add up, as one takes
away what another would save. What nobody has measured or priced gives no suggestion.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from reconciler.cost.charges import HOURS
from reconciler.cost.prices import UNKNOWN, Price

IDLE = 0.2
"""The part of its hours from which on that a pool is idle is worth a word."""
HALF = 0.45
"""What may be in use at most of a size twice as large as it needs to be."""
ALONE = 1.2
"""How many cores a task uses at most that runs on one, with what else is on the node."""
FULL = 0.8
"""How much of a node's memory several tasks together may use."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What the nodes of a pool used while they ran tasks, each between 0 and 1.

    cpu_peak     below which their CPU was for 95 % of the time
    """

    cpu_mean: float
    cpu_peak: float
    memory_peak: float


@dataclass(frozen=True, slots=True)
class Facts:
    """A pool of a spec, and the hours that its nodes have in a month, by what they had.

    idle_hours   of these, how many no task is known to have used; None: unknown
    dedicated    whether its nodes are dedicated; spot too: it has both, and which cost how much is unknown
    rests        whether it has fewer nodes while idle: by `idle`, or by a formula
    smaller      the size of half as many cores, and its price
    disk_month   what the OS disk of a node costs, if it has one and that is known
    """

    pool: str
    size: str
    cores: int
    hours: float
    idle_hours: float | None
    dedicated: bool
    spot: bool
    slots: int
    rests: bool
    price: Price
    smaller: tuple[str, Price] = ("", UNKNOWN)
    disk_month: Decimal | None = None
    measured: Measured | None = None

    @property
    def rate(self) -> Decimal | None:
        """What a node costs an hour, at least where it may be either."""
        return self.price.spot_hour if self.spot else self.price.hour


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What to write for a pool, what it saves in a month at most, and what may go wrong."""

    pool: str
    what: str
    saving: Decimal
    risk: str


def suggestions(pools: Iterable[Facts]) -> list[Suggestion]:
    """All that are worth it, the largest saving first."""
    found = [one for pool in pools for rule in RULES for one in rule(pool) if one.saving >= 1]
    return sorted(found, key=lambda one: (-one.saving, one.pool, one.what))


def halved(size: str, cores: Mapping[str, int]) -> str:
    """The size of the same name with half as many cores; empty if there is none. `cores` are by size in lower case."""
    name = re.sub(r"\d+", lambda match: str(int(match[0]) // 2), size, count=1)
    return name if cores.get(name.lower(), 0) * 2 == cores.get(size.lower()) else ""


def _hours(hours: float) -> Decimal:
    return Decimal(str(hours))


def _spot(pool: Facts) -> Iterator[Suggestion]:
    hour, spot = pool.price.hour, pool.price.spot_hour
    if pool.dedicated and not pool.spot and hour is not None and spot is not None:
        risk = "Azure may take a node away at any time, and its tasks begin anew; at times there are none to have"
        yield Suggestion(pool.pool, "nodes: {spot: N} in place of dedicated", _hours(pool.hours) * (hour - spot), risk)


def _idle(pool: Facts) -> Iterator[Suggestion]:
    idle = pool.idle_hours or 0.0
    if not pool.rests and pool.rate is not None and idle > IDLE * pool.hours:
        risk = "work that comes waits some minutes for nodes, and somebody must look: watch, or the next apply"
        yield Suggestion(pool.pool, "idle: {after: PT1H}", _hours(idle) * pool.rate, risk)


def _smaller(pool: Facts) -> Iterator[Suggestion]:
    used, (name, price) = pool.measured, pool.smaller
    less = price.spot_hour if pool.spot else price.hour
    if used and less is not None and pool.rate is not None and max(used.cpu_peak, used.memory_peak) <= HALF:
        risk = "a peak that was not measured may not fit in memory, and tasks may take longer"
        yield Suggestion(pool.pool, f"vmSize: {name}", _hours(pool.hours) * (pool.rate - less), risk)


def _slots(pool: Facts) -> Iterator[Suggestion]:
    used = pool.measured
    if not used or pool.slots > 1 or pool.cores < 2 or pool.rate is None or used.cpu_mean * pool.cores > ALONE:
        return
    slots = min(pool.cores, int(FULL / max(used.memory_peak, 0.01)))
    if slots > 1:
        saving = _hours(pool.hours) * pool.rate * (1 - Decimal(1) / slots)
        risk = "tasks of a node share its memory and disk: one that takes too much ends others"
        yield Suggestion(pool.pool, f"taskSlotsPerNode: {slots}, with fewer nodes", saving, risk)


def _disk(pool: Facts) -> Iterator[Suggestion]:
    if pool.disk_month is not None:
        saving = _hours(pool.hours) / HOURS * pool.disk_month
        risk = "the image must fit on the size's cache or temporary disk, and what is on a disk goes with its node"
        yield Suggestion(pool.pool, "osDisk: {ephemeralOSDiskSettings: {placement: CacheDisk}}", saving, risk)


RULES = (_spot, _idle, _smaller, _slots, _disk)
