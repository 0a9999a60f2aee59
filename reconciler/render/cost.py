"""What a plan costs, for people and for programs. Pure: values in, text out."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from reconciler.cost import Charge, Cost, Line, Once, Range
from reconciler.cost.money import CENT, hourly, money, roughly
from reconciler.model import Address
from reconciler.render.plain import clean, table

UNKNOWN = "price unknown"
HEAD = ("Resource", "After the plan", "Per hour", "Per month", "Per month now")


def below(cost: Cost) -> str:
    """The cost below a plan: a line for each resource whose cost changes, and the total."""
    lines = [line for line in cost.lines if line.changed]
    width = max((len(clean(str(line.address))) for line in lines), default=0)
    shown = [f"  {clean(str(line.address)):<{width}}  {_change(line, cost.currency)}" for line in lines]
    rest = [*shown, *ending(cost)]
    return "\n".join(["Cost:", *rest] if rest else ["Cost: nothing in this spec costs by time."])


def overview(cost: Cost, *, whole: bool = True) -> str:
    """Every resource that costs by time, and the total. Not `whole`: there are some that could not be read."""
    if not cost.lines:
        none = "Nothing in this spec costs by time." if whole else "Nothing that could be read costs by time."
        return "\n".join([none, *ending(cost)])
    return "\n".join([table([word.upper() for word in HEAD], rows(cost)), "", *ending(cost)])


def rows(cost: Cost) -> list[tuple[str, ...]]:
    """A row below HEAD for each resource that costs by time, and one for all; the cells are clean."""
    each = [_row(str(line.address), line.now, line.after, cost.currency) for line in cost.lines]
    return [*each, _row("total", cost.now, cost.after, cost.currency)]


def _row(name: str, now: Charge | None, after: Charge | None, currency: str) -> tuple[str, ...]:
    hour = _amount(after, currency, hour=True)
    return clean(name), clean(after.what) if after else "", hour, _amount(after, currency), _amount(now, currency)


def _amount(charge: Charge | None, currency: str, *, hour: bool = False) -> str:
    """`$70.08`, `$0 to $561, about $350`, `price unknown`, `at least $70.08`; of nothing, `-`."""
    if charge is None:
        return "-"
    if not charge.complete:
        least = charge.hour.low if hour else charge.month.low
        return f"at least {_money(least, currency, hour=hour)}" if least else UNKNOWN
    amount = charge.hour if hour else charge.month
    if amount.exact:
        return _money(amount.low, currency, hour=hour)
    if hour:
        return f"{hourly(amount.low, currency)} to {hourly(amount.high, currency)}"
    low, high, expected = (roughly(bound, currency) for bound in (amount.low, amount.high, amount.expected))
    return f"{low} to {high}, about {expected}"


def _money(amount: Any, currency: str, *, hour: bool) -> str:
    return hourly(amount, currency) if hour else money(amount, currency)


def _change(line: Line, currency: str) -> str:
    """`+$70.08/month  (1 x Standard_D2s_v3 → 2 x Standard_D2s_v3)`."""
    now, after = line.now or Charge(), line.after or Charge()
    what = clean(" → ".join(charge.what if charge else "nothing" for charge in (line.now, line.after)))
    missing = ", ".join(dict.fromkeys((*now.unknown, *after.unknown)))
    if missing:
        return f"{UNKNOWN}: {clean(missing)}  ({what})"
    if now.month.exact and after.month.exact:
        return f"{money(after.month.low - now.month.low, currency, sign=True)}/month  ({what})"
    difference = money(after.month.expected - now.month.expected, currency, sign=True)
    bounds = f"{money(after.month.low, currency)} to {money(after.month.high, currency)}/month"
    return f"about {difference}/month, then {bounds}  ({what})"


def total(cost: Cost) -> str:
    """What everything costs, now and after the plan, in a line."""
    return _totals(cost.now, cost.after, cost.currency) if cost.lines else "nothing costs by time"


def ending(cost: Cost) -> list[str]:
    """The total, if anything costs by time; what is paid once; unknown prices; and notes."""
    now, after = cost.now, cost.after
    lines = [f"  in all {total(cost)}"] if cost.lines else []
    lines += [f"  {_once(build, cost.currency)}" for build in cost.builds]
    missing = list(dict.fromkeys((*now.unknown, *after.unknown)))
    if missing:
        lines.append(f"  not in these totals, because it is unknown: {clean(', '.join(missing))}")
    return [*lines, *(f"  {clean(note)}" for note in cost.notes)]


def _totals(now: Charge, after: Charge, currency: str) -> str:
    """`about $140/month now, about $210/month after (+$70.08)`; one amount if both are the same."""
    if now.hour == after.hour and now.unknown == after.unknown:
        return f"{_total(now, currency)}, now and after"
    totals = f"{_total(now, currency)} now, {_total(after, currency)} after"
    if not (now.complete and after.complete):
        return totals
    return f"{totals} ({roughly(after.month.expected - now.month.expected, currency, sign=True)})"


def _total(charge: Charge, currency: str) -> str:
    """`about $210/month`, `nothing`; with unknown prices `at least $210/month`, or `unknown`."""
    month = charge.month
    if charge.complete and not month.high:
        return "nothing"
    if not charge.complete:
        return f"at least {roughly(month.low, currency)}/month" if month.low else "unknown"
    most = "" if month.exact else f" (at most {roughly(month.high, currency)})"
    return f"about {roughly(month.expected, currency)}/month{most}"


def _once(build: Once, currency: str) -> str:
    return f"{build.what} of {clean(str(build.address))} {_paid(build.amount, currency)} once ({clean(build.size)})"


def _paid(amount: Decimal | None, currency: str) -> str:
    if amount is None:
        return UNKNOWN
    return f"about {roughly(amount, currency)}" if amount >= CENT else f"less than {money(CENT, currency)}"


def document(cost: Cost) -> dict[str, Any]:
    """As `cost` in schemas/plan.schema.json: amounts are decimal texts, already rounded."""
    return {
        "currency": cost.currency,
        "now": _charge(cost.now),
        "after": _charge(cost.after),
        "resources": [
            {"address": str(line.address), "now": _charge(line.now), "after": _charge(line.after)}
            for line in cost.lines
        ],
        "builds": [
            {
                "address": str(build.address),
                "what": build.what,
                "size": build.size,
                "amount": None if build.amount is None else f"{build.amount:.4f}",
            }
            for build in cost.builds
        ],
        "notes": list(cost.notes),
    }


def _charge(charge: Charge | None) -> dict[str, Any] | None:
    if charge is None:
        return None
    return {
        "what": charge.what,
        "hour": _range(charge.hour, 6),
        "month": _range(charge.month, 2),
        "unknown": list(charge.unknown),
    }


def _range(bounds: Range, places: int) -> dict[str, str]:
    return {name: f"{getattr(bounds, name):.{places}f}" for name in ("low", "expected", "high")}


def read(body: Mapping[str, Any]) -> Cost:
    """The cost in such a document, as exact as that is. LookupError, ValueError or TypeError if it is none."""
    lines = [
        Line(Address.parse(line["address"]), _read_charge(line["now"]), _read_charge(line["after"]))
        for line in body["resources"]
    ]
    builds = [
        Once(
            Address.parse(build["address"]),
            build["size"],
            None if build["amount"] is None else Decimal(build["amount"]),
            build["what"],
        )
        for build in body["builds"]
    ]
    return Cost(body["currency"], tuple(lines), tuple(builds), tuple(body["notes"]))


def _read_charge(body: Mapping[str, Any] | None) -> Charge | None:
    if body is None:
        return None
    bounds = Range(*(Decimal(body["hour"][name]) for name in ("low", "expected", "high")))
    return Charge(bounds, body["what"], tuple(body["unknown"]))
