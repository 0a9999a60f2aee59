"""The network rules of a Batch account: from which public addresses its two services are reached. Pure.

They are declared only where the spec says any. A service that it does not name is left as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model import Body
from reconciler.spec.sections import BatchAccount

PROFILE = "networkProfile"
SERVICES = ("accountAccess", "nodeManagementAccess")


def wanted(account: BatchAccount) -> dict[str, Any]:
    said: Mapping[str, Any] = account.get("networkProfile", {})
    parts = {name: {**said[name], "ipRules": sorted(said[name]["ipRules"])} for name in SERVICES if name in said}
    return {PROFILE: parts} if parts else {}


def normalised(properties: Body) -> dict[str, Any]:
    """The rules as a spec has them: addresses alone, in order."""
    shown: Mapping[str, Any] = properties.get(PROFILE) or {}
    parts = {
        name: {
            "defaultAction": shown[name]["defaultAction"],
            "ipRules": sorted(rule["value"] for rule in shown[name].get("ipRules") or ()),
        }
        for name in SERVICES
        if shown.get(name)
    }
    return {PROFILE: parts} if parts else {}


def written(body: dict[str, Any]) -> dict[str, Any]:
    """The account as ARM takes it."""
    properties = body.get("properties") or {}
    if PROFILE not in properties:
        return body
    parts = {
        name: {
            "defaultAction": rules["defaultAction"],
            "ipRules": [{"action": "Allow", "value": value} for value in rules["ipRules"]],
        }
        for name, rules in properties[PROFILE].items()
    }
    return {**body, "properties": {**properties, PROFILE: parts}}


def said(properties: Body) -> dict[str, Any]:
    """The rules of a live account for a spec; nothing for what lets everybody in."""
    parts = {
        name: {key: value for key, value in rules.items() if value and (key, value) != ("defaultAction", "Deny")}
        for name, rules in (properties.get(PROFILE) or {}).items()
        if rules["defaultAction"] == "Deny"
    }
    return {PROFILE: parts} if parts else {}
