"""The network rules of an account: which there can be, and who may reach its blobs by them.

None is a trusted service of Azure or a resource instance, so `bypass` and `resourceAccessRules` let nobody in, and a
managed identity alone does not either. A subnet's rule holds for what comes by a service endpoint; addresses of the
account's own region are not seen (learn.microsoft.com, restrictions for IP network rules).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from azure_local.azure import Azure
from azure_local.http import Failure
from azure_local.reach import ways
from azure_local.reach.ways import Arrival

SERVICES = ("Microsoft.Storage", "Microsoft.Storage.Global")
NOT_PUBLIC = tuple(ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
LARGEST = 30
"""The longest prefix of a range; a single address stands for itself. Source: the same page."""


def check_rules(azure: Azure, properties: Mapping[str, Any]) -> None:
    """Failure 400 for rules that cannot be. Texts: quoted in issues of clients; that of no subnet is inferred."""
    rules = properties.get("networkAcls") or {}
    if not all(_public(str(rule["value"])) for rule in rules.get("ipRules") or ()):
        text = "Values for request parameters are invalid: networkAcls.ipRule[*].value."
        raise Failure(400, "InvalidValuesForRequestParameters", text)
    for rule in rules.get("virtualNetworkRules") or ():
        subnet = ways.subnet(azure, rule["id"])
        endpoints = [one.get("service") for one in subnet["properties"].get("serviceEndpoints", ())] if subnet else []
        if any(service in endpoints for service in SERVICES):
            continue
        place, _, name = rule["id"].rpartition("/subnets/")
        text = f"Validation of network acls failure: SubnetsHaveNoServiceEndpointsConfigured:Subnets {name} of virtual "
        text += f"network {place} do not have ServiceEndpoints for Microsoft.Storage resources configured. Add "
        text += "Microsoft.Storage to subnet's ServiceEndpoints collection before trying to ACL Microsoft.Storage "
        raise Failure(400, "NetworkAclsValidationFailure", f"{text}resources to these subnets.")


def _public(text: str) -> bool:
    try:
        given = ipaddress.IPv4Network(text)
    except ValueError:
        return False
    return ("/" not in text or given.prefixlen <= LARGEST) and not any(given.overlaps(one) for one in NOT_PUBLIC)


def check(account: Mapping[str, Any], arrival: Arrival) -> None:
    """Failure 403 unless the account lets in what arrives so."""
    properties = account["properties"]
    rules = properties.get("networkAcls") or {}
    closed = properties.get("publicNetworkAccess", "Enabled") != "Enabled"
    subnets = [rule["id"].lower() for rule in rules.get("virtualNetworkRules") or ()]
    if arrival.private or (not closed and rules.get("defaultAction", "Allow") == "Allow"):
        return
    ranges = (rule["value"] for rule in rules.get("ipRules") or ())
    seen = arrival.region != account["location"] and arrival.comes_from(ranges)
    if not closed and (arrival.subnet.lower() in subnets or seen):
        return
    raise Failure(403, "AuthorizationFailure", "This request is not authorized to perform this operation.")
