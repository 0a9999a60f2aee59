"""The functions of expressions: the types that they take, and what they make of the values."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from azure_local.kusto import parser, values
from azure_local.kusto.errors import meaningless, unoffered
from azure_local.kusto.scalars import Row, Scope, Typed, calculated
from azure_local.kusto.syntax import Called, Literal

EPOCH = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Function:
    """A function: the type of its value, how many arguments it takes, and what it makes of their texts or values.

    takes  the types that every argument may have; none: any
    """

    type: str
    least: int
    most: int
    make: Callable[..., Any]
    takes: tuple[str, ...] = ()


def called(call: Called, scope: Scope) -> Typed:
    """QueryError for a function that there is not, or arguments that it does not take."""
    special = SPECIAL.get(call.name)
    if special is not None:
        return special(call, scope)
    function = PLAIN.get(call.name)
    if function is None:
        raise unoffered(f"The function '{call.name}()', if there is one,", call.at)
    _check_number(call, function.least, function.most)
    arguments = [scope.compiled(one) for one in call.arguments]
    for one in arguments:
        if function.takes and one.type not in (*function.takes, "dynamic"):
            raise meaningless("SEM0025", f"{call.name}() does not take a value of type {one.type}.", call.at)

    def of(row: Row) -> Any:
        try:
            return function.make(*[one.of(row) for one in arguments])
        except (TypeError, ValueError, ArithmeticError, AttributeError):  # what a dynamic value may be
            return values.blank(function.type)

    return Typed(function.type, of)


def _check_number(call: Called, least: int, most: int) -> None:
    if not least <= len(call.arguments) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        text = f"{call.name}(): function expects {wanted} argument(s)."
        raise meaningless("SEM0219", text, call.at)


def _ago(call: Called, scope: Scope) -> Typed:
    _check_number(call, 1, 1)
    length = scope.compiled(call.arguments[0])
    _check_type(call, length, "timespan")
    return Typed("datetime", lambda row: calculated("-", scope.now, length.of(row), whole=False))


def _now(call: Called, scope: Scope) -> Typed:
    _check_number(call, 0, 1)
    if not call.arguments:
        return Typed("datetime", lambda row: scope.now)
    length = scope.compiled(call.arguments[0])
    _check_type(call, length, "timespan")
    return Typed("datetime", lambda row: calculated("+", scope.now, length.of(row), whole=False))


def _check_type(call: Called, one: Typed, *kinds: str) -> None:
    if one.type not in kinds:
        text = f"{call.name}(): argument expected to be a {' or '.join(kinds)} expression, and is {one.type}."
        raise meaningless("SEM0025", text, call.at)


def _bin(call: Called, scope: Scope) -> Typed:
    _check_number(call, 2, 2)
    value, size = (scope.compiled(one) for one in call.arguments)
    fits = (values.is_number(value.type) and values.is_number(size.type)) or (
        value.type in ("datetime", "timespan") and size.type == "timespan"
    )
    if not fits:
        text = f"{call.name}(): cannot round a value of type {value.type} to a {size.type}."
        raise meaningless("SEM0025", text, call.at)
    kind = values.wider(value.type, size.type) if values.is_number(value.type) else value.type
    return Typed(kind, lambda row: rounded(value.of(row), size.of(row)))


def rounded(value: Any, size: Any) -> Any:
    """The greatest multiple of `size` that is not more than the value; null where there is none."""
    if value is None or not size:
        return None
    try:
        if isinstance(value, datetime):
            return EPOCH + (value - EPOCH) // size * size
        return value // size * size
    except ArithmeticError:
        return None


def _chosen(call: Called, scope: Scope) -> Typed:
    """iff(condition, one, other)."""
    _check_number(call, 3, 3)
    condition = scope.condition(call.arguments[0])
    one, other = (scope.compiled(argument) for argument in call.arguments[1:])
    kind = _common(call, [one, other])
    return Typed(kind, lambda row: one.of(row) if condition.of(row) else other.of(row))


def _case(call: Called, scope: Scope) -> Typed:
    """case(condition, value, …, otherwise)."""
    if len(call.arguments) < 3 or len(call.arguments) % 2 == 0:
        raise meaningless("SEM0219", "case() needs pairs of a condition and a value, and a value at the end.", call.at)
    conditions = [scope.condition(one) for one in call.arguments[:-1:2]]
    results = [scope.compiled(one) for one in [*call.arguments[1::2], call.arguments[-1]]]
    kind = _common(call, results)

    def of(row: Row) -> Any:
        found = (result for condition, result in zip(conditions, results, strict=False) if condition.of(row))
        return next(found, results[-1]).of(row)

    return Typed(kind, of)


def _common(call: Called, ones: list[Typed]) -> str:
    """The one type of all these."""
    kinds = {one.type for one in ones}
    if all(values.is_number(kind) for kind in kinds):
        return "real" if "real" in kinds else "long"
    if len(kinds) > 1:
        raise meaningless(
            "SEM0025", f"{call.name}() needs values of one type, not {', '.join(sorted(kinds))}.", call.at
        )
    return kinds.pop()


def _coalesced(call: Called, scope: Scope) -> Typed:
    _check_number(call, 2, 64)
    ones = [scope.compiled(one) for one in call.arguments]
    kind = _common(call, ones)

    def of(row: Row) -> Any:
        return next((value for one in ones if (value := one.of(row)) not in (None, "")), values.blank(kind))

    return Typed(kind, of)


def _text(call: Called, scope: Scope) -> Typed:
    _check_number(call, 1, 1)
    one = scope.compiled(call.arguments[0])
    return Typed("string", lambda row: values.text(one.of(row), one.type))


def _joined(call: Called, scope: Scope) -> Typed:
    _check_number(call, 1, 64)
    ones = [scope.compiled(one) for one in call.arguments]
    return Typed("string", lambda row: "".join(values.text(one.of(row), one.type) for one in ones))


def _if_exists(call: Called, scope: Scope) -> Typed:
    """column_ifexists("name", otherwise): the column, or the other value where there is no such column."""
    _check_number(call, 2, 2)
    name, other = call.arguments
    if not isinstance(name, Literal) or name.type != "string":
        raise meaningless("SEM0025", f"{call.name}(): the name of the column must be a text.", call.at)
    if name.value not in scope.columns:
        return scope.compiled(other)
    return Typed(scope.columns[name.value], lambda row: row[name.value])


def _negative(call: Called, scope: Scope) -> Typed:
    one = scope.compiled(call.arguments[0])
    if not values.is_number(one.type) and one.type != "timespan":
        raise meaningless("SEM0025", f"Cannot apply '-' to a value of type {one.type}.", call.at)
    return Typed(one.type, lambda row: None if (value := one.of(row)) is None else -value)


def _not(call: Called, scope: Scope) -> Typed:
    _check_number(call, 1, 1)
    one = scope.condition(call.arguments[0])
    return Typed("bool", lambda row: not one.of(row))


SPECIAL: dict[str, Callable[[Called, Scope], Typed]] = {
    "ago": _ago,
    "now": _now,
    "bin": _bin,
    "floor": _bin,
    "iff": _chosen,
    "iif": _chosen,
    "case": _case,
    "coalesce": _coalesced,
    "tostring": _text,
    "strcat": _joined,
    "column_ifexists": _if_exists,
    "columnifexists": _if_exists,
    "not": _not,
    "-": _negative,
}


def _whole(value: Any) -> int | None:
    number = _real(value)
    return None if number is None or not math.isfinite(number) else int(number)


def _real(value: Any) -> float | None:
    if isinstance(value, (datetime, timedelta, dict, list)) or value is None:
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _truth(value: Any) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False, "1": True, "0": False}.get(value.lower())
    return None if value is None else bool(value)


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    return parser.moment(value) if isinstance(value, str) else None


def _span(value: Any) -> timedelta | None:
    if isinstance(value, timedelta):
        return value
    return parser.span(value) if isinstance(value, str) else None


def parsed(value: Any) -> Any:
    """parse_json: a text that is no JSON stays a text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value or None


