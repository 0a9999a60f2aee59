"""What ran in a span of time and what that cost: node hours of pools, shared out among jobs. Pure.

Batch tells for how long there were nodes, whoever used them. Of these hours those count for jobs in which a node ran a
task that is known, split by how long the tasks of each ran; the rest is idle, boots, or is work of others or of earlier
runs of tasks, of which Batch knows the last run only. So the share of a job is its least, and the rest its most.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from reconciler.cost.amounts import Range
from reconciler.cost.prices import Price, Prices


class Used(NamedTuple):
    """A pool had nodes of a size for so many core hours."""

    pool: str
    size: str
    core_hours: float


class Span(NamedTuple):
    """A node ran a task of a job."""

    job: str
    node: str
    begun: datetime
    ended: datetime


@dataclass(frozen=True, slots=True)
class Share:
    """Node hours, and what they cost; None: the price or the number of cores is unknown."""

    hours: float | None
    amount: Range | None


@dataclass(frozen=True, slots=True)
class PoolRan:
    """A pool, its jobs in the order of their cost, and what no task of theirs is known to have used."""

    pool: str
    size: str
    whole: Share
    jobs: tuple[tuple[str, Share], ...]
    rest: Share


@dataclass(frozen=True, slots=True)
class Ran:
    """What ran between two moments."""

    since: datetime
    until: datetime
    currency: str
    pools: tuple[PoolRan, ...]
    notes: tuple[str, ...] = ()

    @property
    def amount(self) -> Range:
        """What all of it cost, as far as it is known."""
        return sum((pool.whole.amount for pool in self.pools if pool.whole.amount), start=Range())


def clipped(spans: Iterable[Span], since: datetime, until: datetime) -> list[Span]:
    """The parts of spans that are between two moments."""
    cut = (span._replace(begun=max(span.begun, since), ended=min(span.ended, until)) for span in spans)
    return [span for span in cut if span.begun < span.ended]


def busy(spans: Sequence[Span]) -> float:
    """For how many hours nodes ran any of these tasks; several at once on a node count once."""
    nodes: defaultdict[str, list[Span]] = defaultdict(list)
    for span in spans:
        nodes[span.node].append(span)
    seconds = 0.0
    for each in nodes.values():
        each.sort(key=lambda span: span.begun)
        reached = each[0].begun
        for span in each:
            seconds += max(0.0, (span.ended - max(span.begun, reached)).total_seconds())
            reached = max(reached, span.ended)
    return seconds / 3600


def shared(hours: float, spans: Sequence[Span]) -> tuple[dict[str, float], float]:
    """Job → node hours, and what is left of `hours`. The tasks of a node that run at once share it."""
    tasks: defaultdict[str, float] = defaultdict(float)
    for span in spans:
        tasks[span.job] += (span.ended - span.begun).total_seconds()
    used, total = min(hours, busy(spans)), sum(tasks.values())
    return {job: used * seconds / total for job, seconds in tasks.items()}, max(0.0, hours - used)


def of(
    used: Iterable[Used],
    spans: Mapping[str, Sequence[Span]],
    cores: Mapping[str, int],
    sides: Mapping[str, tuple[bool, bool]],
    region: str,
    prices: Prices,
) -> tuple[PoolRan, ...]:
    """What each pool cost, the dearest first. `spans` are those of the jobs on each pool; `cores` those of a size, in
    lower case; `sides` whether a pool has dedicated and Spot nodes, where the spec says so: Batch does not tell."""
    pools: defaultdict[tuple[str, str], float] = defaultdict(float)
    for each in used:
        pools[each.pool, each.size] += each.core_hours
    rows = []
    for (pool, size), core_hours in pools.items():
        number = cores.get(size.lower())
        rate = _rate(prices.of(region, size), sides.get(pool, (True, True)))
        if not number:
            rows.append(PoolRan(pool, size, Share(None, None), (), Share(None, None)))
            continue
        whole = core_hours / number
        jobs, rest = shared(whole, spans.get(pool, ()))
        named = sorted(jobs.items(), key=lambda pair: (-pair[1], pair[0]))
        parts = tuple((job, _share(hours, rate)) for job, hours in named)
        rows.append(PoolRan(pool, size, _share(whole, rate), parts, _share(rest, rate)))
    return tuple(sorted(rows, key=lambda row: (-(row.whole.amount or Range()).high, row.pool)))


def _rate(price: Price, sides: tuple[bool, bool]) -> Range | None:
    """What a node costs an hour: between the two prices where it may be one or the other."""
    asked = [rate for rate, side in zip((price.hour, price.spot_hour), sides, strict=True) if side]
    known = [rate for rate in asked if rate is not None]
    if not known or len(known) < len(asked):
        return None
    return Range(min(known), sum(known, start=Decimal(0)) / len(known), max(known))


def _share(hours: float, rate: Range | None) -> Share:
    return Share(hours, rate.times(Decimal(str(hours))) if rate else None)
