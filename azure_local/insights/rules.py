"""What alert rules have in common: severity, how often they look and over how long, action groups, and their scopes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from azure_local.azure import Azure
from azure_local.batch.shapes import seconds
from azure_local.http import Failure
from azure_local.insights import targets
from azure_local.insights.targets import Target

SEVERITIES = range(5)
GROUPS = "microsoft.insights/actiongroups"


def refused(text: str) -> Failure:
    return Failure(400, "BadRequest", text)


def check_severity(properties: dict[str, Any]) -> None:
    if properties.get("severity") not in SEVERITIES:
        raise refused(f"Severity must be from 0 to 4, and is {properties.get('severity')}.")


def span(properties: dict[str, Any], name: str, allowed: Iterable[str]) -> float:
    """The seconds of a duration. Failure 400 for one that is not among those allowed, as ISO 8601."""
    length = seconds(properties.get(name))
    if length is None or length not in [seconds(one) for one in allowed]:
        raise refused(f"{name} '{properties.get(name)}' is not supported. Supported are {', '.join(allowed)}.")
    return length


def check_groups(azure: Azure, ids: Iterable[str]) -> None:
    """Failure 404 for an action group that is not there (that it is asked for is inferred)."""
    for group in ids:
        if targets.needed(azure, group).type.lower() != GROUPS:
            raise refused(f"'{group}' is not an action group.")


def watched(azure: Azure, scopes: list[str]) -> list[Target]:
    """The resources of a rule's scopes. Failure 400 if there are none, 404 for one that is not there."""
    if not scopes:
        raise refused("Scopes must not be empty.")
    return [targets.needed(azure, scope) for scope in scopes]
