"""Values of the query language: their types and how they are spelt. Null is None; a text is never null."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

NUMBERS = ("int", "long", "real")


def is_number(kind: str) -> bool:
    return kind in NUMBERS


def wider(one: str, other: str) -> str:
    """The type of a number made of two."""
    return "real" if "real" in (one, other) else "long"


def text(value: Any, kind: str) -> str:
    """A value as `tostring` spells it."""
    if value is None:
        return ""
    if kind == "dynamic":
        return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, timedelta):
        return span(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def moment(value: datetime) -> str:
    """ISO 8601 with seven digits."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def span(value: timedelta) -> str:
    """`[-][days.]hours:minutes:seconds[.fraction]`."""
    sign, value = ("-", -value) if value < timedelta() else ("", value)
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days = f"{value.days}." if value.days else ""
    fraction = f".{value.microseconds:06d}0" if value.microseconds else ""
    return f"{sign}{days}{hours:02d}:{minutes:02d}:{seconds:02d}{fraction}"


def shown(value: Any, kind: str) -> Any:
    """A value as an answer has it in JSON."""
    if kind in ("datetime", "timespan", "dynamic"):
        return None if value is None else text(value, kind)
    if kind in ("string", "guid"):
        return "" if value is None else value
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def blank(kind: str) -> Any:
    """What a column has where a row says nothing."""
    return "" if kind in ("string", "guid") else None


def sortable(value: Any) -> tuple[int, Any]:
    """Something that values can be sorted and grouped by, also those of dynamic type; nulls come first."""
    if isinstance(value, (dict, list)):
        return 5, json.dumps(value, sort_keys=True)
    if isinstance(value, (bool, int, float)):
        return 1, value
    return {str: 2, datetime: 3, timedelta: 4}.get(type(value), 0), value
