"""Who may reach an account's blobs by its network rules.

All callers come from this machine's own address. None is a trusted service of Azure or a resource instance, so `bypass`
and `resourceAccessRules` let nobody in, and a managed identity alone does not either. A node is in its pool's subnet,
which stands in the tokens that it gets; a link without a token comes from outside.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from azure_local.http import Failure


def check(account: Mapping[str, Any], address: str, subnet: str = "") -> None:
    """Failure 403 unless the account lets in a caller from this address, on a node in this subnet."""
    properties = account["properties"]
    rules = properties.get("networkAcls") or {}
    closed = properties.get("publicNetworkAccess", "Enabled") != "Enabled"
    ranges = [rule["value"] for rule in rules.get("ipRules") or ()]
    subnets = [rule["id"].lower() for rule in rules.get("virtualNetworkRules") or ()]
    if not closed and rules.get("defaultAction", "Allow") == "Allow":
        return
    if not closed and (subnet.lower() in subnets or any(_within(address, known) for known in ranges)):
        return
    raise Failure(403, "AuthorizationFailure", "This request is not authorized to perform this operation.")


def _within(address: str, known: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(known, strict=False)
    except ValueError:
        return False
