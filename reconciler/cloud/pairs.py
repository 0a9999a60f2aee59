"""`[{name, value}]`, Batch's way to write a map: metadata and environment settings, in which it keeps no order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def mapped(items: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """The list as a map; None gives an empty map."""
    return {item["name"]: item.get("value", "") for item in items or ()}


def listed(pairs: Mapping[str, str | None]) -> list[dict[str, str]]:
    """The map as a list, without what is None."""
    return [{"name": name, "value": value} for name, value in pairs.items() if value is not None]
