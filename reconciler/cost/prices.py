"""Prices: per hour of a VM size in a region, and of OS disks and image replicas if they are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Price:
    """A VM size per hour, dedicated and Spot; None: unknown."""

    hour: Decimal | None = None
    spot_hour: Decimal | None = None


UNKNOWN = Price()


@dataclass(frozen=True, slots=True)
class Meter:
    """What stands and is paid for by the hour, and what a GB through it costs; None: nothing, or it is unknown."""

    hour: Decimal
    gb: Decimal | None = None


STANDING: Mapping[str, Meter] = {
    "logAlert1Minute": Meter(Decimal(3) / 730),
    "logAlert5Minutes": Meter(Decimal("1.50") / 730),
    "logAlert10Minutes": Meter(Decimal(1) / 730),
    "logAlert15Minutes": Meter(Decimal("0.50") / 730),
    "metricAlert": Meter(Decimal("0.10") / 730),
    "metricAlertDynamic": Meter(Decimal("0.20") / 730),
    "natGateway": Meter(Decimal("0.045"), Decimal("0.045")),
    "privateDnsZone": Meter(Decimal("0.50") / 730),
    "privateEndpoint": Meter(Decimal("0.01"), Decimal("0.01")),
    "publicIPAddress": Meter(Decimal("0.005")),
}
"""List prices in USD, which are the same in nearly all regions.

Source: azure.microsoft.com/pricing/details: azure-nat-gateway, dns (private zones), private-link, ip-addresses
(Standard, static). Of alerts prices.azure.com, service Azure Monitor, meters Alerts System Log Monitored at N Minute
Frequency, Alerts Metric Monitored and Alerts Dynamic Threshold, as others read them in July 2026. What logs cost by the
GB differs from region to region, so only a price file has it.
"""


@dataclass(frozen=True, slots=True)
class Prices:
    """All in one currency (ISO 4217).

    sizes           (region, size), both in lower case, → its price; the region "" is for regions without an entry
    disk_month      the OS disk of one node
    image_gb_month  a GB of one image replica; `image_gb` is how large a replica is
    meters          name → what stands, of a price file; without it, list prices count if the currency is theirs
    notes           what to know about the prices, such as their age
    """

    currency: str = "USD"
    sizes: Mapping[tuple[str, str], Price] = field(default_factory=dict)
    disk_month: Decimal | None = None
    image_gb_month: Decimal | None = None
    image_gb: Decimal = Decimal(30)
    notes: tuple[str, ...] = ()
    meters: Mapping[str, Meter] = field(default_factory=dict)

    def of(self, region: str, size: str) -> Price:
        size = size.lower()
        return self.sizes.get((region, size)) or self.sizes.get(("", size)) or UNKNOWN

    def meter(self, name: str) -> Meter | None:
        return self.meters.get(name) or (STANDING.get(name) if self.currency == "USD" else None)
