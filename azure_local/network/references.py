"""What resources of Microsoft.Network refer to, and who refers to them.

A reference must point to an existing resource in the same region, and a resource in use cannot be deleted.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from azure_local import tracked
from azure_local.azure import Azure
from azure_local.http import Answer, Call, Failure
from azure_local.network import quotas
from azure_local.network.provider import unparsed
from azure_local.tracked import Document, Type


def id_of(reference: Any) -> str:
    """The id in `{"id": ...}`, "" if there is none. Failure 400 for what is no reference."""
    if reference is None:
        return ""
    if not isinstance(reference, dict) or not isinstance(reference.get("id", ""), str):
        raise unparsed("InvalidJson", f"Error converting value {json.dumps(reference)} to type 'SubResource'.")
    return str(reference.get("id", ""))


def found(azure: Azure, resource_id: str, store: str, owner: str, location: str) -> Document:
    """The document of the resource. Failure 400 if there is none in the region, 429 if it is not ready."""
    document = azure.store.get(store, resource_id)
    if document is None or document["resource"]["location"] != location:
        raise missing(resource_id, owner)
    state = document["resource"]["properties"]["provisioningState"]
    if state != "Succeeded":
        text = f"Cannot proceed with operation because resource {resource_id} used by resource {owner} is not in "
        text += f"Succeeded state. Resource is in {state} state."
        inner = (("ReferencedResourceNotProvisioned", text),)
        raise Failure(429, "RetryableError", "A retryable error occurred.", details=inner)
    return document


def missing(resource_id: str, owner: str) -> Failure:
    text = f"Resource {resource_id} referenced by resource {owner} was not found. Please make sure that the referenced "
    return Failure(
        400, "InvalidResourceReference", f"{text}resource exists, and that both resources are in the same region."
    )


def subnet(azure: Azure, subnet_id: str, owner: str, location: str) -> Document:
    """A subnet in the region. Failure as for any other reference."""
    network = found(azure, subnet_id.split("/subnets/")[0], "network", owner, location)
    subnets = {one["id"].lower(): one for one in network["resource"]["properties"]["subnets"]}
    if subnet_id.lower() not in subnets:
        raise missing(subnet_id, owner)
    return dict(subnets[subnet_id.lower()])


def users(azure: Azure, store: str, text: str) -> list[str]:
    """The ids of the resources whose properties have a text that begins with `text`."""
    mention = f'"{text.lower()}'
    resources = (document["resource"] for document in azure.store.list(store))
    return [resource["id"] for resource in resources if mention in json.dumps(resource["properties"]).lower()]


def kept(azure: Azure, call: Call, kind: Type, resource: Document) -> Answer:
    """Keep a resource under a new ETag, with the GUID that it has for good. Failure 400 if it is one too many."""
    quotas.check(azure, kind, resource["location"], kind.key(azure, call))
    resource["etag"] = etag()
    existing = azure.store.get(kind.store, kind.key(azure, call))
    before = existing["resource"]["properties"] if existing else {}
    resource["properties"]["resourceGuid"] = before.get("resourceGuid") or str(uuid.uuid4())
    return tracked.keep(azure, call, kind, resource)


def etag() -> str:
    return f'W/"{uuid.uuid4()}"'
