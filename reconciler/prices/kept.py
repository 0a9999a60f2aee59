"""Prices that were asked for before: `.reconcile/prices/REGION.json`, for the local cloud `REGION@local.json`.

A price is used for a week. After that, or if there is none, the price list is asked. If it does not answer, old prices
are used and a note tells their age, and it is not asked again for some minutes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from reconciler.cost.prices import Price, Prices
from reconciler.files import write_whole
from reconciler.prices import retail

FOLDER = Path(".reconcile/prices")
FRESH, PAUSE = timedelta(days=7), timedelta(minutes=10)
BEGINNING = datetime.min.replace(tzinfo=UTC)


def current(
    wanted: Mapping[str, Collection[str]],
    url: str = retail.URL,
    *,
    cloud: str = "public",
    folder: Path = FOLDER,
    now: datetime | None = None,
    seconds: float = retail.SECONDS,
) -> Prices:
    """The prices of `wanted`, region → VM sizes. Never fails; `notes` say what is old or missing, and why."""
    asked = _List(url, now or datetime.now(UTC), time.monotonic() + seconds)
    sizes: dict[tuple[str, str], Price] = {}
    notes: dict[str, None] = {}
    for region, names in wanted.items():
        known, why = _known(_file(folder, region, cloud), asked, region, names)
        here = {name: known["sizes"][name] for name in map(str.lower, names) if name in known["sizes"]}
        sizes |= {(region, name): _price(entry) for name, entry in here.items()}
        age = max((asked.now - _time(entry["asked"]) for entry in here.values()), default=timedelta(0))
        if why and age > FRESH:
            notes[f"prices are {age.days} days old: {why}"] = None
        if why and len(here) < len({name.lower() for name in names}):
            notes[f"some prices are missing: {why}"] = None
    return Prices(sizes=sizes, notes=tuple(notes))


def remembered(region: str, cloud: str = "public", folder: Path = FOLDER) -> Prices:
    """The prices of a region that were asked for before, however old; the price list is not asked."""
    known = _read(_file(folder, region, cloud))
    return Prices(sizes={(region, name): _price(entry) for name, entry in known["sizes"].items()})


def _file(folder: Path, region: str, cloud: str) -> Path:
    return folder / f"{region}{'' if cloud == 'public' else f'@{cloud}'}.json"


@dataclass
class _List:
    """The price list at `url`, until `end` on the monotonic clock; once it has failed, it is not asked again."""

    url: str
    now: datetime
    end: float
    why: str = ""

    def ask(self, region: str, sizes: Collection[str]) -> Mapping[str, Price] | None:
        """The prices of these sizes; None if the list did not answer, then `why` has the reason."""
        try:
            if not self.why:
                return retail.fetch(self.url, region, sizes, self.now, max(0.0, self.end - time.monotonic()))
        except retail.Unavailable as error:
            self.why = str(error)
        return None


def _known(path: Path, asked: _List, region: str, names: Collection[str]) -> tuple[dict[str, Any], str]:
    """What is known of a region after asking for missing and old prices, and why asking failed or ""."""
    known, now = _read(path), asked.now
    times = {name: _time(known["sizes"].get(name.lower(), {}).get("asked")) for name in names}
    stale = [name for name, then in times.items() if not timedelta(0) <= now - then <= FRESH]
    if not stale:
        return known, ""
    if timedelta(0) <= now - _time(known.get("failed")) < PAUSE:
        return known, str(known.get("why", ""))
    fresh = asked.ask(region, stale)
    if fresh is None:
        known |= {"failed": now.isoformat(), "why": asked.why}
    else:
        known = {"sizes": known["sizes"] | {name: _written(price, now) for name, price in fresh.items()}}
    _write(path, known)
    return known, "" if fresh is not None else asked.why


def _read(path: Path) -> dict[str, Any]:
    """The content of the file; without sizes if it is missing, unreadable or not of this form."""
    try:
        kept = json.loads(path.read_text())
        sizes = {name: entry for name, entry in kept["sizes"].items() if _time(entry["asked"]) > BEGINNING}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {"sizes": {}}
    return {**kept, "sizes": sizes}


def _write(path: Path, known: Mapping[str, Any]) -> None:
    try:
        write_whole(path, json.dumps(known, indent=1, sort_keys=True))
    except OSError:
        return  # a folder that cannot be written to: prices are asked for again next time


def _written(price: Price, now: datetime) -> dict[str, str | None]:
    hour, spot = (None if amount is None else str(amount) for amount in (price.hour, price.spot_hour))
    return {"hour": hour, "spotHour": spot, "asked": now.isoformat()}


def _price(entry: Mapping[str, Any]) -> Price:
    return Price(_decimal(entry.get("hour")), _decimal(entry.get("spotHour")))


def _decimal(text: Any) -> Decimal | None:
    try:
        number = Decimal(text) if isinstance(text, str) else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() and number >= 0 else None


def _time(text: Any) -> datetime:
    """The time in a text; BEGINNING if there is none."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return BEGINNING
    return moment if moment.tzinfo else BEGINNING
