"""Microsoft.ContainerRegistry: container registries and their names. Their images are served by `registries.data`."""

from __future__ import annotations

import re
from typing import Any

from azure_local import operations
from azure_local.azure import Azure, Route, Service
from azure_local.common import GROUP, check_subscription, check_tags, group, group_id, not_found, region, registered
from azure_local.http import Answer, Call, Failure, only, page
from azure_local.registry import body as registry_body
from azure_local.registry import images, links, roles
from azure_local.settings import SUBSCRIPTION

VERSIONS = ("2025-11-01", "2025-04-01", "2024-11-01-preview", "2023-07-01", "2022-12-01", "2021-09-01", "2019-05-01")
TYPE = "Microsoft.ContainerRegistry/registries"
CREATE_ONLY = ("zoneRedundancy",)
POLICIES: dict[str, dict[str, Any]] = {
    "quarantinePolicy": {"status": "disabled"},
    "trustPolicy": {"type": "Notary", "status": "disabled"},
    "retentionPolicy": {"days": 7, "status": "disabled"},
    "exportPolicy": {"status": "enabled"},
    "azureADAuthenticationAsArmPolicy": {"status": "enabled"},
}


def key_of(call: Call, found: dict[str, Any]) -> str:
    return f"{group_id(found)}/providers/{TYPE}/{call.params['registry']}"


def lookup(azure: Azure, call: Call) -> dict[str, Any]:
    """The registry's document, in whatever state it is. Failure 404 if there is none."""
    found = group(azure, call)
    document = azure.store.get("registry", key_of(call, found))
    if document is None:
        raise not_found(TYPE, call.params["registry"], found["name"])
    return document


def settled(azure: Azure, call: Call) -> dict[str, Any]:
    """The registry's document, to be changed or used. Failure 409 while it is being made or deleted."""
    document = lookup(azure, call)
    state = document["resource"]["properties"]["provisioningState"]
    if state not in ("Succeeded", "Failed"):
        text = (
            f"The registry {document['resource']['name']} is in the state {state}; the operation cannot be performed."
        )
        raise Failure(409, "RegistryStatusConflict", text)
    return document


async def put(azure: Azure, call: Call) -> Answer:
    found = group(azure, call)
    registered(azure, "Microsoft.ContainerRegistry")
    body = only(call.body, ("location", "tags", "sku", "properties", "identity"), "Registry")
    name, location, sku = call.params["registry"], region(body, TYPE), registry_body.sku(body)
    if not re.fullmatch(r"[A-Za-z0-9]{5,50}", name):
        text = f"The registry name '{name}' is invalid. It must have 5 to 50 alphanumeric characters."
        raise Failure(400, "InvalidResourceName", text)
    settings, key = registry_body.properties(body, sku["name"]), key_of(call, found)
    if azure.store.get("registry", key) is not None:
        document = settled(azure, call)
        if location != document["resource"]["location"]:
            text = f"The resource '{name}' already exists in location '{document['resource']['location']}'."
            raise Failure(409, "InvalidResourceLocation", text)
        document["resource"]["tags"] = check_tags(body)
        return _changed(azure, document, sku, settings, body)
    if _taken(azure, name):
        raise Failure(409, "AlreadyInUse", f"The registry DNS name {name.lower()}.azurecr.io is already in use.")
    resource = {
        **{"id": key, "name": name, "type": TYPE, "location": location, "tags": check_tags(body), "sku": sku},
        **registry_body.identity(azure, body),
        "properties": _properties(azure, name, sku["name"], settings),
    }
    azure.store.put("registry", key, {"resource": resource, "runs": 0})
    headers = operations.start_async(
        azure, "Microsoft.ContainerRegistry", azure.seconds["registry"], "registry.create", key=key
    )
    return Answer(201, resource, headers)


def _properties(azure: Azure, name: str, sku: str, settings: dict[str, Any]) -> dict[str, Any]:
    rules = {"defaultAction": "Allow", "ipRules": []} if sku == "Premium" else None
    return {
        "adminUserEnabled": False,
        "anonymousPullEnabled": False,
        "dataEndpointEnabled": False,
        "dataEndpointHostNames": [],
        "encryption": {"status": "disabled"},
        "networkRuleBypassOptions": "AzureServices",
        "networkRuleSet": rules,
        "publicNetworkAccess": "Enabled",
        "zoneRedundancy": "Disabled",
        "roleAssignmentMode": "LegacyRegistryPermissions",
        **settings,
        "policies": {**POLICIES, **(settings.get("policies") or {})},
        "loginServer": f"{name.lower()}{images.SUFFIX}",
        "creationDate": azure.clock.after(0),
        "provisioningState": "Creating",
        "privateEndpointConnections": [],
        "status": None,
    }


def _taken(azure: Azure, name: str) -> bool:
    return any(d["resource"]["name"].lower() == name.lower() for d in azure.store.list("registry"))


