"""A pool whose spec lists several VM sizes: what is asked of Azure to choose one, once, when the plan is made.

What came of the last try is read from the live pool, so that no run needs to remember it: a pool that has no node and
a resize error that another size may help against goes on to the next size of the list. One that has nodes keeps its
size, and of a pool that does nothing is asked but the list of pools.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.cloud import arm, capacity
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import translated
from reconciler.errors import AzureError, Unreachable
from reconciler.kind.needs import Nodes
from reconciler.kinds.pool import choosing, generations, needs, reading
from reconciler.kinds.pool.choosing import Current, Region
from reconciler.model import Address, Body, Desired, Health, Observed
from reconciler.spec.pools import Pool
from reconciler.spec.spec import Spec
from reconciler.words import some


def data(spec: Spec, pool: Pool) -> dict[str, Any]:
    """What a pool with several sizes is chosen by: these, and what the pools of one size take."""
    if len(pool["vmSize"]) == 1:
        return {}
    single = {name: other for name, other in spec.pools.items() if len(other["vmSize"]) == 1}
    others = {name: [*other["vmSize"], *_most(other)] for name, other in single.items()}
    return {"sizes": {"listed": list(pool["vmSize"]), "most": _most(pool), "others": others}}


def _most(pool: Pool) -> list[int]:
    """The dedicated and Spot nodes that a pool can have; one, where a formula sets no limit that can be read."""
    nodes = pool["nodes"]
    if "autoscale" not in nodes:
        return [nodes["dedicated"], nodes["spot"]]
    most = nodes["autoscale"].get("max", 1)
    return [0, most] if nodes["autoscale"]["spot"] else [most, 0]


def resolve(cloud: Cloud, desired: Desired, before: Mapping[Address, Desired]) -> Desired:
    """With the size that the plan takes; with an obstacle if none of those listed can be had."""
    asked = desired.data.get("sizes")
    if asked is None:
        return desired
    live = _live(cloud)
    mine = live.get(desired.address.name.lower(), ())
    current = _current(mine[-1]) if mine else None
    size = choosing.stays(asked["listed"], current)
    if size:
        return _with(desired, size)
    dedicated, spot = asked["most"]
    need = replace(needs.wanted(desired), dedicated=dedicated, spot=spot)
    region = _region(cloud, desired, before, live)
    choice = choosing.choose(asked["listed"], need, region, current)
    words = choosing.told(choice)
    if not choice.size:
        words += _elsewhere(cloud, asked["listed"], region.location)
        return replace(desired, obstacle=desired.obstacle or words)
    return replace(_with(desired, choice.size), notes=(*desired.notes, *([words] if words else [])))


def next_words(desired: Desired, pool: Observed) -> str:
    """What becomes of a pool that got no node, beside its detail."""
    if "sizes" not in desired.data or pool.health is not Health.FAILED:
        return ""
    listed, current = desired.data["sizes"]["listed"], _current(pool.body["properties"])
    names = [size.lower() for size in listed]
    if not current.short or current.size.lower() not in names:
        return ""
    at = names.index(current.size.lower())
    return f"; the next plan looks for room in {', '.join([*listed[at + 1 :], *listed[:at]])}"


def _with(desired: Desired, size: str) -> Desired:
    body = {**desired.body, "properties": {**desired.body["properties"], "vmSize": size.lower()}}
    return replace(desired, body=body, data={**desired.data, "vmSize": size})


def _live(cloud: Cloud) -> dict[str, tuple[Body, ...]]:
    """Name of a pool in the spec, in lower case → the properties of its live generations, the latest last."""
    if cloud.account_id is None:
        return {}
    groups: dict[str, list[dict[str, Any]]] = {}
    for raw in arm.listing(cloud, f"{cloud.account_id}/pools"):
        if raw["properties"].get("provisioningState") != "Deleting":
            groups.setdefault(generations.belongs(cloud, raw), []).append(raw)
    return {name: tuple(raw["properties"] for raw in generations.aged(raws)) for name, raws in groups.items()}


def _current(properties: Body) -> Current:
    """A live pool, with the code of the first error of its last resize."""
    errors = (properties.get("resizeOperationStatus") or {}).get("errors") or []
    code = str(errors[0].get("code", "")) if errors and properties.get("allocationState") == "Steady" else ""
    dedicated, spot = reading.running(properties)
    resizing = properties.get("allocationState", "Steady") != "Steady"
    return Current(str(properties["vmSize"]), (dedicated or 0) + (spot or 0) + resizing, code)


def _region(
    cloud: Cloud, desired: Desired, before: Mapping[Address, Desired], live: Mapping[str, tuple[Body, ...]]
) -> Region:
    account = (arm.get(cloud, cloud.account_id) if cloud.account_id else None) or {}
    location = arm.region(account.get("location") or cloud.target.location)
    sizes = {size.name.lower(): size for size in capacity.sizes(cloud, location)}
    others = tuple(_others(desired, before, live))
    return Region(location, sizes, account.get("properties") or {}, others)


def _elsewhere(cloud: Cloud, sizes: Sequence[str], location: str) -> str:
    """The other regions that offer one of the sizes; what an account there may have, nobody knows before it is made."""
    try:
        with translated():
            regions = [region for region in capacity.regions(cloud, sizes) if region != location]
    except (AzureError, Unreachable):  # the plan is refused all the same, and says why
        return ""
    return f"; other regions offer one of them, each to a spec of its own: {some(regions)}" if regions else ""


def _others(
    desired: Desired, before: Mapping[Address, Desired], live: Mapping[str, tuple[Body, ...]]
) -> Iterator[tuple[Nodes, ...]]:
    """What each other pool of the account has, and is to have as far as that is known."""
    own = desired.address.name.lower()
    wanted = {name.lower(): Nodes(*each) for name, each in desired.data["sizes"]["others"].items()}
    for address, known in before.items():
        if address.kind == desired.address.kind and "sizes" in known.data:
            dedicated, spot = known.data["sizes"]["most"]
            wanted[address.name.lower()] = Nodes(known.data["vmSize"], dedicated, spot)
    beside = desired.data["rollout"]["whenEmpty"] == "blueGreen"  # then the pool itself exists twice for a while
    for name in sorted({*wanted, *live} - (set() if beside else {own})):
        there = tuple(needs.nodes_of(properties) for properties in live.get(name, ()))
        yield (*there, *((wanted[name],) if name in wanted else ()))
