"""What a spec uses that is paid for by time: now, as far as it is live, and after its plan is carried out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from reconciler.azure import sizes
from reconciler.cost.amounts import NONE, Range
from reconciler.model import Action, Address, Body, Decision, Desired, Observed, Plan

Counts = tuple[Decimal | int | None, Decimal | int | None]
"""Dedicated and Spot nodes; None: not known."""
STAYS = (Action.DEFER, Action.REFUSE)
"""Actions after which a resource uses what it uses now."""


@dataclass(frozen=True, slots=True)
class Use:
    """The nodes of a pool. `endless`: nothing limits their number, which may exceed the upper bounds of the ranges."""

    size: str
    region: str
    dedicated: Range = NONE
    spot: Range = NONE
    endless: bool = False


@dataclass(frozen=True, slots=True)
class Replicas:
    """How many copies of image versions are kept, over all regions."""

    count: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Something that is paid for as long as it is there, by the name of its meter in `prices`.

    count  how many times the meter runs
    what   what it is paid for, in words
    """

    meter: str
    count: int = 1
    what: str = "by the hour"


Used = Use | Replicas | Standing | None


@dataclass(frozen=True, slots=True)
class Change:
    """A resource now and after the plan; None: it does not exist."""

    address: Address
    now: Used
    after: Used


@dataclass(frozen=True, slots=True)
class Build:
    """A machine of this size that runs once, for so many seconds. `what` it is for, in words."""

    address: Address
    size: str
    region: str
    seconds: float
    what: str = "build VM"
    spot: bool = False


@dataclass(frozen=True, slots=True)
class Uses:
    changes: tuple[Change, ...] = ()
    builds: tuple[Build, ...] = ()

    @property
    def sizes(self) -> dict[str, set[str]]:
        """Region → the VM sizes whose price is asked for there."""
        regions: dict[str, set[str]] = {}
        for use in (*self.builds, *(use for change in self.changes for use in (change.now, change.after))):
            if isinstance(use, Build) or (isinstance(use, Use) and nodes(use)):
                regions.setdefault(use.region, set()).add(use.size)
        return regions

    @property
    def differ(self) -> bool:
        """Whether the plan changes anything that costs."""
        return bool(self.builds) or any(_weight(change.now) != _weight(change.after) for change in self.changes)


def nodes(use: Use) -> bool:
    """Whether the pool has or may get any node."""
    return use.endless or bool(use.dedicated.high or use.spot.high)


def _weight(use: Used) -> Used:
    """`use`, or None if it is a pool that has no nodes and gets none."""
    return None if isinstance(use, Use) and not nodes(use) else use


@dataclass(frozen=True, slots=True)
class Case:
    """A resource of a plan: its decision, what is desired and what is observed, each None if there is none.

    `region` is where nodes are. `mean` is how many of them a simulation had on average, if there was one.
    """

    address: Address
    decision: Decision | None
    desired: Desired | None
    observed: Observed | None
    region: str
    mean: Counts | None = None

    @property
    def action(self) -> Action:
        return self.decision.action if self.decision else Action.NONE

    @property
    def stays(self) -> bool:
        """Whether the plan leaves what it uses as it is."""
        if self.decision is None or self.action in STAYS:
            return True
        return self.desired is None and not self.goes

    @property
    def goes(self) -> bool:
        return self.action is Action.DELETE


@dataclass(frozen=True, slots=True)
class Costs:
    """How resources of a kind are paid for.

    uses    what a resource uses, now and after the plan is carried out
    size    the VM size of its nodes, as the spec spells it; None: it has no nodes
    builds  the machine that a decision needs once, for so many seconds; None: it needs none
    sized   whether only those cost anything that have a size
    """

    uses: Callable[[Case], Change]
    size: Callable[[Desired], str | None] = lambda desired: None
    builds: Callable[[Decision, Desired, float], Build | None] = lambda decision, desired, seconds: None
    sized: bool = False


def standing(paid: Callable[[Body], Standing]) -> Costs:
    """Of a kind each resource of which is paid for as long as it stands, as its body says."""

    def uses(case: Case) -> Change:
        if case.desired and case.desired.existing:  # others pay
            return Change(case.address, None, None)
        now = paid(case.observed.body) if case.observed else None
        after = paid(case.desired.body) if case.desired and not case.goes else None
        return Change(case.address, now, now if case.stays else after)

    return Costs(uses=uses)


class Costly(Protocol):
    """A kind as this module sees it; `costs` is None if its resources cost nothing by time, `work` if they do none."""

    @property
    def costs(self) -> Costs | None: ...

    @property
    def work(self) -> Callable[[Case], Build | None] | None: ...


def of(
    kinds: Mapping[str, Costly],
    plan: Plan,
    desired: Mapping[Address, Desired],
    observed: Iterable[Observed],
    region: str,
    means: Mapping[str, tuple[float, float]] | None = None,
) -> Uses:
    """All that costs by time, in the order of addresses; `region` is where nodes are.

    `means` are pools and the dedicated and Spot nodes that simulations of them had on average.
    """
    costs = {name: kind.costs for name, kind in kinds.items() if kind.costs}
    tried = {name: (Decimal(str(dedicated)), Decimal(str(spot))) for name, (dedicated, spot) in (means or {}).items()}
    decisions = {decision.address: decision for decision in plan.decisions}
    ours = (resource for resource in observed if _ours(plan.spec, resource, decisions.get(resource.address)))
    live = {resource.address: resource for resource in ours}
    changes = []
    for address in sorted({*desired, *live}):
        if address.kind in costs:
            parts = (decisions.get(address), desired.get(address), live.get(address))
            changes.append(costs[address.kind].uses(Case(address, *parts, region, tried.get(address.name))))
    named = [costs[address.kind].size(resource) for address, resource in desired.items() if address.kind in costs]
    spelled = {size.lower(): size for size in named if size}
    spelt = [
        replace(change, now=_spelt(change.now, spelled), after=_spelt(change.after, spelled)) for change in changes
    ]
    cases = (Case(d.address, d, desired.get(d.address), live.get(d.address), region) for d in plan.decisions)
    asks = {name: kind.work for name, kind in kinds.items() if kind.work}
    done = [asks[case.address.kind](case) for case in cases if case.address.kind in asks]
    builds = (*_builds(costs, plan, desired), *filter(None, done))
    return Uses(tuple(change for change in spelt if change.now or change.after), builds)


def _spelt(use: Used, spelled: Mapping[str, str]) -> Used:
    """`use` with its size as the spec spells it, else as Azure does: sizes of live pools are in lower case."""
    return replace(use, size=spelled.get(use.size, sizes.spelled(use.size))) if isinstance(use, Use) else use


def _ours(spec: str, observed: Observed, decision: Decision | None) -> bool:
    if observed.mark is not None and observed.mark.owner == spec:
        return True
    return decision is not None and decision.action not in (Action.REFUSE, Action.NONE)


def _builds(costs: Mapping[str, Costs], plan: Plan, desired: Mapping[Address, Desired]) -> Iterator[Build]:
    for decision in plan.decisions:
        address = decision.address
        if address.kind in costs and address in desired:
            seconds = plan.seconds.get(str(address), 0.0)
            if build := costs[address.kind].builds(decision, desired[address], seconds):
                yield build
