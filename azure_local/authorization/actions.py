"""The action of a request, by which roles allow it: derived from its method and path, as Azure names its operations.

Source: learn.microsoft.com, Azure RBAC, how Azure determines if a user has access; Azure permissions (operations of
resource providers).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
ASKING = ("microsoft.storage", "microsoft.containerregistry", "microsoft.keyvault")
"""Providers for which asking whether a name is free is a read, though it is a POST."""
OPEN = ("operations", "operationresults")
"""What stands below a location and is shown to whoever was told of it: how a long operation stands."""
LINKED = {
    "microsoft.network/virtualnetworks/subnets": "Microsoft.Network/virtualNetworks/subnets/join/action",
    "microsoft.network/networkinterfaces": "Microsoft.Network/networkInterfaces/join/action",
    "microsoft.network/networksecuritygroups": "Microsoft.Network/networkSecurityGroups/join/action",
    "microsoft.network/publicipaddresses": "Microsoft.Network/publicIPAddresses/join/action",
    "microsoft.network/publicipprefixes": "Microsoft.Network/publicIPPrefixes/join/action",
    "microsoft.network/natgateways": "Microsoft.Network/natGateways/join/action",
    "microsoft.network/virtualnetworks": "Microsoft.Network/virtualNetworks/join/action",
    "microsoft.network/privatednszones": "Microsoft.Network/privateDnsZones/join/action",
    "microsoft.managedidentity/userassignedidentities": (
        "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"
    ),
    "microsoft.compute/galleries/images/versions": "Microsoft.Compute/galleries/images/versions/read",
    "microsoft.compute/galleries/images": "Microsoft.Compute/galleries/images/read",
}
"""Type of a resource that a written one refers to → what its writer must be allowed to do with it."""
SUBNET = "microsoft.network/virtualnetworks/subnets"
BY_ENDPOINT = "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action"
"""What those need with a subnet that name it in the network rules of a service of these providers."""
BEHIND_ENDPOINTS = ("microsoft.storage", "microsoft.keyvault", "microsoft.containerregistry")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks to do, and over what."""

    action: str
    scope: str


def of_arm(method: str, path: str) -> Asked | None:
    """None for what whoever is signed in may ask."""
    parts = path.strip("/").split("/")
    lower = [part.lower() for part in parts]
    if lower[0] != "subscriptions" or len(parts) < 2:
        return None
    if method == "GET" and len(parts) == 3 and lower[2] == "resourcegroups":
        return None
    if "providers" not in lower[2:]:
        return _resources(method, parts)
    at = len(lower) - 1 - lower[::-1].index("providers")
    namespace, rest = (parts[at + 1] if len(parts) > at + 1 else ""), parts[at + 2 :]
    if not rest:
        return Asked("Microsoft.Resources/subscriptions/providers/read", "/" + "/".join(parts[:at]))
    if len(rest) > 2 and rest[0].lower() == "locations" and rest[2].lower() in OPEN:
        return None
    types, scope = [namespace, *rest[0::2]], path.rstrip("/")
    if len(rest) % 2:  # a collection, or something that is done with a resource
        scope = scope.rpartition("/")[0]
    asking = namespace.lower() in ASKING and [part.lower() for part in rest] == ["checknameavailability"]
    return Asked("/".join([*types, "read" if asking else VERBS.get(method, "action")]), scope)


def _resources(method: str, parts: list[str]) -> Asked:
    """Of the subscription, its resource groups and what is listed in either."""
    group = ["resourceGroups"] if parts[2:3] and parts[2].lower() == "resourcegroups" else parts[2:3]
    names = ["Microsoft.Resources", "subscriptions", *group, *parts[4:5]]
    scope = parts if len(parts) % 2 == 0 else parts[:-1]
    return Asked("/".join([*names, VERBS.get(method, "action")]), "/" + "/".join(scope))


def linked(path: str, body: Any) -> Iterator[Asked]:
    """What the writer of `body` at `path` must be allowed to do with the resources that it refers to."""
    asked = {}
    known = LINKED | ({SUBNET: BY_ENDPOINT} if _provider(path) in BEHIND_ENDPOINTS else {})
    for reference in _references(body):
        inner = f"{reference.lower()}/".startswith(f"{path.lower().rstrip('/')}/")
        parts = reference.strip("/").split("/")
        if inner or len(parts) < 8 or len(parts) % 2 or parts[4].lower() != "providers":
            continue
        action = known.get("/".join([parts[5], *parts[6::2]]).lower())
        if action is not None:
            asked[reference.lower()] = Asked(action, reference)
    yield from asked.values()


def _provider(path: str) -> str:
    return path.lower().rpartition("/providers/")[2].partition("/")[0]


def _references(value: Any) -> Iterator[str]:
    """The ids of resources in a body: values of ids, and the keys of maps that are not null."""
    if isinstance(value, dict):
        for key, item in value.items():
            if item is not None and key.lower().startswith("/subscriptions/"):
                yield key
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)
    elif isinstance(value, str) and value.lower().startswith("/subscriptions/"):
        yield value


def of_batch(method: str, path: str, account_id: str) -> tuple[Asked, bool]:
    """What a request on the Batch data plane asks for, and whether that is a data action.

    Source: Azure permissions, Microsoft.Batch: jobs and job schedules are data actions, pools and the rest actions.
    Inferred: that tasks and files go with their job and nodes with their pool ("including task management" and
    "including node management", learn.microsoft.com, Batch RBAC), by the method of the request.
    """
    parts = path.strip("/").split("/")[2:]
    what = parts[0].lower()
    verb = VERBS.get(method, "write")
    if verb == "delete" and len(parts) > 2 and what == "pools":  # files and users of a node
        verb = "write"
    base = "Microsoft.Batch/batchAccounts"
    if what in ("jobs", "jobschedules"):
        kind = "jobs" if what == "jobs" or "jobs" in parts[1:] else "jobSchedules"
        return Asked(f"{base}/{kind}/{verb}", account_id), True
    if what in ("pools", "nodecounts"):
        return Asked(f"{base}/pools/{verb}", account_id), False
    if what == "applications":
        return Asked(f"{base}/applications/{verb}", account_id), False
    return Asked(f"{base}/read", account_id), False
