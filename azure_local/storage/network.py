"""Who may reach an account's blobs by its network rules.

None is a trusted service of Azure or a resource instance, so `bypass` and `resourceAccessRules` let nobody in, and a
managed identity alone does not either. A subnet's rule holds for what comes by a service endpoint; addresses of the
account's own region are not seen (learn.microsoft.com, restrictions for IP network rules).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azure_local.http import Failure
from azure_local.reach.ways import Arrival


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
