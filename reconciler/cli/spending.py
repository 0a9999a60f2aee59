"""What ran of a spec since a moment, and what that cost: read from Batch and from what is kept of jobs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.azure import sizes
from reconciler.cli import history, pricing

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.cost import Prices
    from reconciler.cost.ran import Ran, Span
    from reconciler.cost.suggesting import Facts, Measured, Suggestion
    from reconciler.course import Course, Run
    from reconciler.spec import Spec
    from reconciler.spec.pools import Pool


@dataclass(frozen=True, slots=True)
class Spent:
    """What ran, and when on which nodes, with the cores of all sizes, by which it was counted, and the prices.

    `unread` is what could not be read.
    """

    ran: Ran
    spans: Mapping[str, list[Span]]
    cores: Mapping[str, int]
    prices: Prices
    unread: list[str]


def spent(spec: Spec, cloud: Cloud, seconds: float, prices: Path | None) -> Spent:
    """What ran in the last so many seconds, as far as Batch tells by now."""
    from reconciler import marks
    from reconciler.cloud import batch_usage
    from reconciler.cloud.errors import reading
    from reconciler.cost import ran as costs
    from reconciler.cost import suggesting

    with reading("the usage of the pools"):
        cloud.batch()  # it tells Azure's time
        now = cloud.time
        since, until = batch_usage.span(now, seconds)
        used = [one._replace(pool=marks.first_generation(one.pool)) for one in batch_usage.listing(cloud, since, until)]
        cores = batch_usage.cores(cloud, spec.azure.location)
    spans, unread = _spans(spec, cloud, now)
    cut = {pool: costs.clipped(each, since, until) for pool, each in spans.items()}
    there = {one.size for one in used}
    halves = {suggesting.halved(size, cores) for size in there} - {""}
    known = pricing.listed(spec, {spec.azure.location: there | halves}, prices)
    pools = costs.of(used, cut, cores, _sides(spec), spec.azure.location, known)
    return Spent(costs.Ran(since, until, known.currency, pools, known.notes), cut, cores, known, unread)


def suggestions(spec: Spec, cloud: Cloud, spent: Spent) -> list[Suggestion]:
    """What would make the pools of the spec cheaper, by what ran and what its nodes measured."""
    from reconciler.cost import suggesting

    return suggesting.suggestions(_facts(spec, cloud, spent))


def _facts(spec: Spec, cloud: Cloud, spent: Spent) -> Iterator[Facts]:
    from reconciler.cost.charges import HOURS
    from reconciler.cost.suggesting import Facts, halved

    monthly = float(HOURS) / ((spent.ran.until - spent.ran.since).total_seconds() / 3600)
    sides, region = _sides(spec), spec.azure.location
    for row in spent.ran.pools:
        pool = spec.pools.get(row.pool)
        if pool is None or row.whole.hours is None:
            continue
        dedicated, spot = sides.get(row.pool, (True, True))
        half = halved(row.size, spent.cores)
        disk = (pool.get("osDisk") or {}).get("ephemeralOSDiskSettings")
        yield Facts(
            row.pool,
            row.size,
            spent.cores[row.size.lower()],
            row.whole.hours * monthly,
            None if row.rest.hours is None else row.rest.hours * monthly,
            dedicated=dedicated,
            spot=spot,
            slots=pool["taskSlotsPerNode"],
            rests="idle" in pool or "autoscale" in pool["nodes"],
            price=spent.prices.of(region, row.size),
            smaller=(sizes.spelled(half), spent.prices.of(region, half)),
            disk_month=None if disk else spent.prices.disk_month,
            measured=_measured(cloud, row.pool, pool, spent),
        )


def _measured(cloud: Cloud, name: str, pool: Pool, spent: Spent) -> Measured | None:
    """How busy nodes were while tasks ran on them; None without telemetry, or if it tells nothing of that time."""
    from reconciler.cloud import kept
    from reconciler.cloud.errors import reading
    from reconciler.cost.suggesting import Measured
    from reconciler.nodelogs import places, telemetry

    if "telemetry" not in pool:
        return None
    place, ran = pool["telemetry"]["to"], spent.ran
    with reading(f"the telemetry in {place}"):
        live = kept.generation(cloud, place, places.pools(str(cloud.account)), name) or name
        nodes, _ = kept.samples(cloud, place, live, ran.since, ran.until)
    runs = (
        telemetry.Run("", span.node, span.begun.timestamp(), span.ended.timestamp())
        for span in spent.spans.get(name, ())
    )
    found = telemetry.by_job(nodes, runs).get("")
    return Measured(found.cpu_mean, found.cpu_p95, found.memory_share) if found else None


def _sides(spec: Spec) -> dict[str, tuple[bool, bool]]:
    """Pool → whether it has dedicated and Spot nodes, where their numbers are fixed."""
    fixed = {name: pool["nodes"] for name, pool in spec.pools.items() if "autoscale" not in pool["nodes"]}
    return {name: (bool(nodes["dedicated"]), bool(nodes["spot"])) for name, nodes in fixed.items()}


def _spans(spec: Spec, cloud: Cloud, now: datetime) -> tuple[dict[str, list[Span]], list[str]]:
    """Pool → when its nodes ran tasks of jobs of the spec, live ones and those that were kept."""
    spans: defaultdict[str, list[Span]] = defaultdict(list)
    unread: list[str] = []
    for name, job in spec.jobs.items():
        runs, why = history.runs_of(spec, cloud, name)
        unread += why
        spans[job["pool"].partition("/")[2]] += _of(name, runs, now)
    return spans, unread


def _of(job: str, runs: Iterable[Run], now: datetime) -> Iterator[Span]:
    from reconciler.cost.ran import Span

    courses: Iterator[Course | None] = (run.course() for run in runs)
    for course in filter(None, courses):
        for task in course.tasks:
            if task.begun and task.node:
                yield Span(job, task.node, task.begun, task.ended or now)
