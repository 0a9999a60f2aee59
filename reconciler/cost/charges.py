"""Computes a cost from uses and prices: per hour and per month, a line for each resource, now and after. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from reconciler.cost.amounts import NONE, Range
from reconciler.cost.prices import Prices
from reconciler.cost.use import Build, Replicas, Standing, Use, Used, Uses
from reconciler.model import Address
from reconciler.words import count

HOURS = Decimal(730)
"""Hours in a month, as Azure's own calculator counts them."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What something costs per hour, as far as prices are known. `unknown` names those that are missing."""

    hour: Range = NONE
    what: str = ""
    unknown: tuple[str, ...] = ()

    @property
    def month(self) -> Range:
        return self.hour.times(HOURS)

    @property
    def complete(self) -> bool:
        return not self.unknown

    def __add__(self, other: Charge) -> Charge:
        return Charge(self.hour + other.hour, "", tuple(dict.fromkeys((*self.unknown, *other.unknown))))


NOTHING = Charge()


@dataclass(frozen=True, slots=True)
class Line:
    """The charges of a resource; None: it does not exist."""

    address: Address
    now: Charge | None
    after: Charge | None

    @property
    def changed(self) -> bool:
        now, after = self.now or NOTHING, self.after or NOTHING
        if now.complete and after.complete:
            return now.hour != after.hour
        return now != after


@dataclass(frozen=True, slots=True)
class Once:
    """What a build or other work costs once; `amount` is None if the price is unknown."""

    address: Address
    size: str
    amount: Decimal | None
    what: str = "build VM"


@dataclass(frozen=True, slots=True)
class Cost:
    currency: str
    lines: tuple[Line, ...] = ()
    builds: tuple[Once, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def now(self) -> Charge:
        return total(line.now for line in self.lines)

    @property
    def after(self) -> Charge:
        return total(line.after for line in self.lines)


def total(charges: Iterable[Charge | None]) -> Charge:
    """The sum; it is complete only if every part is."""
    return sum((charge for charge in charges if charge), start=NOTHING)


def price(uses: Uses, prices: Prices) -> Cost:
    """What `uses` cost. Image replicas are left out if their storage has no price."""
    lines = []
    for change in uses.changes:
        stored = isinstance(change.now or change.after, Replicas)
        if not stored or prices.image_gb_month is not None:
            lines.append(Line(change.address, charge(change.now, prices), charge(change.after, prices)))
    builds = tuple(_once(build, prices) for build in uses.builds)
    return Cost(prices.currency, tuple(lines), builds, prices.notes)


def charge(use: Used, prices: Prices) -> Charge | None:
    if use is None:
        return None
    if isinstance(use, Standing):
        return _standing(use, prices)
    if isinstance(use, Replicas):
        each = prices.image_gb * (prices.image_gb_month or Decimal(0)) / HOURS
        hour = Range.exactly(use.count).times(each)
        return Charge(hour, f"{count(use.count, 'replica')} of {prices.image_gb} GB")
    rate = prices.of(use.region, use.size)
    parts = [_nodes(use.dedicated, rate.hour, "", use), _nodes(use.spot, rate.spot_hour, "spot ", use)]
    if prices.disk_month is not None:
        parts.append(Charge((use.dedicated + use.spot).times(prices.disk_month / HOURS)))
    if use.endless:
        parts.append(Charge(unknown=("a number of nodes without an upper bound",)))
    return replace(total(parts), what=_what(use))


def _standing(use: Standing, prices: Prices) -> Charge:
    meter = prices.meter(use.meter)
    if meter is None:
        return Charge(what=use.what, unknown=(f"the price of {use.meter}, as meters.{use.meter} of a price file",))
    data = "" if meter.gb is None else f", and {meter.gb} {prices.currency} for each GB through it"
    return Charge(Range.exactly(use.count).times(meter.hour), f"{use.what}{data}")


def _nodes(count: Range, hour: Decimal | None, word: str, use: Use) -> Charge:
    if not count.high:
        return NOTHING
    if hour is None:
        return Charge(unknown=(f"the {word}price of {use.size} in {use.region}",))
    return Charge(count.times(hour))


def _what(use: Use) -> str:
    """`10 x Standard_D2s_v3`, `2 + 0 to 8 spot x Standard_D2s_v3`."""
    counts = [f"{_count(count)}{word}" for count, word in ((use.dedicated, ""), (use.spot, " spot")) if count.high] or [
        "0"
    ]
    return f"{' + '.join(counts)} x {use.size}"


def _count(count: Range) -> str:
    return str(count.low) if count.exact else f"{count.low} to {count.high}"


def _once(build: Build, prices: Prices) -> Once:
    rate = prices.of(build.region, build.size)
    hour = rate.spot_hour if build.spot else rate.hour
    hours = Decimal(str(build.seconds)) / 3600
    return Once(build.address, build.size, None if hour is None else hour * hours, build.what)
