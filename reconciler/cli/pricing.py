"""What a plan costs, by a price file or the price list of its cloud, and whether that is within the budget."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import common
from reconciler.errors import ReconcileError, Refused
from reconciler.model import Action

if TYPE_CHECKING:
    from reconciler.cost import Cost, Costs, Prices, Uses
    from reconciler.engine.loop import Reading
    from reconciler.spec import Spec


def shown(reading: Reading, prices: Path | None, *, wanted: bool | None) -> Cost | None:
    """What the plan costs, if that is to be shown; with `wanted` None, it is shown if the plan changes the cost."""
    if wanted is False or unread(reading):
        return None
    used = uses(reading)
    return _price(reading, used, prices) if wanted or used.differ else None


def priced(reading: Reading, prices: Path | None) -> Cost:
    """What the plan costs. ReconcileError if something that costs could not be read: a part is not the whole."""
    for why in unread(reading):
        raise ReconcileError(why)
    return known(reading, prices)


def known(reading: Reading, prices: Path | None) -> Cost:
    """What the plan costs, without what could not be read."""
    return _price(reading, uses(reading), prices)


def rates(reading: Reading, prices: Path | None) -> tuple[Uses, Prices]:
    """What of a plan costs, without what could not be read, and the prices of that."""
    used = uses(reading)
    return used, _prices(reading, used, prices)


def named() -> Path | None:
    """The price list that the environment names, for those who take no option."""
    name = os.environ.get(common.PRICES)
    return Path(name) if name else None


def check(reading: Reading, prices: Path | None, cost: Cost | None) -> None:
    """Refused if the spec would cost more than its budget after the plan."""
    from reconciler.cost import over_budget

    if not reading.spec.budget:
        return
    maximum = Decimal(str(reading.spec.budget["maxMonthly"]))
    if problem := over_budget(cost or priced(reading, prices), maximum):
        raise Refused(problem)


def unread(reading: Reading) -> list[str]:
    """Why something that costs is not known, if so."""
    from reconciler.kinds import KINDS

    asked = {name for name, kind in KINDS.items() if kind.costs and _asked(kind.costs, name, reading)}
    lists = [why for name, why in reading.unread.items() if name in asked]
    decisions = reading.plan.of(Action.UNKNOWN)
    return lists + [decision.reason for decision in decisions if decision.address.kind in asked]


def _asked(costs: Costs, kind: str, reading: Reading) -> bool:
    """Whether resources of the kind cost anything in this spec."""
    return not costs.sized or any(costs.size(want) for want in reading.desired.values() if want.address.kind == kind)


def uses(reading: Reading) -> Uses:
    """What of the spec costs by time, now and after the plan."""
    from reconciler import cost as costs
    from reconciler.kinds import KINDS

    spec = reading.spec
    means = {name: mean for kind in KINDS.values() if kind.means for name, mean in kind.means(spec).items()}
    unknown = {decision.address for decision in reading.plan.of(Action.UNKNOWN)}
    desired = {address: want for address, want in reading.desired.items() if address not in unknown}
    return costs.of(KINDS, reading.plan, desired, reading.observed, spec.azure.location, means)


def _price(reading: Reading, used: Uses, prices: Path | None) -> Cost:
    from reconciler import cost as costs

    return costs.price(used, _prices(reading, used, prices))


def _prices(reading: Reading, used: Uses, prices: Path | None) -> Prices:
    return listed(reading.spec, used.sizes, prices)


def listed(spec: Spec, sizes: Mapping[str, Collection[str]], prices: Path | None) -> Prices:
    """The prices of a file, or of the price list of the spec's cloud; `sizes` are those of each region."""
    from reconciler import prices as lists

    if prices is not None:
        try:
            return lists.read(prices)
        except lists.PricesError as error:
            raise click.UsageError(str(error)) from None
    where = spec.azure.cloud
    url = f"{os.environ['RECONCILE_RESOURCE_MANAGER']}/prices/api/retail/prices" if where == "local" else lists.URL
    return lists.current(sizes, url, cloud=where)
