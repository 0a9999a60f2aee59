"""From where a request comes: from a node of a pool, or from the client, whom a test may place.

On Azure the network says so, and here all come from one machine. What a node is given says it: the tokens of its
identities, and a header with what Batch itself fetches for it. Whoever has neither is the client: outside, at an
address of TEST-NET-2, unless `POST /local/client` says otherwise.
"""

from __future__ import annotations

import ipaddress
import time
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from azure_local.asked import Wrong, members
from azure_local.azure import Azure, Service, Setting

ADDRESSES = ipaddress.ip_network("198.51.100.0/24")
"""TEST-NET-2, which is reserved for examples: of the client (the tenth) and of what Batch gives pools (from 100 on)."""
CLIENT = str(ADDRESSES[10])
HEADER = "local-place"
CLAIMS = ("exp", "local")
MINUTE = 60


@dataclass(frozen=True, slots=True)
class Place:
    """address: its own public one, "" if it has none. subnet: the id, "" if it is in none of the subscription's.

    region: that of Azure in which it is, "" if it is in none.
    """

    address: str = ""
    subnet: str = ""
    region: str = ""

    def claim(self) -> dict[str, str]:
        """Itself as a claim of a token."""
        return asdict(self)


def client(azure: Azure) -> Place:
    return Place(**(azure.store.get("client", "client") or {"address": CLIENT}))


def claimed(azure: Azure, claims: Mapping[str, Any]) -> Place:
    """The place in the claims of a token; that of the client, if they name none."""
    return Place(**claims["local"]) if claims.get("local") else client(azure)


def of_request(azure: Azure, headers: Mapping[str, str]) -> Place:
    """The place that a request's token or header names. Failure 401 if that is forged or expired."""
    if token := headers.get(HEADER):
        return claimed(azure, azure.tokens.verified(token, CLAIMS))
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return claimed(azure, azure.tokens.verified(token, ("exp",))) if scheme == "Bearer" else client(azure)


def header(azure: Azure, place: Place) -> dict[str, str]:
    """The header of a request from a node that has no token."""
    return {HEADER: azure.tokens.sign({"local": place.claim(), "exp": int(time.time()) + MINUTE})}


def of_pool(azure: Azure, document: Mapping[str, Any]) -> Place:
    """Where the nodes of a pool are: they have the pool's public address, if it has any."""
    network = document["resource"]["properties"].get("networkConfiguration") or {}
    account = azure.store.get("batchAccount", document["resource"]["id"].rpartition("/pools/")[0])
    region = account["resource"]["location"] if account else ""
    public = network.get("publicIPAddressConfiguration") or {}
    address = str(ADDRESSES[100 + zlib.crc32(document["resource"]["id"].lower().encode()) % 150])
    if public.get("provision") == "UserManaged":
        known = azure.store.get("publicAddress", (public.get("ipAddressIds") or [""])[0])
        address = known["resource"]["properties"]["ipAddress"] if known else ""
    elif public.get("provision") == "NoPublicIPAddresses":
        address = ""
    return Place(address, str(network.get("subnetId") or ""), region)


def _address(value: Any) -> str:
    try:
        ipaddress.IPv4Address(value)
    except ValueError:
        return "an IPv4 address"
    return ""


def _text(value: Any) -> str:
    return "" if isinstance(value, str) else "the id of a subnet, or an empty text"


def put_client(azure: Azure, body: dict[str, Any]) -> Any:
    """`{"address"}` and `{"subnet"}`, which must be there: where the client is. Without either, where it is now."""
    network, _, name = body.get("subnet", "").partition("/subnets/")
    document = azure.store.get("network", network)
    subnets = document["resource"]["properties"]["subnets"] if document else []
    if network and name.lower() not in [subnet["name"].lower() for subnet in subnets]:
        raise Wrong(f"subnet: there is no {body['subnet']}")
    region = {"region": document["resource"]["location"] if document else ""} if "subnet" in body else {}
    return azure.store.put("client", "client", {**client(azure).claim(), **body, **region})


SERVICE = Service(settings={"client": Setting(members({"address": _address, "subnet": _text}), put_client)})
