"""How many resources of a type a subscription has in a region, and may have; `POST /local/quotas` sets a limit.

Source of the limits: learn.microsoft.com, Azure subscription limits, networking. Inferred: the codes of refusals but
that of public addresses, and that the limit of these is so high for everybody.
"""

from __future__ import annotations

from azure_local.azure import Azure, Route, Service
from azure_local.common import check_subscription, registered
from azure_local.http import Answer, Call, Failure
from azure_local.network import provider
from azure_local.tracked import Document, Type

LIMITS = {
    "network": ("VirtualNetworks", 1000),
    "securityGroup": ("NetworkSecurityGroups", 5000),
    "interface": ("NetworkInterfaces", 65536),
    "publicAddress": ("PublicIPAddresses", 1000),
    "privateEndpoint": ("PrivateEndpoints", 65536),
}
"""Kind in the store → the name of its quota, and how many there may be."""


def check(azure: Azure, kind: Type, location: str, key: str) -> None:
    """Failure 400 if another resource of the type were one too many in the region."""
    if kind.store not in LIMITS or azure.store.get(kind.store, key) is not None:
        return
    usage = _usage(azure, kind.store, location)
    if usage["currentValue"] >= usage["limit"]:
        words = "public IP addresses" if kind.store == "publicAddress" else usage["name"]["localizedValue"]
        code = "PublicIPCountLimitReached" if kind.store == "publicAddress" else f"{kind.shape}CountLimitReached"
        text = f"Cannot create more than {usage['limit']} {words} for this subscription in this region."
        raise Failure(400, code, text)


def _usage(azure: Azure, store: str, location: str) -> Document:
    name, limit = LIMITS[store]
    known = azure.store.get("quota", f"{location}/{name}") or {"limit": limit}
    there = [document for document in azure.store.list(store) if document["resource"]["location"] == location]
    shown = "".join(f" {letter}" if letter.isupper() else letter for letter in name).strip().replace("I P", "IP")
    return {
        "currentValue": len(there),
        "limit": known["limit"],
        "name": {"value": name, "localizedValue": shown},
        "unit": "Count",
    }


async def usages(azure: Azure, call: Call) -> Answer:
    check_subscription(call)
    registered(azure, provider.NETWORK.namespace)
    where = call.params["location"].lower()
    return Answer(200, {"value": [{"id": call.path, **_usage(azure, store, where)} for store in LIMITS]})


PATH = "/subscriptions/{subscription}/providers/Microsoft.Network/locations/{location}/usages"
SERVICE = Service(routes=(Route("GET", PATH, usages, provider.VERSIONS),))
