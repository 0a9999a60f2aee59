"""The `$filter` of ARM's list of pools: comparisons of name, times and states, joined by `and`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from azure_local.http import Failure

NAMES = (
    "properties/allocationState", "properties/allocationStateTransitionTime", "properties/creationTime",
    "properties/provisioningState", "properties/provisioningStateTransitionTime", "properties/lastModified",
    "properties/vmSize", "properties/interNodeCommunication", "properties/scaleSettings/autoScale",
    "properties/scaleSettings/fixedScale", "name",
)  # fmt: skip
COMPARED: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda value, other: value == other,
    "ne": lambda value, other: value != other,
    "lt": lambda value, other: value < other,
    "le": lambda value, other: value <= other,
    "gt": lambda value, other: value > other,
    "ge": lambda value, other: value >= other,
}
Test = Callable[[dict[str, Any]], bool]


def condition(text: str | None) -> Test:
    """Whether a pool fits the filter. Failure 400 if the filter cannot be read."""
    tests = [_test(part) for part in re.split(r"\s+and\s+", text or "") if part.strip()]
    return lambda pool: all(test(pool) for test in tests)


def _test(part: str) -> Test:
    compared = re.fullmatch(r"\s*([\w/]+)\s+(\w\w)\s+(?:datetime)?'?([^']*)'?\s*", part)
    if compared and compared[1] in NAMES and compared[2] in COMPARED:
        name, operator, value = compared.groups()
        return lambda pool: COMPARED[operator](_value(pool, name), value.lower())
    starts = re.fullmatch(r"\s*startswith\(name,\s*'([^']*)'\)\s*", part)
    if starts:
        prefix = starts[1].lower()
        return lambda pool: _value(pool, "name").startswith(prefix)
    raise Failure(400, "InvalidQueryParameterValue", f"The $filter clause {part.strip()!r} is not valid.")


def _value(pool: dict[str, Any], name: str) -> str:
    value: Any = pool
    for part in name.split("/"):
        value = (value or {}).get(part, "")
    return str(value).lower()
