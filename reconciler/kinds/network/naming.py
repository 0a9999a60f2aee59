"""How what is in networks is called in addresses: by its name, or as GROUP/NAME where the spec uses another of that
name from elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.cloud.cloud import Cloud


def named(cloud: Cloud, type_: str, raw: Mapping[str, Any]) -> str:
    """The name of a resource as ARM shows it."""
    meant = cloud.id_of(type_, raw["name"]).lower() == str(raw["id"]).lower()
    return str(raw["name"]) if meant else f"{cloud.target.resource_group}/{raw['name']}"


def id_of(cloud: Cloud, type_: str, name: str) -> str:
    group, _, last = name.rpartition("/")
    return f"{cloud.group_id}/providers/{type_}/{last}" if group else cloud.id_of(type_, last)
