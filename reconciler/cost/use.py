"""What a spec uses that is paid for by time: now, by what is live, and once its plan is carried out. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import batch_autoscale
from batch_autoscale import bounds, names
from reconciler.cost.amounts import NONE, Range
from reconciler.model import Action, Address, Body, Decision, Desired, Observed, Plan, Rule

POOL, IMAGE = "pool", "image_version"
Counts = tuple[Decimal | int | None, Decimal | int | None]
"""Dedicated and Spot nodes; None: not known."""
STAYS = (Action.DEFER, Action.REFUSE)
"""What is decided so is afterwards as it is now."""


@dataclass(frozen=True, slots=True)
class Use:
    """The nodes of a pool. `endless`: it may grow beyond the upper bound of its ranges, which nothing limits."""

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
class Change:
    """One resource now and afterwards; None: it is not there."""

    address: Address
    now: Use | Replicas | None
    after: Use | Replicas | None


@dataclass(frozen=True, slots=True)
class Build:
    """A machine of this size that runs once, for so long."""

    address: Address
    size: str
    region: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Uses:
    changes: tuple[Change, ...] = ()
    builds: tuple[Build, ...] = ()

    @property
    def sizes(self) -> dict[str, set[str]]:
        """Region → the VM sizes whose price is asked for there."""
        found: dict[str, set[str]] = {}
        for one in (*self.builds, *(use for change in self.changes for use in (change.now, change.after))):
            if isinstance(one, Build) or (isinstance(one, Use) and nodes(one)):
                found.setdefault(one.region, set()).add(one.size)
        return found

    @property
    def differ(self) -> bool:
        """Whether the plan changes anything that costs."""
        return bool(self.builds) or any(_weight(one.now) != _weight(one.after) for one in self.changes)


def nodes(use: Use) -> bool:
    """Whether the pool has or may get any node."""
    return use.endless or bool(use.dedicated.high or use.spot.high)


def _weight(use: Use | Replicas | None) -> Use | Replicas | None:
    """`use`, or None where it is of nothing."""
    return None if isinstance(use, Use) and not nodes(use) else use


def of(
    plan: Plan,
    desired: Mapping[Address, Desired],
    observed: Iterable[Observed],
    region: str,
    means: Mapping[str, tuple[float, float]] | None = None,
) -> Uses:
    """All that costs by time, in the order of addresses; `region` is where the pools are.

    `means` are pools and the dedicated and Spot nodes that simulations of them had on average.
    """
    tried = {name: (Decimal(str(one)), Decimal(str(two))) for name, (one, two) in (means or {}).items()}
    decisions = {one.address: one for one in plan.decisions}
    live = {one.address: one for one in observed if _ours(plan.spec, one, decisions.get(one.address))}
    addresses = sorted({address for address in (*desired, *live) if address.kind in (POOL, IMAGE)})
    spelled = {one.data["vmSize"].lower(): one.data["vmSize"] for one in desired.values() if one.address.kind == POOL}
    changes = []
    for address in addresses:
        decision, want, found = decisions.get(address), desired.get(address), live.get(address)
        if address.kind == POOL:
            changes.append(_pool(address, decision, want, found, region, tried.get(address.name)))
        else:
            changes.append(_image(address, decision, want, found))
    spelt = [Change(one.address, _spelt(one.now, spelled), _spelt(one.after, spelled)) for one in changes]
    return Uses(tuple(one for one in spelt if one.now or one.after), tuple(_builds(plan, desired)))


def _spelt(use: Use | Replicas | None, spelled: Mapping[str, str]) -> Use | Replicas | None:
    """A live size as the spec spells it, or as Azure does: what is observed is in lower case."""
    return replace(use, size=spelled.get(use.size, usual(use.size))) if isinstance(use, Use) else use


def usual(size: str) -> str:
    """`standard_nc4as_t4_v3` → `Standard_NC4as_T4_v3`, the way nearly all sizes are spelled; any other as it is."""
    tier, *parts = size.split("_")
    if size != size.lower() or not parts:
        return size
    family = re.sub("^[a-z]+", lambda match: match[0].upper(), parts[0])
    rest = [part if re.fullmatch(r"v\d+", part) else part.capitalize() for part in parts[1:]]
    return "_".join((tier.capitalize(), family, *rest))


def _ours(spec: str, found: Observed, decision: Decision | None) -> bool:
    if found.mark is not None and found.mark.owner == spec:
        return True
    return decision is not None and decision.action not in (Action.REFUSE, Action.NONE)


def _stays(decision: Decision | None, want: Desired | None) -> bool:
    if decision is None or decision.action in STAYS:
        return True
    return want is None and decision.action is not Action.DELETE


def _pool(
    address: Address,
    decision: Decision | None,
    want: Desired | None,
    found: Observed | None,
    region: str,
    mean: Counts | None,
) -> Change:
    """`mean` is expected of the spec's formula, where it is known; otherwise the nodes of now."""
    live = _live(found)
    tried = mean if found and want and _formula(found.body) == _formula(want.body) else None
    now = pool(found.body, found.body["properties"]["vmSize"], region, tried or live) if found else None
    if _stays(decision, want):
        return Change(address, now, now)
    assert decision is not None
    if decision.action is Action.DELETE or want is None:
        return Change(address, now, None)
    after = pool(want.body, want.data["vmSize"], region, mean or live)
    if now and found and found.occupants and decision.action is Action.UPDATE:
        after = replace(after, size=now.size)  # another size waits until the pool is empty
    return Change(address, now, after)


