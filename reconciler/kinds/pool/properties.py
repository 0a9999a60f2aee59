"""Properties of a pool other than its image, size and scale: from the spec, from Azure, and as ARM takes them.

What the spec leaves out is declared with Batch's default, so that removing a property from the spec is a change like
any other. Batch shows many of these properties only where they were asked for: one that it does not show has its
default. Case of ids, spelling of durations and order of named things do not count as differences.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.azure.durations import canonical
from reconciler.model import Address
from reconciler.spec.pools import Pool
from reconciler.spec.spec import Spec

DEFAULTS: Mapping[str, Any] = {
    "applicationPackages": [],
    "interNodeCommunication": "Disabled",
    "mountConfiguration": [],
    "networkConfiguration": {
        "subnetId": None,
        "dynamicVnetAssignmentScope": "none",
        "enableAcceleratedNetworking": False,
        "endpointConfiguration": None,
        "publicIPAddressConfiguration": {"provision": "BatchManaged"},
    },
    "taskSchedulingPolicy": {"jobDefaultOrder": "None", "nodeFillType": "Spread"},
    "upgradePolicy": {"mode": "manual"},
    "userAccounts": [],
}
"""Property → what it is if it was never set. Source: recorded answers; else Batch's REST reference."""
MACHINE_DEFAULTS: Mapping[str, Any] = {
    "dataDisks": [],
    "diskEncryptionConfiguration": None,
    "extensions": [],
    "licenseType": None,
    "nodePlacementConfiguration": {"policy": "Regional"},
    "osDisk": {"caching": "None", "ephemeralOSDiskSettings": None},
    "securityProfile": None,
    "serviceArtifactReference": None,
}
"""The same for properties of virtualMachineConfiguration."""
SORTED_BY = ("name", "lun", "priority", "id")
IDS = frozenset({"id", "subnetId", "resourceId", "ipAddressIds"})
DURATIONS = frozenset({"pauseTimeBetweenBatches", "resizeTimeout", "evaluationInterval", "drainWithin"})


def wanted(pool: Pool, account_id: str) -> dict[str, Any]:
    """The properties that the spec declares, defaults included; packages by their ids."""
    properties = {name: normal(_laid(default, pool.get(name)), name) for name, default in DEFAULTS.items()}
    properties["applicationPackages"] = normal(
        [{**package, "id": f"{account_id}/applications/{package['id']}"} for package in pool["applicationPackages"]]
    )
    return properties


def applications(spec: Spec, pool: Pool) -> tuple[Address, ...]:
    """The applications of the spec whose packages the pool brings to its nodes."""
    known = {name.lower(): name for name in spec.applications}
    named = [package["id"].lower() for package in pool["applicationPackages"]]
    return tuple(Address("application", known[name]) for name in dict.fromkeys(named) if name in known)


def machine(pool: Pool) -> dict[str, Any]:
    """The parts of virtualMachineConfiguration that are not about the image."""
    return {name: normal(_laid(default, pool.get(name)), name) for name, default in MACHINE_DEFAULTS.items()}


def observed(properties: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """`properties` as Azure reports them, normalised; what it leaves out or shows as empty has its default."""
    normalised = {name: normal(value, name) for name, value in properties.items()}
    return {**normalised, **{name: _laid(default, normalised.get(name)) for name, default in defaults.items()}}


def normal(value: Any, name: str = "") -> Any:
    """One spelling for equal values."""
    if isinstance(value, Mapping):
        return {key: normal(item, key) for key, item in value.items()}
    if isinstance(value, list):
        items = [normal(item, name if name in IDS else "") for item in value]
        return sorted(items, key=_rank) if items and all(isinstance(item, dict) for item in items) else items
    if isinstance(value, str) and name in IDS:
        return value.lower()
    return canonical(value) if isinstance(value, str) and name in DURATIONS else value


def _rank(item: Mapping[str, Any]) -> str:
    """The sort key: its name, number or id if it has one; else all of its content."""
    for key in SORTED_BY:
        if key in item:
            return f"{item[key]:>12}"
    return str(sorted((key, str(value)) for key, value in item.items()))


def _laid(default: Any, value: Any) -> Any:
    """`value` over the default, map by map: None and an empty map ask for nothing."""
    if value is None or value == {}:
        return default
    if not (isinstance(default, Mapping) and isinstance(value, Mapping)):
        return value
    return {**value, **{name: _laid(part, value.get(name)) for name, part in default.items()}}


def bare(value: Any) -> Any:
    """`value` without what is None: ARM takes absence, not null, inside a property."""
    if isinstance(value, Mapping):
        return {key: bare(item) for key, item in value.items() if item is not None}
    return [bare(item) for item in value] if isinstance(value, list) else value


def beyond(properties: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """`properties` as ARM takes them, without those that are as by default."""
    usual = {name: bare(default) for name, default in defaults.items()}
    return {name: value for name, value in properties.items() if name not in usual or value != usual[name]}
