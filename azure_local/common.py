"""What the resource services share: names, regions, and documents of tracked resources."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from azure_local.azure import Azure
from azure_local.http import Call, Failure
from azure_local.settings import SUBSCRIPTION

_SHOWN = (
    "Australia East", "Brazil South", "Canada Central", "Central India", "Central US", "East Asia", "East US",
    "East US 2", "France Central", "Germany West Central", "Italy North", "Japan East", "Korea Central",
    "North Central US", "North Europe", "Norway East", "Poland Central", "South Central US", "Southeast Asia",
    "Spain Central", "Sweden Central", "Switzerland North", "UAE North", "UK South", "West Europe", "West US",
    "West US 2", "West US 3",
)  # fmt: skip
REGIONS = {name.replace(" ", "").lower(): name for name in _SHOWN}
"""Region → its name for people, in which providers list it."""

GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"


def region(body: dict[str, Any], namespace: str, regions: Collection[str] = REGIONS) -> str:
    """The canonical region of a body. Failure 400 if there is none or the type is not offered there."""
    if not body.get("location"):
        raise Failure(400, "LocationRequired", "The location property is required for this definition.")
    name = str(body["location"]).replace(" ", "").lower()
    if name not in regions:
        text = f"The provided location '{body['location']}' is not available for resource type '{namespace}'. "
        text += f"List of available regions for the resource type is '{','.join(regions)}'."
        raise Failure(400, "LocationNotAvailableForResourceType", text)
    return name


def group(azure: Azure, call: Call) -> dict[str, Any]:
    """The resource group of the call. Failure 404 if there is none, 409 if it is being deleted."""
    check_subscription(call)
    name = call.params["group"]
    document = azure.store.get("group", name)
    if document is None:
        raise Failure(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")
    resource: dict[str, Any] = document["resource"]
    if resource["properties"]["provisioningState"] == "Deleting" and call.method in ("PUT", "PATCH", "POST"):
        text = f"The resource group '{name}' is in deprovisioning state and cannot perform this operation."
        raise Failure(409, "ResourceGroupBeingDeleted", text)
    return resource


def check_subscription(call: Call) -> None:
    if call.params["subscription"].lower() != SUBSCRIPTION:
        text = f"The subscription '{call.params['subscription']}' could not be found."
        raise Failure(404, "SubscriptionNotFound", text)


def registered(azure: Azure, namespace: str) -> None:
    """Failure 409 unless the subscription is registered for the resource provider."""
    state = azure.store.get("provider", namespace)
    if state is None or not azure.clock.past(state["works"]):
        text = f"The subscription is not registered to use namespace '{namespace}'. "
        text += "See https://aka.ms/rps-not-found for how to register subscriptions."
        raise Failure(409, "MissingSubscriptionRegistration", text)


def group_id(resource: dict[str, Any]) -> str:
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{resource['name']}"


def not_found(kind: str, name: str, group_name: str) -> Failure:
    text = f"The Resource '{kind}/{name}' under resource group '{group_name}' was not found. "
    text += "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    return Failure(404, "ResourceNotFound", text)


def check_tags(body: dict[str, Any]) -> dict[str, str]:
    tags = body.get("tags") or {}
    if len(tags) > 50:
        raise Failure(400, "InvalidTags", "A resource can have at most 50 tags.")
    for name, value in tags.items():
        if not isinstance(value, str) or len(value) > 256 or not name or len(name) > 512 or set(name) & set("<>%&\\?/"):
            raise Failure(400, "InvalidTagNameCharacters", f"The tag name or value of '{name}' is not valid.")
    return dict(tags)
