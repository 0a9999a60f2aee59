"""Plans of pools and images as the engine makes them, in few words."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from reconciler import cost
from reconciler.kinds import KINDS
from reconciler.model import Action, Address, Change, Decision, Desired, Diff, Mark, Observed, Plan, Rule, Why

REGION = "italynorth"
PRICES = cost.Prices(
    sizes={
        (REGION, "standard_d2s_v3"): cost.Price(Decimal("0.096"), Decimal("0.02")),
        (REGION, "standard_d4s_v3"): cost.Price(Decimal("0.192"), None),
        ("", "standard_everywhere"): cost.Price(Decimal("0.1"), Decimal("0.01")),
    }
)


def pool_body(size: str, dedicated: int = 0, spot: int = 0, formula: str = "", running: int = 0) -> dict[str, Any]:
    fixed = {"fixedScale": {"targetDedicatedNodes": dedicated, "targetLowPriorityNodes": spot}}
    scale = {"autoScale": {"formula": formula}} if formula else fixed
    return {"properties": {"vmSize": size.lower(), "scaleSettings": scale, "currentDedicatedNodes": running}}


def wanted(size: str, dedicated: int = 0, spot: int = 0, formula: str = "", name: str = "p") -> Desired:
    return Desired(Address("pool", name), pool_body(size, dedicated, spot, formula), data={"vmSize": size})


def live(
    size: str, dedicated: int = 0, spot: int = 0, formula: str = "", name: str = "p", running: int = 0, **more: Any
) -> Observed:
    body = pool_body(size, dedicated, spot, formula, running)
    return Observed(Address("pool", name), f"/{name}", body, **{"mark": Mark("demo", ""), **more})


def image(name: str, **regions: int) -> Desired:
    body = {"location": REGION, "properties": {"publishingProfile": {"targetRegions": regions}}}
    return Desired(Address("image_version", name), body, data={"image": {"buildVm": {"size": "Standard_D2s_v3"}}})


def live_image(name: str, **regions: int) -> Observed:
    return Observed(Address("image_version", name), f"/{name}", image(name, **regions).body, Mark("demo", ""))


def decided(address: str, action: Action, *rules: Rule) -> Decision:
    changes = tuple(Change("x", 0, 1, rule) for rule in rules)
    return Decision(Address.parse(address), action, Why.DIFFERS, "", Diff(changes))


def made(*decisions: Decision, seconds: Mapping[str, float] | None = None) -> Plan:
    return Plan("demo", decisions, (), {}, (), seconds or {})


def costs(
    plan: Plan, desired: tuple[Desired, ...] = (), observed: tuple[Observed, ...] = (), prices: cost.Prices = PRICES
) -> cost.Cost:
    return cost.price(cost.of(KINDS, plan, {one.address: one for one in desired}, observed, REGION), prices)