def _changed(
    azure: Azure, document: dict[str, Any], sku: dict[str, str], settings: dict[str, Any], body: dict[str, Any]
) -> Answer:
    resource = document["resource"]
    properties = resource["properties"]
    for name in CREATE_ONLY:
        if name in settings and settings[name] != properties[name]:
            raise Failure(409, "PropertyImmutable", f"The property '{name}' cannot be changed.")
    if (
        sku["name"] != "Premium"
        and resource["sku"]["name"] == "Premium"
        and properties["publicNetworkAccess"] == "Disabled"
    ):
        text = "The SKU cannot be changed while public network access is disabled."
        raise Failure(409, "SkuChangeNotAllowed", text)
    if sku["name"] != "Premium":
        settings["networkRuleSet"] = None
    policies = {**properties["policies"], **(settings.get("policies") or {})}
    properties.update({**settings, "policies": policies, "provisioningState": "Succeeded"})
    resource["sku"] = sku
    if "identity" in body:
        resource.pop("identity", None)
        resource.update(registry_body.identity(azure, body))
    azure.store.put("registry", resource["id"], document)
    return Answer(200, resource)


async def created(azure: Azure, data: dict[str, Any]) -> None:
    _end(azure, data["key"], "Succeeded")


async def not_created(azure: Azure, data: dict[str, Any]) -> None:
    _end(azure, data["key"], "Failed")


def _end(azure: Azure, key: str, state: str) -> None:
    document = azure.store.get("registry", key)
    if document is not None and document["resource"]["properties"]["provisioningState"] == "Creating":
        document["resource"]["properties"]["provisioningState"] = state
        azure.store.put("registry", key, document)


async def patch(azure: Azure, call: Call) -> Answer:
    document = settled(azure, call)
    resource = document["resource"]
    body = only(call.body, ("tags", "sku", "properties", "identity"), "RegistryUpdateParameters")
    sku = registry_body.sku(body) if body.get("sku") else resource["sku"]
    settings = registry_body.properties(body, sku["name"])
    if "tags" in body:
        resource["tags"] = check_tags(body)
    return _changed(azure, document, sku, settings, body)


async def get(azure: Azure, call: Call) -> Answer:
    return Answer(200, lookup(azure, call)["resource"])


async def listing(azure: Azure, call: Call) -> Answer:
    prefix = f"{group_id(group(azure, call))}/" if "group" in call.params else f"/subscriptions/{SUBSCRIPTION}/"
    return Answer(200, page((d["resource"] for d in azure.store.list("registry", prefix)), call, azure.page_size))


async def delete(azure: Azure, call: Call) -> Answer:
    key = key_of(call, group(azure, call))
    document = azure.store.get("registry", key)
    if document is None:
        return Answer(204)
    document["resource"]["properties"]["provisioningState"] = "Deleting"
    azure.store.put("registry", key, document)
    headers = operations.start(
        azure, "Microsoft.ContainerRegistry", azure.seconds["deletion"], "registry.delete", key=key
    )
    return Answer(202, None, headers)


async def deleted(azure: Azure, data: dict[str, Any]) -> None:
    """The end of a deletion: its images, runs and sources go too."""
    document = azure.store.get("registry", data["key"])
    if document is None:
        return
    images.forget(azure, document["resource"]["properties"]["loginServer"])
    for key, _ in azure.store.items("run", f"{data['key']}/"):
        azure.store.delete("run", key)
    for key, source in azure.store.items("buildSource"):
        if source["registry"].lower() == data["key"].lower():
            links.forget(azure, key)
    azure.store.delete("registry", data["key"])


async def purge(azure: Azure, data: dict[str, Any]) -> None:
    for key, _ in azure.store.items("registry", data["prefix"]):
        await deleted(azure, {"key": key})


async def name_available(azure: Azure, call: Call) -> Answer:
    check_subscription(call)
    body = only(
        call.body, ("name", "type", "resourceGroupName", "autoGeneratedDomainNameLabelScope"), "RegistryNameCheck"
    )
    name = str(body.get("name") or "")
    if body.get("type") != TYPE:
        raise registry_body.bad(f"the value of 'type' must be {TYPE}.")
    if not re.fullmatch(r"[A-Za-z0-9]{5,50}", name):
        message = f"The registry name '{name}' is invalid. It must have 5 to 50 alphanumeric characters."
        return Answer(200, {"nameAvailable": False, "reason": "Invalid", "message": message})
    if _taken(azure, name):
        message = f"The registry {name} is already in use."
        return Answer(200, {"nameAvailable": False, "reason": "AlreadyExists", "message": message})
    return Answer(200, {"nameAvailable": True})


ALL = f"{GROUP}/providers/{TYPE}"
ONE = f"{ALL}/{{registry}}"
EVERYWHERE = "/subscriptions/{subscription}/providers/Microsoft.ContainerRegistry"
SERVICE = Service(
    namespace="Microsoft.ContainerRegistry",
    routes=(
        Route("PUT", ONE, put, VERSIONS),
        Route("PATCH", ONE, patch, VERSIONS),
        Route("GET", ONE, get, VERSIONS),
        Route("DELETE", ONE, delete, VERSIONS),
        Route("GET", ALL, listing, VERSIONS),
        Route("GET", f"{EVERYWHERE}/registries", listing, VERSIONS),
        Route("POST", f"{EVERYWHERE}/checkNameAvailability", name_available, VERSIONS),
    ),
    types={"registry": TYPE},
    completions={
        "registry.create": created,
        "registry.create.failed": not_created,
        "registry.delete": deleted,
        "registry.purge": purge,
    },
    seconds={"registry": 15},
    roles=roles.BUILT_IN,
)
