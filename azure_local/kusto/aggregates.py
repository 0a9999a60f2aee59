"""What `summarize` makes of the rows of a group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from azure_local.kusto import values
from azure_local.kusto.errors import meaningless, unoffered
from azure_local.kusto.scalars import Row, Scope
from azure_local.kusto.syntax import Called, Expression, Name, Star

Rows = Sequence[Row]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Columns that an aggregate adds: their names and types, and their values for the rows of a group."""

    columns: tuple[tuple[str, str], ...]
    of: Callable[[Rows], tuple[Any, ...]]


def aggregate(name: str, expression: Expression, scope: Scope, by: Sequence[str] = ()) -> Aggregate:
    """`name` is that given in the query, if any, and `by` the columns that the groups go by. QueryError."""
    if not isinstance(expression, Called):
        raise meaningless("SEM0100", "summarize needs aggregates.", expression.at)
    if expression.name in ("arg_max", "arg_min"):
        return _extreme(name, expression, scope, by)
    base, wants_condition = expression.name.removesuffix("if"), expression.name.endswith("if")
    if base == "count":
        return _counted(name, expression, scope, conditional=wants_condition)
    if base not in KINDS or expression.name not in NAMES:
        raise unoffered(f"The aggregate '{expression.name}()', if there is one,", expression.at)
    number = 2 if wants_condition or base == "percentile" else 1
    if len(expression.arguments) != number:
        text = f"{expression.name}(): function expects {number} argument(s)."
        raise meaningless("SEM0219", text, expression.at)
    value = scope.compiled(expression.arguments[0])
    kind, needs_numbers = KINDS[base]
    if needs_numbers and not (values.is_number(value.type) or value.type == "timespan"):
        text = f"{expression.name}() does not take values of type {value.type}."
        raise meaningless("SEM0025", text, expression.at)
    more = scope.compiled(expression.arguments[1]) if number == 2 else None
    test = more if wants_condition else None
    if test is not None and test.type != "bool":
        raise meaningless("SEM0024", f"{expression.name}() needs a condition.", expression.at)
    column = name or f"{base if not wants_condition else expression.name}_{_named(expression.arguments[0])}"

    def of(rows: Rows) -> tuple[Any, ...]:
        kept = rows if test is None else [row for row in rows if test.of(row)]
        found = [one for row in kept if (one := value.of(row)) is not None]
        rank = more.of(rows[0]) if more is not None and base == "percentile" and rows else 0
        return (_made(base, found, rank),)

    return Aggregate(((column, kind or value.type),), of)


KINDS: dict[str, tuple[str, bool]] = {
    "sum": ("", True),
    "avg": ("real", True),
    "min": ("", False),
    "max": ("", False),
    "dcount": ("long", False),
    "make_set": ("dynamic", False),
    "make_list": ("dynamic", False),
    "take_any": ("", False),
    "any": ("", False),
    "percentile": ("", True),
}
"""Aggregate → the type of its value, or that of what it takes, and whether it takes numbers only."""
NAMES = (*KINDS, "sumif", "avgif", "minif", "maxif", "dcountif")


def _made(base: str, found: list[Any], rank: float) -> Any:
    """The aggregate of values that are not null."""
    if base == "dcount":
        return len({values.sortable(one) for one in found})
    if base == "make_set":
        return list({values.sortable(one): one for one in found}.values())
    if base == "make_list":
        return found
    if base == "sum":
        return sum(found[1:], found[0]) if found else 0
    if not found:
        return None
    if base == "avg":
        return sum(found) / len(found) if isinstance(found[0], (int, float)) else sum(found[1:], found[0]) / len(found)
    if base == "percentile":
        ordered = sorted(found)
        return ordered[max(0, -int(-len(ordered) * min(max(rank, 0), 100) // 100) - 1)]
    if base in ("min", "max"):
        return (min if base == "min" else max)(found, key=values.sortable)
    return found[0]


def _counted(name: str, call: Called, scope: Scope, *, conditional: bool) -> Aggregate:
    if len(call.arguments) != conditional:
        text = f"{call.name}(): function expects {int(conditional)} argument(s)."
        raise meaningless("SEM0219", text, call.at)
    if not conditional:
        return Aggregate(((name or "count_", "long"),), lambda rows: (len(rows),))
    test = scope.condition(call.arguments[0])
    return Aggregate(((name or "countif_", "long"),), lambda rows: (sum(bool(test.of(row)) for row in rows),))


def _extreme(name: str, call: Called, scope: Scope, by: Sequence[str]) -> Aggregate:
    """arg_max and arg_min: the row with the greatest or the least value, of which all or some columns are kept."""
    if len(call.arguments) < 2:
        raise meaningless("SEM0219", f"{call.name}(): function expects two or more arguments.", call.at)
    key = scope.compiled(call.arguments[0])
    first = (name or _named(call.arguments[0]), key)
    shown = [first]
    for one in call.arguments[1:]:
        if isinstance(one, Star):
            others = [column for column in scope.columns if column not in (first[0], *by)]
            shown += [(column, scope.compiled(Name(column, one.at))) for column in others]
        else:
            shown.append((_named(one), scope.compiled(one)))
    pick = max if call.name == "arg_max" else min

    def of(rows: Rows) -> tuple[Any, ...]:
        fit = [row for row in rows if key.of(row) is not None]
        if not fit:
            return tuple(values.blank(typed.type) for _, typed in shown)
        best = pick(fit, key=lambda row: values.sortable(key.of(row)))
        return tuple(typed.of(best) for _, typed in shown)

    return Aggregate(tuple((column, typed.type) for column, typed in shown), of)


def _named(expression: Expression) -> str:
    """The column that an expression gives its name to a result."""
    if isinstance(expression, Name):
        return expression.name
    if isinstance(expression, Called) and expression.arguments:
        return _named(expression.arguments[0])
    return ""
