"""One look at all of a spec: its plan, jobs, pools and cost, in a bounded number of requests that only read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import TypeVar

from reconciler import cost as costs
from reconciler.cloud.cloud import Cloud
from reconciler.cost import HOURS, Price, Prices, Use, Uses
from reconciler.diagnosis import around, diagnose
from reconciler.diagnosis import reading as facts
from reconciler.diagnosis.facts import Facts
from reconciler.engine import loop
from reconciler.engine.loop import Reading
from reconciler.errors import ReconcileError
from reconciler.kind.unread import attempted
from reconciler.kinds import KINDS, SECTIONS
from reconciler.render.status import STANDINGS, Job, Past, Pool, Resource, Spent, Status
from reconciler.render.why import Diagnosis
from reconciler.serve import jobs, pools, runs
from reconciler.serve.around import Heard
from reconciler.serve.history import History
from reconciler.spec import Spec
from reconciler.words import count

EXPLAINED = 3
"""How many jobs and pools in trouble are explained in one look, each in a dozen requests at most."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a spec comes from, and what is needed to look at it.

    load     reads and checks the spec anew
    reach    its cloud
    watcher  gives the jobs that are looked at again and again
    rates    what a reading uses that costs, and prices of it
    """

    load: Callable[[], Spec]
    reach: Callable[[Spec], Cloud]
    watcher: jobs.Watcher
    rates: Callable[[Reading], tuple[Uses, Prices]]


@dataclass(slots=True)
class Looker:
    """Looks at a spec again and again: it remembers the sign-in, what it saw last, what Azure said of itself, and
    numbers over time."""

    source: Source
    history: History = field(default_factory=History)
    heard: Heard = field(default_factory=Heard)
    status: Status | None = None
    cloud: Cloud | None = None

    def look(self) -> Status:
        """The spec as it is now. Raises ReconcileError if nothing can be read; what was seen last stays as it is."""
        spec = self.source.load()
        cloud = self._reached(spec)
        return self.seen(spec, cloud, loop.read(spec, cloud, KINDS))

    def seen(self, spec: Spec, cloud: Cloud, read: Reading) -> Status:
        """The rest of a look, where somebody has planned already."""
        last = self.status
        found = _jobs(read)
        said = around.all_of(spec, cloud, KINDS, SECTIONS, read.desired.values(), self.heard.lately(cloud))
        past, unseen = attempted("the last runs", lambda: (runs.last(spec, cloud), ""), partial(_as_before, last))
        status = Status(
            spec.name,
            f"{spec.azure.resource_group} of subscription {spec.azure.subscription} ({spec.azure.cloud})",
            datetime.now(UTC),
            cloud.time,
            read.plan,
            tuple(_resources(read)),
            past,
            jobs.look(cloud, found, _named(last.jobs if last else ()), self.history, self.source.watcher),
            _pools(spec, cloud, last, self.history),
            left_out=(*_left_out(len(found), len(cloud.pools)), *filter(None, [unseen])),
            advisories=said.advisories,
            unasked=tuple(f"{what} could not be read lately: {why}" for what, why in said.unread.items()),
        )
        self.status = _explained(spec, cloud, self._priced(read, status))
        return self.status

    def _priced(self, read: Reading, status: Status) -> Status:
        """The status with what the spec costs, and what its nodes have cost as far as that is known."""
        try:
            uses, prices = self.source.rates(read)
        except ReconcileError as error:
            return replace(status, unpriced=str(error))
        return replace(status, cost=costs.price(uses, prices), spent=tuple(_spent(uses, prices, self.history)))

    def _reached(self, spec: Spec) -> Cloud:
        """The cloud, without what was known of its resources; sign-in and connections are those of the last look."""
        cloud = self.source.reach(spec)
        if self.cloud is not None:
            cloud.credential, cloud.transport = self.cloud.credential, self.cloud.transport
        self.cloud = cloud
        return cloud


def _as_before(last: Status | None, why: str) -> tuple[tuple[Past, ...], str]:
    """The runs that were seen last, and why no later ones were."""
    return last.runs if last else (), f"the last runs are not known: {why}"


def _resources(read: Reading) -> Iterator[Resource]:
    """What the plan decides about, with how it is; the gravest first."""
    live = {resource.address: resource for resource in read.observed}
    found = [Resource(decision, live.get(decision.address)) for decision in read.plan.decisions]
    yield from sorted(found, key=lambda one: (STANDINGS.index(one.standing), one.address))


def _jobs(read: Reading) -> tuple[str, ...]:
    """The names of the jobs that do the work of the spec, each once."""
    named = [(KINDS[want.address.kind].job_of, want) for want in read.desired.values() if not want.pending]
    return tuple(dict.fromkeys(job_of(want) for job_of, want in named if job_of))


def _pools(spec: Spec, cloud: Cloud, last: Status | None, history: History) -> tuple[Pool, ...]:
    """The pools of the spec; where they cannot be listed, as they were last, with the reason."""
    before = _named(last.pools if last else ())
    names = dict(cloud.pools)
    telemetry = {name: pool["telemetry"]["to"] for name, pool in spec.pools.items() if "telemetry" in pool}
    look = partial(pools.look, cloud, names, before, history, telemetry)
    return attempted(
        "the pools", look, lambda why: tuple(replace(before.get(name) or Pool(name), unread=why) for name in names)
    )


Named = TypeVar("Named", Job, Pool)


def _named(found: Sequence[Named]) -> dict[str, Named]:
    return {one.name: one for one in found}


def _left_out(number: int, pools_: int) -> Iterator[str]:
    if number > jobs.MOST:
        yield f"of {count(number, 'job')} the first {jobs.MOST} are shown"
    if pools_ > pools.MOST:
        yield f"of {count(pools_, 'pool')} the first {pools.MOST} are shown"


def _explained(spec: Spec, cloud: Cloud, status: Status) -> Status:
    """The status with the causes of trouble: of pools that are not well first, then of jobs."""
    ill = {resource.address.name for resource in status.resources if resource.standing == "failed"}
    asked: list[Callable[[], Facts]] = [
        partial(facts.of_pool, cloud, pool.name) for pool in status.pools if pool.name in ill or pool.errors
    ]
    asked += [partial(facts.of_job, cloud, job.name, spec.storage) for job in status.jobs if _troubled(job)]
    told = [attempted("why", partial(_diagnosed, ask), lambda why: None) for ask in asked[:EXPLAINED]]
    return replace(status, why=tuple(filter(None, told)))


def _diagnosed(ask: Callable[[], Facts]) -> Diagnosis | None:
    found = diagnose.diagnose(ask())
    return found if found.causes else None


def _troubled(job: Job) -> bool:
    """Whether tasks of a job have failed, or wait while none runs."""
    return bool(job.states.get("failed") or (job.states.get("waiting") and not job.states.get("running")))


def _spent(uses: Uses, prices: Prices, history: History) -> Iterator[Spent]:
    """What the nodes of pools have cost so far, at the prices of today."""
    sizes = {change.address.name: change.now or change.after for change in uses.changes}
    for name, hours in history.hours.items():
        use = sizes.get(name)
        if hours.since is None or not isinstance(use, Use):
            continue
        dedicated, spot = hours.total()
        rate = prices.of(use.region, use.size)
        yield Spent(name, hours.since, dedicated, spot, _amount(dedicated, spot, rate, prices.disk_month))


def _amount(dedicated: float, spot: float, rate: Price, disk: Decimal | None) -> Decimal | None:
    """None if a price is unknown that is needed."""
    if (dedicated and rate.hour is None) or (spot and rate.spot_hour is None):
        return None
    disks = (disk or Decimal(0)) / HOURS
    hours = ((dedicated, rate.hour), (spot, rate.spot_hour))
    return sum((Decimal(str(number)) * ((price or Decimal(0)) + disks) for number, price in hours), Decimal(0))