def _live(found: Observed | None) -> Counts:
    properties = found.body["properties"] if found else {}
    return properties.get("currentDedicatedNodes"), properties.get("currentLowPriorityNodes")


def _formula(body: Body) -> str:
    automatic = (body["properties"].get("scaleSettings") or {}).get("autoScale") or {}
    return str(automatic.get("formula", ""))


def pool(body: Body, size: str, region: str, expected: Counts) -> Use:
    """The nodes that a pool's scale settings ask for; of a formula, its bounds and what is expected between them."""
    scale = body["properties"].get("scaleSettings") or {}
    if scale.get("autoScale"):
        formula = _formula(body)
        dedicated, endless = _bounds(formula, "$TargetDedicatedNodes", expected[0])
        spot, endless_spot = _bounds(formula, "$TargetLowPriorityNodes", expected[1])
        return Use(size, region, dedicated, spot, endless or endless_spot)
    fixed = scale.get("fixedScale") or {}
    dedicated, spot = (
        Range.exactly(int(fixed.get(key) or 0)) for key in ("targetDedicatedNodes", "targetLowPriorityNodes")
    )
    return Use(size, region, dedicated, spot)


def _bounds(formula: str, variable: str, running: Decimal | int | None) -> tuple[Range, bool]:
    """Between which numbers a formula keeps a target, and whether it has no upper bound."""
    try:
        found = bounds.targets(batch_autoscale.parse(formula))
    except batch_autoscale.FormulaError:
        return Range.exactly(running or 0), True
    span = found.get(names.canonical(variable))
    if span is None:
        return Range.exactly(running or 0), False
    low = max(0, math.floor(span.low)) if math.isfinite(span.low) else 0
    if not math.isfinite(span.high):
        return Range.exactly(max(low, running or 0)), True
    return Range.between(low, max(low, math.ceil(span.high)), running), False


def _image(address: Address, decision: Decision | None, want: Desired | None, found: Observed | None) -> Change:
    now = _replicas(found.body) if found else 0
    if _stays(decision, want):
        after = now
    elif decision is not None and decision.action is Action.DELETE:
        after = 0
    else:
        after = _replicas(want.body) if want else 0
        if decision is not None and _new_version(decision):
            after += now  # the version before stays
    return Change(address, Replicas(now) if now else None, Replicas(after) if after else None)


def _replicas(body: Body) -> int:
    regions = body.get("properties", {}).get("publishingProfile", {}).get("targetRegions") or {}
    return sum(int(count or 1) for count in regions.values()) if isinstance(regions, Mapping) else len(regions)


def _new_version(decision: Decision) -> bool:
    return any(change.rule is Rule.NEW_VERSION for change in decision.diff.changes)


def _builds(plan: Plan, desired: Mapping[Address, Desired]) -> Iterable[Build]:
    for decision in plan.decisions:
        address = decision.address
        if address.kind != IMAGE or address not in desired:
            continue
        built = decision.action in (Action.CREATE, Action.REPLACE) or (
            decision.action is Action.UPDATE and _new_version(decision)
        )
        if built:
            want = desired[address]
            seconds = plan.seconds.get(str(address), 0.0)
            yield Build(address, want.data["own"]["buildVm"]["size"], want.body["location"], seconds)
