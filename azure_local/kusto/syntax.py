"""A query as a tree. `at` is the offset in the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Literal:
    value: Any
    type: str
    at: int


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Star:
    at: int


@dataclass(frozen=True, slots=True)
class Called:
    """A function with its arguments."""

    name: str
    arguments: tuple[Expression, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands; `and`, `or`, comparisons, words such as `has`, and arithmetic."""

    sign: str
    left: Expression
    right: Expression
    at: int


@dataclass(frozen=True, slots=True)
class Among:
    """`value in (…)`, also with `!` for not and `~` for any letter case."""

    value: Expression
    items: tuple[Expression, ...]
    sign: str
    at: int


@dataclass(frozen=True, slots=True)
class Between:
    value: Expression
    low: Expression
    high: Expression
    sign: str
    at: int


@dataclass(frozen=True, slots=True)
class Part:
    """`value.key` or `value[key]` of a dynamic value."""

    value: Expression
    key: Expression
    at: int


Expression = Literal | Name | Star | Called | Binary | Among | Between | Part


@dataclass(frozen=True, slots=True)
class Named:
    """An expression, and the name that it is given, if any."""

    name: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class Ordered:
    expression: Expression
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One operator of the pipeline.

    items  what it selects, makes, aggregates or sorts by; what `distinct` and `summarize` go by is in `by`
    number how many rows it takes
    """

    operator: str
    at: int
    items: tuple[Named, ...] = ()
    by: tuple[Named, ...] = ()
    order: tuple[Ordered, ...] = ()
    number: int = 0


@dataclass(frozen=True, slots=True)
class Query:
    table: str
    at: int
    steps: tuple[Step, ...]
