"""What preflight judges: the pools of a plan before and after it, what Azure says of them, and what it finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from reconciler.cloud.capacity import Size
from reconciler.kind import Kinds
from reconciler.kind.needs import HasNodes, Nodes, Room
from reconciler.model import Action, Address, Body, Decision, Desired, Observed, Plan

CHANGING = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DEFER)


class Severity(StrEnum):
    """REFUSE: Azure would not do it. WARN: it would, but not for long or not at once."""

    REFUSE = "refuse"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that stands against a resource, or against all if there is no address.

    limit, use and need are numbers of one quota, where it is about one; `sizes` would fit instead, nearest first.
    """

    severity: Severity
    check: str
    address: Address | None
    what: str
    remedy: str = ""
    limit: int | None = None
    use: int | None = None
    need: int | None = None
    sizes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return f"{self.what}; {self.remedy}" if self.remedy else self.what


@dataclass(frozen=True, slots=True)
class Change:
    """A pool that the plan makes or changes; `surge` is the pool that exists besides it until it has taken over.

    later: the change waits, and takes nothing of quotas and subnets before it is made.
    """

    address: Address
    before: Nodes | None
    after: Nodes
    surge: Nodes | None = None
    later: bool = False


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet as its virtual network shows it. `used` are its IP configurations, nodes of pools included.

    delegated: the services that it is delegated to.
    """

    location: str
    prefixes: tuple[str, ...]
    used: int = 0
    delegated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Image:
    """A marketplace image that Batch supports, with which node agent, and until when."""

    urn: str
    agent: str
    ends: datetime | None = None
    containers: bool = False
    """Whether Batch knows that it runs containers."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What Azure says; None: not asked. `live` are all pools of the account, `leaving` those that the plan deletes.

    galleries: image id → regions that it is in. names: address of a new account → why its name cannot be had, if so.
    subnets: subnet id → the subnet, None where there is none. state: that of the subscription. permissions: what the
    roles of the signed-in principal allow in the resource group. needed: action → what of the plan needs it.
    skipped: check → why it was not made.
    """

    now: datetime
    location: str
    account: Body | None = None
    live: Mapping[Address, Nodes] = field(default_factory=dict)
    leaving: frozenset[Address] = frozenset()
    sizes: tuple[Size, ...] | None = None
    images: tuple[Image, ...] | None = None
    galleries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: Mapping[Address, str] = field(default_factory=dict)
    subnets: Mapping[str, Subnet | None] = field(default_factory=dict)
    subscription: str = ""
    group: str = ""
    state: str = ""
    permissions: tuple[Body, ...] | None = None
    needed: Mapping[str, tuple[Address, ...]] = field(default_factory=dict)
    jobs: tuple[int, int] = (0, 0)
    """Active jobs and schedules: how many there are, how many the plan adds."""
    spent: tuple[str, ...] = ()
    """Active jobs that have nothing left to do, if there is no room for those that the plan adds."""
    fresh: Address | None = None
    """The Batch account, if the plan makes it: nobody can tell its quotas yet."""
    rooms: Mapping[str, Room] = field(default_factory=dict)
    """What people call several of a kind → how many the subscription may have in the region, and how many it has."""
    making: Mapping[str, tuple[Address, ...]] = field(default_factory=dict)
    """The same → those that the plan makes."""
    regions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """ARM type of what the plan makes → the regions that offer it to the subscription, if Azure tells."""
    typed: Mapping[str, tuple[Address, ...]] = field(default_factory=dict)
    """ARM type → what the plan makes of it."""
    skipped: Mapping[str, str] = field(default_factory=dict)
    unregistered: frozenset[str] = frozenset()
    """Resource providers that a check needed, but that the subscription is not registered for."""

    @property
    def crowded(self) -> bool:
        """Whether the account has no room for the active jobs that the plan adds."""
        limit, (use, need) = (self.account or {}).get("activeJobAndJobScheduleQuota"), self.jobs
        return limit is not None and need > 0 and use + need > limit


def changes(
    kinds: Kinds, plan: Plan, desired: Mapping[Address, Desired], live: Mapping[Address, Nodes]
) -> tuple[Change, ...]:
    """The resources with nodes that `plan` makes or changes. `live` are all nodes that are there, by whose they are."""
    made = (decision for decision in plan.decisions if decision.action in CHANGING and decision.address in desired)
    return tuple(
        _change(nodes, wanted, decision, desired[decision.address], live.get(decision.address))
        for decision in made
        if (nodes := kinds[decision.address.kind].needs.nodes) and not desired[decision.address].open
        if nodes.brings(decision.action) and (wanted := nodes.wanted(desired[decision.address]))
    )


def _change(nodes: HasNodes, wanted: Nodes, decision: Decision, desired: Desired, live: Nodes | None) -> Change:
    surge = live if nodes.twice(decision, desired, live) else None
    return Change(decision.address, live, wanted, surge, decision.action is Action.DEFER)


def held_nodes(kinds: Kinds, observed: Iterable[Observed]) -> dict[Address, Nodes]:
    """The nodes that go with a resource and are those of another one."""
    return {
        resource.address: held
        for resource in observed
        if (nodes := kinds[resource.address.kind].needs.nodes) and (held := nodes.held(resource))
    }


def live_nodes(kinds: Kinds, observed: Iterable[Observed]) -> dict[Address, Nodes]:
    """The nodes of every resource that has any."""
    return {
        resource.address: live
        for resource in observed
        if (nodes := kinds[resource.address.kind].needs.nodes) and (live := nodes.live(resource))
    }
