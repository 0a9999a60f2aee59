"""What preflight judges: the pools of a plan before and after it, what Azure says of them, and what it finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from reconciler.kinds.capacity import Size
from reconciler.model import Action, Address, Body, Desired, Observed, Plan

CHANGING = (Action.CREATE, Action.UPDATE, Action.REPLACE)


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
class Pool:
    """What counts of a pool, live or wanted. `image` is publisher:offer:sku, or the id of a gallery image."""

    size: str
    dedicated: int = 0
    spot: int = 0
    slots: int = 1
    image: str = ""
    agent: str = ""
    base: str = ""
    """publisher:offer:sku that a gallery image was made from, where that is known."""


@dataclass(frozen=True, slots=True)
class Change:
    """A pool that the plan makes or changes; `surge` nodes (dedicated, spot) exist besides it while it is changed."""

    address: Address
    before: Pool | None
    after: Pool
    surge: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Image:
    """A marketplace image that Batch supports, with which node agent, and until when."""

    urn: str
    agent: str
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What Azure says; None is what was not asked. `live` are all pools of the account, `leaving` the deleted ones.

    galleries: image id → regions that it is in. names: address of a new account → why its name cannot be had, if so.
    skipped: check → why it was not made.
    """

    now: datetime
    location: str
    account: Body | None = None
    live: Mapping[Address, Pool] = field(default_factory=dict)
    leaving: frozenset[Address] = frozenset()
    sizes: tuple[Size, ...] | None = None
    images: tuple[Image, ...] | None = None
    galleries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: Mapping[Address, str] = field(default_factory=dict)
    jobs: tuple[int, int] = (0, 0)
    """Active jobs and schedules: how many there are, how many the plan adds."""
    skipped: Mapping[str, str] = field(default_factory=dict)


def changes(
    plan: Plan,
    desired: Mapping[Address, Desired],
    live: Mapping[Address, Pool],
    surge: Mapping[Address, tuple[int, int]] | None = None,
) -> tuple[Change, ...]:
    """The pools that `plan` makes or changes."""
    found = (d.address for d in plan.decisions if d.address.kind == "pool" and d.action in CHANGING)
    return tuple(
        Change(one, live.get(one), wanted(desired[one]), (surge or {}).get(one, (0, 0)))
        for one in found
        if one in desired
    )


def wanted(desired: Desired) -> Pool:
    return _pool(desired.body["properties"], desired.data.get("nodeAgentSkuId") or "", desired.data.get("base") or "")


def live_pools(observed: Iterable[Observed]) -> dict[Address, Pool]:
    return {one.address: _pool(one.body["properties"]) for one in observed if one.address.kind == "pool"}


def _pool(properties: Body, agent: str = "", base: str = "") -> Pool:
    """A pool from its properties: it holds what it is about to have, or still has, whichever is more."""
    fixed: Mapping[str, Any] = (properties.get("scaleSettings") or {}).get("fixedScale") or {}
    machine = (properties.get("deploymentConfiguration") or {}).get("virtualMachineConfiguration") or {}
    image = machine.get("imageReference") or {}
    named = image.get("id") or ":".join(str(image.get(key, "")) for key in ("publisher", "offer", "sku"))
    return Pool(
        size=str(properties.get("vmSize", "")),
        dedicated=max(fixed.get("targetDedicatedNodes") or 0, properties.get("currentDedicatedNodes") or 0),
        spot=max(fixed.get("targetLowPriorityNodes") or 0, properties.get("currentLowPriorityNodes") or 0),
        slots=properties.get("taskSlotsPerNode") or 1,
        image=named.lower(),
        agent=agent or machine.get("nodeAgentSkuId") or "",
        base=base.lower(),
    )
