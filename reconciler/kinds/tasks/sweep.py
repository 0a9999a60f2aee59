"""The points of a sweep: every combination of lists and ranges, lists side by side, or the rows of a file.

A map of names has every combination of its values. In a list of such maps, the values of one map go side by side, and
the maps are combined. A text names a file of rows: CSV with a head, or JSON lines.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import Any

from reconciler.spec.tasks import Task

Values = Sequence[Any] | Mapping[str, Any]
"""A list, or a range: `{from, to, step}`, both ends included."""
Sweep = str | Mapping[str, Values] | Sequence[Mapping[str, Values]]
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
Point = dict[str, str]


def points(sweep: Sweep, folder: Path) -> Iterator[Point]:
    """Every point, in order. ValueError for a file that has none."""
    if isinstance(sweep, str):
        yield from _rows(folder / sweep)
        return
    yield from _combined(list(_groups(sweep)))


def count(sweep: Sweep, folder: Path) -> int:
    """How many points there are, without making them."""
    if isinstance(sweep, str):
        return sum(1 for _ in _rows(folder / sweep))
    return prod(min(map(_length, group.values())) for group in _groups(sweep))


def names(sweep: Sweep, folder: Path) -> tuple[str, ...]:
    """The names of the values of each point."""
    if isinstance(sweep, str):
        return tuple(next(_rows(folder / sweep), {}))
    return tuple(name for group in _groups(sweep) for name in group)


def given(entry: Task, folder: Path) -> tuple[str, ...]:
    """The names of the values that a command of an entry is given; none if its sweep cannot be read."""
    if "chunk" in entry:
        return ("items",)
    if "forEach" in entry:
        return ("item", "url")
    try:
        return names(entry["sweep"], folder) if "sweep" in entry else ()
    except (OSError, ValueError):
        return ()


def fault(sweep: Sweep, folder: Path) -> str:
    """What is wrong with it; empty if nothing is."""
    if isinstance(sweep, str):
        try:
            number, every = count(sweep, folder), names(sweep, folder)
        except (OSError, ValueError) as error:
            return f"cannot be read: {error}"
        return _misnamed(every) if number else f"{sweep} has no rows"
    groups = list(_groups(sweep))
    for values in (values for group in groups for values in group.values()):
        if isinstance(values, Mapping) and Decimal(str(values.get("step", 1))) == 0:
            return "has a range whose step is 0"
    if reason := _misnamed([name for group in groups for name in group]):
        return reason
    uneven = next((group for group in groups if len(set(map(_length, group.values()))) > 1), None)
    if uneven:
        lengths = ", ".join(f"{name} {_length(values):,}" for name, values in uneven.items())
        return f"has values side by side that are not as many: {lengths}"
    return "" if count(sweep, folder) else "has no point: one of its lists or ranges is empty"


def _misnamed(names: Sequence[str]) -> str:
    """Why the names of values cannot be those of variables, which are in capitals; empty if they can."""
    seen: dict[str, str] = {}
    for name in names:
        if not NAME.fullmatch(name):
            return f"has a value named {name!r}; a name is a letter or _ and then letters, digits and _"
        if (first := seen.setdefault(name.upper(), name)) != name:
            return f"has {first} and {name}, which are one variable; rename one of them"
    twice = next((name for name in names if list(names).count(name) > 1), "")
    return f"has {twice} twice" if twice else ""


def _groups(sweep: Mapping[str, Values] | Sequence[Mapping[str, Values]]) -> Iterator[Mapping[str, Values]]:
    if isinstance(sweep, Mapping):
        yield from ({name: values} for name, values in sweep.items())
    else:
        yield from sweep


def _combined(groups: Sequence[Mapping[str, Values]]) -> Iterator[Point]:
    """Every combination, the last group turning fastest; never more than one of them at a time."""
    if not groups:
        yield {}
        return
    for row in zip(*map(_texts, groups[0].values()), strict=False):
        for rest in _combined(groups[1:]):
            yield {**dict(zip(groups[0], row, strict=True)), **rest}


def _length(values: Values) -> int:
    if not isinstance(values, Mapping):
        return len(values)
    start, end, step = map(Fraction, _range(values))
    return max(0, (end - start) // step + 1) if step else 0


def _texts(values: Values) -> Iterator[str]:
    if not isinstance(values, Mapping):
        yield from map(text, values)
        return
    start, _, step = _range(values)
    yield from (f"{start + step * index:f}" for index in range(_length(values)))


def _range(values: Mapping[str, Any]) -> tuple[Decimal, Decimal, Decimal]:
    return Decimal(str(values["from"])), Decimal(str(values["to"])), Decimal(str(values.get("step", 1)))


def text(value: Any) -> str:
    """A value of a sweep as tasks are given it."""
    return value if isinstance(value, str) else json.dumps(value)


def _rows(path: Path) -> Iterator[Point]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        if path.suffix == ".csv":
            yield from _csv(csv.DictReader(file, strict=True))
            return
        first: set[str] = set()
        for number, line in enumerate(file, 1):
            if line.strip():
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise ValueError(f"line {number} is no JSON object")
                first = first or set(row)
                if set(row) != first:
                    raise ValueError(f"line {number} has other names than the first")
                yield {name: text(value) for name, value in row.items()}


def _csv(rows: csv.DictReader[str]) -> Iterator[Point]:
    try:
        for row in rows:
            if None in row or None in row.values():
                raise ValueError(f"line {rows.line_num} has not as many values as the first line has names")
            yield dict(row)
    except csv.Error as error:
        raise ValueError(f"line {rows.line_num}: {error}") from None
