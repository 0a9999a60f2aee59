"""Who may reach the two endpoints of a Batch account: clients its own, and nodes that of node management.

Inferred: the code and the text of a refusal; what is allowed is told in the schema of `publicNetworkAccess` and
`networkProfile`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azure_local.azure import Azure
from azure_local.http import Dropped, Failure
from azure_local.reach import places, ways
from azure_local.reach.places import Place

ACCESS = {"batchAccount": "accountAccess", "nodeManagement": "nodeManagementAccess"}
"""Group of a private endpoint → the rules of the network profile that hold for it."""


def check(azure: Azure, account: Mapping[str, Any], place: Place, group: str) -> None:
    """Failure 403 unless the account lets in a request from a place; Dropped if that does not arrive."""
    arrival = ways.arrive(azure, place, account, group)
    properties = account["properties"]
    if arrival.private:
        return
    if properties.get("publicNetworkAccess", "Enabled") != "Enabled":
        text = f"Public network access of the Batch account '{account['name']}' is disabled, and the request does not "
        raise Failure(403, "PublicNetworkAccessNotAllowed", f"{text}come by an approved private endpoint.")
    rules = (properties.get("networkProfile") or {}).get(ACCESS[group]) or {}
    ranges = [rule["value"] for rule in rules.get("ipRules") or () if rule["action"] == "Allow"]
    if rules.get("defaultAction", "Allow") != "Allow" and not arrival.comes_from(ranges):
        text = f"The network profile of the Batch account '{account['name']}' does not allow requests from "
        raise Failure(403, "PublicNetworkAccessNotAllowed", f"{text}'{arrival.address}'.")


def cut_off(azure: Azure, pool: Mapping[str, Any]) -> str:
    """Why the nodes of a pool cannot reach Batch, "" if they can."""
    account = azure.store.get("batchAccount", pool["resource"]["id"].rpartition("/pools/")[0])
    if account is None:
        return ""
    try:
        check(azure, account["resource"], places.of_pool(azure, pool), "nodeManagement")
    except Failure as failure:
        return failure.message
    except Dropped:
        return "The node has no way to the node management endpoint of the Batch account."
    return ""
