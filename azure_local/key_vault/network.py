"""Who may reach a key vault by its network rules. The texts are quoted in issues of clients of Azure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azure_local.http import Failure
from azure_local.reach.ways import Arrival


def check(vault: Mapping[str, Any], arrival: Arrival) -> None:
    """Failure 403 unless the vault lets in what arrives so; its details name the rule."""
    properties = vault["properties"]
    rules = properties.get("networkAcls") or {}
    if arrival.private:
        return
    if str(properties.get("publicNetworkAccess", "Enabled")).lower() == "disabled":
        text = (
            "Public network access is disabled and request is not from a trusted service nor via an approved private "
        )
        raise Failure(403, "Forbidden", f"{text}link.", details=(("ForbiddenByConnection", ""),))
    subnets = [rule["id"].lower() for rule in rules.get("virtualNetworkRules") or ()]
    known = arrival.comes_from(rule["value"] for rule in rules.get("ipRules") or ())
    if rules.get("defaultAction", "Allow") == "Allow" or arrival.subnet.lower() in subnets or known:
        return
    text = f"Client address is not authorized and caller is not a trusted service.\r\nClient address: {arrival.address}"
    raise Failure(403, "Forbidden", text, details=(("ForbiddenByFirewall", ""),))
