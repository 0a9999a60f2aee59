"""Runs a query over a table, operator by operator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from azure_local.kusto import functions, parser, values
from azure_local.kusto.aggregates import Aggregate, aggregate
from azure_local.kusto.errors import meaningless
from azure_local.kusto.scalars import Row, Scope, Typed
from azure_local.kusto.syntax import Called, Expression, Name, Named, Ordered, Part, Star, Step

Columns = dict[str, str]
MOST = 500_000
"""Rows of an answer, as on Azure."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns, name → type, and rows, which have every column."""

    columns: Columns
    rows: list[dict[str, Any]]


Stage = tuple[Columns, Callable[[Iterable[dict[str, Any]]], list[dict[str, Any]]]]
"""What an operator makes: its columns, known before there are rows, and the rows."""


def run(text: str, tables: Mapping[str, Table], now: datetime) -> Table:
    """The answer of a query over the tables. QueryError if it has none."""
    source, stages = _staged(text, tables, now)
    rows = source.rows
    for _, work in stages:
        rows = work(rows)
    return Table(stages[-1][0] if stages else source.columns, rows[:MOST])


def check(text: str, tables: Mapping[str, Table], now: datetime) -> Columns:
    """The columns of a query's answer, without running it. QueryError."""
    source, stages = _staged(text, tables, now)
    return stages[-1][0] if stages else source.columns


def _staged(text: str, tables: Mapping[str, Table], now: datetime) -> tuple[Table, list[Stage]]:
    query = parser.parse(text)
    source = tables.get(query.table)
    if source is None:
        said = f"Failed to resolve table or column expression named '{query.table}'"
        raise meaningless("SEM0100", said, query.at)
    columns, stages = source.columns, []
    for step in query.steps:
        stage = OPERATORS[step.operator](step, Scope(columns, now, functions.called))
        stages.append(stage)
        columns = stage[0]
    return source, stages


def _where(step: Step, scope: Scope) -> Stage:
    test = scope.condition(step.items[0].expression)
    return dict(scope.columns), lambda rows: [row for row in rows if test.of(row)]


def _extend(step: Step, scope: Scope) -> Stage:
    made = _compiled(step.items, scope)
    columns = {**scope.columns, **{name: typed.type for name, typed in made}}
    return columns, lambda rows: [{**row, **{name: typed.of(row) for name, typed in made}} for row in rows]


def _project(step: Step, scope: Scope) -> Stage:
    made = _compiled(step.items, scope)
    columns = {name: typed.type for name, typed in made}
    return columns, lambda rows: [{name: typed.of(row) for name, typed in made} for row in rows]


def _without(step: Step, scope: Scope) -> Stage:
    gone = set()
    for item in step.items:
        if not isinstance(item.expression, Name) or item.expression.name not in scope.columns:
            raise meaningless("SEM0100", "project-away needs columns that are there.", item.expression.at)
        gone.add(item.expression.name)
    columns = {name: kind for name, kind in scope.columns.items() if name not in gone}
    return columns, lambda rows: [{name: row[name] for name in columns} for row in rows]


def _distinct(step: Step, scope: Scope) -> Stage:
    items = step.by
    if len(items) == 1 and isinstance(items[0].expression, Star):
        items = tuple(Named("", Name(name, step.at)) for name in scope.columns)
    made = _compiled(items, scope)
    columns = {name: typed.type for name, typed in made}

    def work(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        found: dict[tuple[Any, ...], dict[str, Any]] = {}
        for row in rows:
            one = {name: typed.of(row) for name, typed in made}
            found.setdefault(tuple(values.sortable(value) for value in one.values()), one)
        return list(found.values())

    return columns, work


def _summarize(step: Step, scope: Scope) -> Stage:
    keys = _compiled(step.by, scope)
    by = [name for name, _ in keys]
    made = [aggregate(item.name, item.expression, scope, by) for item in step.items]
    names = _unique(by + [name for one in made for name, _ in one.columns])
    kinds = [typed.type for _, typed in keys] + [kind for one in made for _, kind in one.columns]
    columns = dict(zip(names, kinds, strict=True))

    def work(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        groups: dict[tuple[Any, ...], list[Row]] = {} if keys else {(): []}
        firsts: dict[tuple[Any, ...], list[Any]] = {(): []}
        for row in rows:
            found = [typed.of(row) for _, typed in keys]
            group = tuple(values.sortable(value) for value in found)
            groups.setdefault(group, []).append(row)
            firsts.setdefault(group, found)
        return [_summed(names, firsts[group], made, some) for group, some in groups.items()]

    return columns, work


def _summed(names: list[str], keys: list[Any], made: list[Aggregate], rows: list[Row]) -> dict[str, Any]:
    found = [*keys, *(value for one in made for value in one.of(rows))]
    return dict(zip(names, found, strict=True))


def _unique(names: list[str]) -> list[str]:
    """Names of which the second of two that are alike has a number."""
    taken: list[str] = []
    for name in names:
        number, free = 0, name
        while free in taken:
            number += 1
            free = f"{name}{number}"
        taken.append(free)
    return taken


def _order(step: Step, scope: Scope) -> Stage:
    keys = [(one, scope.compiled(one.expression)) for one in step.order]
    number = step.number if step.operator == "top" else None

    def work(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        found = list(rows)
        for one, typed in reversed(keys):
            found = _sorted(found, one, typed)
        return found[:number]

    return dict(scope.columns), work


def _sorted(rows: list[dict[str, Any]], one: Ordered, typed: Typed) -> list[dict[str, Any]]:
    pairs = [(typed.of(row), row) for row in rows]
    nulls = [row for value, row in pairs if value is None]
    there = [(value, row) for value, row in pairs if value is not None]
    there.sort(key=lambda pair: values.sortable(pair[0]), reverse=one.descending)
    kept = [row for _, row in there]
    return [*nulls, *kept] if one.nulls_first else [*kept, *nulls]


def _take(step: Step, scope: Scope) -> Stage:
    return dict(scope.columns), lambda rows: list(rows)[: step.number]


def _count(step: Step, scope: Scope) -> Stage:
    return {"Count": "long"}, lambda rows: [{"Count": len(list(rows))}]


def _compiled(items: Iterable[Named], scope: Scope) -> list[tuple[str, Typed]]:
    """Named expressions; those without a name get one from the column they are about, or a number."""
    found: list[tuple[str, Typed]] = []
    for number, item in enumerate(items, start=1):
        name = item.name or _implied(item.expression) or f"Column{number}"
        found.append((name, scope.compiled(item.expression)))
    return found


def _implied(expression: Expression) -> str:
    if isinstance(expression, Name):
        return expression.name
    if isinstance(expression, Part) and hasattr(expression.key, "value"):
        return f"{_implied(expression.value)}_{expression.key.value}"
    if isinstance(expression, Called) and expression.name in ("bin", "floor") and expression.arguments:
        return _implied(expression.arguments[0])
    return ""


OPERATORS: Mapping[str, Callable[[Step, Scope], Stage]] = {
    "where": _where,
    "extend": _extend,
    "project": _project,
    "project-away": _without,
    "summarize": _summarize,
    "distinct": _distinct,
    "order": _order,
    "top": _order,
    "take": _take,
    "count": _count,
}
