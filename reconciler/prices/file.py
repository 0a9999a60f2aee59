"""Prices from a file of the user, as YAML or JSON:

currency: EUR
sizes:
  Standard_D2s_v3: {hour: 0.096, spotHour: 0.02}
osDiskMonth: 1.54          # of one node; optional
imageGbMonth: 0.05         # of one image replica; optional
imageGb: 30                # how large a replica is
meters:                    # what stands, by the names in `STANDING`, and logs; optional
  natGateway: {hour: 0.042, gb: 0.042}
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from reconciler.cost.prices import Meter, Price, Prices
from reconciler.errors import ReconcileError

KEYS = ("currency", "sizes", "osDiskMonth", "imageGbMonth", "imageGb", "meters")
PRICE = ("hour", "spotHour")
METER = ("hour", "gb")


class PricesError(ReconcileError):
    """A price file that cannot be used; the message names the place in it."""


def read(path: Path) -> Prices:
    """The prices in a file, which count for every region. PricesError if it is no price file."""
    import yaml

    try:
        content = yaml.safe_load(path.read_text())
    except OSError as error:
        raise PricesError(f"cannot read {path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise PricesError(f"cannot read {path}: {' '.join(str(error).split())}") from None
    body = _map(content, KEYS, str(path))
    sizes = _map(body.get("sizes", {}), None, f"{path}: sizes")
    currency = body.get("currency", "USD")
    if not (isinstance(currency, str) and len(currency) == 3 and currency.isalpha()):
        raise PricesError(f"{path}: currency must be three letters such as USD")
    each = {("", str(name).lower()): _price(entry, f"{path}: sizes.{name}") for name, entry in sizes.items()}
    disk, storage, size = (_number(body, key, f"{path}: {key}") for key in KEYS[2:5])
    standing = _map(body.get("meters", {}), None, f"{path}: meters")
    meters = {str(name): _meter(entry, f"{path}: meters.{name}") for name, entry in standing.items()}
    return Prices(currency.upper(), each, disk, storage, size or Prices().image_gb, meters=meters)


def _price(entry: Any, where: str) -> Price:
    body = _map(entry, PRICE, where)
    return Price(*(_number(body, key, f"{where}.{key}") for key in PRICE))


def _meter(entry: Any, where: str) -> Meter:
    body = _map(entry, METER, where)
    hour = _number(body, "hour", f"{where}.hour")
    if hour is None:
        raise PricesError(f"{where} must have an hour, which is what it costs as long as it stands")
    return Meter(hour, _number(body, "gb", f"{where}.gb"))


def _map(entries: Any, known: tuple[str, ...] | None, where: str) -> dict[Any, Any]:
    if not isinstance(entries, dict):
        raise PricesError(f"{where} must be a mapping")
    for key in entries:
        if known is not None and key not in known:
            raise PricesError(f"{where} has an unknown key {key}; it may have {', '.join(known)}")
    return entries


def _number(body: dict[Any, Any], key: str, where: str) -> Decimal | None:
    value = body.get(key)
    if value is None:
        return None
    number = Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else Decimal(-1)
    if not number.is_finite() or number < 0:
        raise PricesError(f"{where} must be a number that is not negative")
    return number
