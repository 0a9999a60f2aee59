"""Properties of a pool beside its image, size and scale: from the spec, from Azure, and as ARM takes them.

What the spec leaves out is declared at Batch's default, so that taking a property out of the spec is a change like any
other. Ids are compared without case, durations by value, and lists of named things without order.
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
    "taskSchedulingPolicy": {"nodeFillType": "Spread"},
    "upgradePolicy": {"mode": "manual"},
    "userAccounts": [],
}
"""Property → what Batch shows where nothing was asked for. Source: recorded answers, wire-facts."""
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
    found = {name: normal(_laid(default, pool.get(name)), name) for name, default in DEFAULTS.items()}
    found["applicationPackages"] = normal(
        [{**one, "id": f"{account_id}/applications/{one['id']}"} for one in pool["applicationPackages"]]
    )
    return found


def applications(spec: Spec, pool: Pool) -> tuple[Address, ...]:
    """The applications of the spec whose packages the pool brings to its nodes."""
    known = {name.lower(): name for name in spec.applications}
    named = [one["id"].lower() for one in pool["applicationPackages"]]
    return tuple(Address("application", known[name]) for name in dict.fromkeys(named) if name in known)


def machine(pool: Pool) -> dict[str, Any]:
    """The parts of virtualMachineConfiguration that are not about the image."""
    return {name: normal(_laid(default, pool.get(name)), name) for name, default in MACHINE_DEFAULTS.items()}


def observed(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """`given` as Azure reports it, normalised; lists that it leaves out are empty."""
    found = {name: normal(value, name) for name, value in given.items()}
    missing: dict[str, Any] = {name: [] for name, default in defaults.items() if default == [] and not found.get(name)}
    return {**found, **missing}


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
    """By name, number or id where there is one; mounts by their path."""
    for key in SORTED_BY:
        if key in item:
            return f"{item[key]:>12}"
    return str(sorted((key, str(value)) for key, value in item.items()))


def _laid(default: Any, own: Any) -> Any:
    """`own` over the default; a default that is a map fills what `own` leaves out."""
    if own is None:
        return default
    return {**default, **own} if isinstance(default, Mapping) and isinstance(own, Mapping) else own


def bare(value: Any) -> Any:
    """`value` without what is None: ARM takes absence, not null, inside a property."""
    if isinstance(value, Mapping):
        return {key: bare(item) for key, item in value.items() if item is not None}
    return [bare(item) for item in value] if isinstance(value, list) else value


def with_passwords(accounts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """User accounts as ARM takes them: each with a password that nobody will ever know."""
    import secrets

    return [{**one, "password": f"{secrets.token_urlsafe(24)}aA1!"} for one in accounts]
