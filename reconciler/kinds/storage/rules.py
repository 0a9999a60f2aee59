"""The network rules of a storage account: which subnets and public addresses come in. Pure.

They are declared as a whole, and only where the spec says any: those that others have set stay without.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.kind.permissions import Permissions
from reconciler.model import Address, Body, Desired
from reconciler.spec import networks
from reconciler.spec.sections import StorageAccount
from reconciler.spec.spec import Spec

JOIN = "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action"
WHERE = "properties.networkAcls"
KEYS = {WHERE: "networkAcls"}


def wanted(account: StorageAccount) -> dict[str, Any]:
    if "networkAcls" not in account:
        return {}
    said = account["networkAcls"]
    rules = {
        "defaultAction": said["defaultAction"],
        "bypass": said["bypass"],
        "virtualNetworkRules": sorted(subnet.lower() for subnet in said["virtualNetworkRules"]),
        "ipRules": sorted(said["ipRules"]),
    }
    return {"networkAcls": rules}


def refs(spec: Spec, account: StorageAccount) -> Iterator[Address]:
    """The subnets of the spec that come in."""
    subnets = account.get("networkAcls", {"virtualNetworkRules": ()})["virtualNetworkRules"]
    yield from (address for subnet in subnets for address in networks.refs(spec, subnet) if address.kind == "subnet")


def normalised(body: Mapping[str, Any]) -> Body:
    """The account with its rules as a spec has them: ids and addresses alone, in order."""
    shown = body["properties"].get("networkAcls")
    if not shown:
        return body
    rules = {
        "defaultAction": shown.get("defaultAction", "Allow"),
        "bypass": shown.get("bypass", "AzureServices"),
        "virtualNetworkRules": sorted(rule["id"].lower() for rule in shown.get("virtualNetworkRules") or ()),
        "ipRules": sorted(rule["value"] for rule in shown.get("ipRules") or ()),
    }
    return {**body, "properties": {**body["properties"], "networkAcls": rules}}


def written(body: dict[str, Any]) -> dict[str, Any]:
    """The account as ARM takes it."""
    said = (body.get("properties") or {}).get("networkAcls")
    if not said:
        return body
    rules = {
        "defaultAction": said["defaultAction"],
        "bypass": said["bypass"],
        "virtualNetworkRules": [{"id": subnet, "action": "Allow"} for subnet in said["virtualNetworkRules"]],
        "ipRules": [{"value": address, "action": "Allow"} for address in said["ipRules"]],
    }
    return {**body, "properties": {**body["properties"], "networkAcls": rules}}


def permitted(desired: Desired) -> Permissions:
    said = desired.body["properties"].get("networkAcls") or {}
    return Permissions(writes=(JOIN,) if said.get("virtualNetworkRules") else ())