def _empty(value: Any) -> bool:
    return value is None or value == ""


def _mapped(make: Callable[..., Any]) -> Callable[..., Any]:
    """The same, but null where an argument is."""
    return lambda *arguments: None if None in arguments else make(*arguments)


def _cut(whole: str, start: int, length: int = 1 << 30) -> str:
    return whole[max(0, start) :][: max(0, length)]


def _least(*numbers: Any) -> Any:
    return min((one for one in numbers if one is not None), default=None)


def _greatest(*numbers: Any) -> Any:
    return max((one for one in numbers if one is not None), default=None)


_TEXTS, _NUMBERS = ("string", "guid"), values.NUMBERS
PLAIN: dict[str, Function] = {
    **dict.fromkeys(("toint", "tolong"), Function("long", 1, 1, _whole)),
    **dict.fromkeys(("todouble", "toreal"), Function("real", 1, 1, _real)),
    "tobool": Function("bool", 1, 1, _truth),
    "todatetime": Function("datetime", 1, 1, _moment),
    "totimespan": Function("timespan", 1, 1, _span),
    **dict.fromkeys(("parse_json", "todynamic"), Function("dynamic", 1, 1, parsed, _TEXTS)),
    "isempty": Function("bool", 1, 1, _empty),
    "isnotempty": Function("bool", 1, 1, lambda value: not _empty(value)),
    "isnull": Function("bool", 1, 1, lambda value: value is None),
    "isnotnull": Function("bool", 1, 1, lambda value: value is not None),
    "tolower": Function("string", 1, 1, lambda value: str(value or "").lower(), _TEXTS),
    "toupper": Function("string", 1, 1, lambda value: str(value or "").upper(), _TEXTS),
    "strlen": Function("long", 1, 1, lambda value: len(str(value or "")), _TEXTS),
    "substring": Function("string", 2, 3, _mapped(_cut)),
    "split": Function("dynamic", 2, 2, _mapped(lambda whole, mark: whole.split(mark) if mark else [whole]), _TEXTS),
    "array_length": Function("long", 1, 1, lambda value: len(value) if isinstance(value, list) else None, ("dynamic",)),
    "abs": Function("real", 1, 1, _mapped(abs), _NUMBERS),
    "round": Function("real", 1, 2, _mapped(lambda value, digits=0: round(float(value), int(digits))), _NUMBERS),
    "min_of": Function("real", 2, 64, _least, _NUMBERS),
    "max_of": Function("real", 2, 64, _greatest, _NUMBERS),
    "startofday": Function("datetime", 1, 1, lambda value: rounded(value, timedelta(days=1)), ("datetime",)),
    "startofhour": Function("datetime", 1, 1, lambda value: rounded(value, timedelta(hours=1)), ("datetime",)),
}
