"""Microsoft.ContainerRegistry: container registries and their names. `registry.data` serves their images."""

from __future__ import annotations

import re
from typing import Any

from azure_local import serving, tracked
from azure_local.azure import Azure, Route
from azure_local.common import check_subscription, registered
from azure_local.http import Answer, Call, Failure
from azure_local.registry import body as registry_body
from azure_local.registry import images, links, roles
from azure_local.tracked import Changing, Deleting, Document, Provider, Type

VERSIONS = ("2025-11-01", "2025-04-01", "2024-11-01-preview", "2023-07-01", "2022-12-01", "2021-09-01", "2019-05-01")
NAME = r"[A-Za-z0-9]{5,50}"
CREATE_ONLY = ("zoneRedundancy",)
POLICIES: dict[str, dict[str, Any]] = {
    "quarantinePolicy": {"status": "disabled"},
    "trustPolicy": {"type": "Notary", "status": "disabled"},
    "retentionPolicy": {"days": 7, "status": "disabled"},
    "exportPolicy": {"status": "enabled"},
    "azureADAuthenticationAsArmPolicy": {"status": "enabled"},
}


def _bad_name(kind: Type, name: str) -> Failure:
    text = f"The registry name '{name}' is invalid. It must have 5 to 50 alphanumeric characters."
    return Failure(400, "InvalidResourceName", text)


def _busy(resource: Document) -> Failure:
    state = resource["properties"]["provisioningState"]
    text = f"The registry {resource['name']} is in the state {state}; the operation cannot be performed."
    return Failure(409, "RegistryStatusConflict", text)


REGISTRY = Type(
    provider=Provider("Microsoft.ContainerRegistry", registry_body.SHAPES, bad_name=_bad_name, busy=_busy),
    name="Microsoft.ContainerRegistry/registries",
    store="registry",
    versions=VERSIONS,
    shape="Registry",
    naming=NAME,
    changing=Changing.AT_ONCE,
    deleting=Deleting.LOCATED,
)


def lookup(azure: Azure, call: Call) -> Document:
    """The registry's document, in whatever state it is. Failure 404 if there is none."""
    return tracked.lookup(azure, call, REGISTRY)


def settled(azure: Azure, call: Call) -> Document:
    """The registry's document, for changes and builds. Failure 409 while the registry is being made or deleted."""
    document = lookup(azure, call)
    tracked.idle(REGISTRY, document)
    return document


async def put(azure: Azure, call: Call) -> Answer:
    registered(azure, REGISTRY.namespace)
    body, name = tracked.body(azure, call, REGISTRY), call.params[REGISTRY.last]
    sku = registry_body.sku(body)
    registry_body.check(body["properties"], sku["name"])
    if tracked.existing(azure, call, REGISTRY) is not None:
        return _changed(azure, settled(azure, call), {**body, "sku": sku})
    if _taken(azure, name):
        raise Failure(409, "AlreadyInUse", f"The registry DNS name {name.lower()}.azurecr.io is already in use.")
    resource = {
        **{"location": body["location"], "tags": body["tags"], "sku": sku},
        **registry_body.identity(azure, body),
        "properties": _properties(azure, name, sku["name"], body["properties"]),
    }
    return tracked.keep(azure, call, REGISTRY, resource, runs=0)


def _rules(sku: str) -> dict[str, Any] | None:
    """The network rules where nobody has set any. That they come and go with the SKU is inferred."""
    return {"defaultAction": "Allow", "ipRules": []} if sku == "Premium" else None


def _properties(azure: Azure, name: str, sku: str, settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "adminUserEnabled": False,
        "anonymousPullEnabled": False,
        "dataEndpointEnabled": False,
        "dataEndpointHostNames": [],
        "encryption": {"status": "disabled"},
        "networkRuleBypassOptions": "AzureServices",
        "networkRuleSet": _rules(sku),
        "publicNetworkAccess": "Enabled",
        "zoneRedundancy": "Disabled",
        "roleAssignmentMode": "LegacyRegistryPermissions",
        **settings,
        "policies": {**POLICIES, **(settings.get("policies") or {})},
        "loginServer": f"{name.lower()}{images.SUFFIX}",
        "creationDate": azure.clock.after(0),
        "privateEndpointConnections": [],
        "status": None,
    }


def _taken(azure: Azure, name: str) -> bool:
    return any(d["resource"]["name"].lower() == name.lower() for d in azure.store.list(REGISTRY.store))


def _changed(azure: Azure, document: Document, body: Document) -> Answer:
    resource, sku, settings = document["resource"], body["sku"], body["properties"]
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
    rules = {"networkRuleSet": _rules(sku["name"])} if sku["name"] != resource["sku"]["name"] else {}
    policies = {**properties["policies"], **settings.get("policies", {})}
    properties.update({**rules, **settings, "policies": policies, "provisioningState": "Succeeded"})
    resource.update(sku=sku, tags=body.get("tags", resource["tags"]))
    if "identity" in body:
        resource.pop("identity", None)
        resource.update(registry_body.identity(azure, body))
    return tracked.update(azure, REGISTRY, document)


async def patch(azure: Azure, call: Call) -> Answer:
    document, changes = settled(azure, call), tracked.changes(call, REGISTRY)
    sku = registry_body.sku(changes) if "sku" in changes else document["resource"]["sku"]
    registry_body.check(changes["properties"], sku["name"])
    return _changed(azure, document, {**changes, "sku": sku})


async def gone(azure: Azure, document: Document) -> None:
    """Delete the registry's images, runs and sources too."""
    resource = document["resource"]
    images.forget(azure, resource["properties"]["loginServer"])
    for key, _ in azure.store.items("run", f"{resource['id']}/"):
        azure.store.delete("run", key)
    for key, source in azure.store.items("buildSource"):
        if source["registry"].lower() == resource["id"].lower():
            links.forget(azure, key)


async def name_available(azure: Azure, call: Call) -> Answer:
    check_subscription(call)
    name = str((call.body or {}).get("name"))
    if not re.fullmatch(NAME, name):
        message = _bad_name(REGISTRY, name).message
        return Answer(200, {"nameAvailable": False, "reason": "Invalid", "message": message})
    registry_body.SHAPES.fitted("RegistryNameCheckRequest", call.body)
    if _taken(azure, name):
        message = f"The registry {name} is already in use."
        return Answer(200, {"nameAvailable": False, "reason": "AlreadyExists", "message": message})
    return Answer(200, {"nameAvailable": True})


SERVICE = serving.service(
    REGISTRY,
    put=put,
    patch=patch,
    gone=gone,
    routes=(
        Route(
            "POST",
            "/subscriptions/{subscription}/providers/Microsoft.ContainerRegistry/checkNameAvailability",
            name_available,
            VERSIONS,
        ),
    ),
    roles=roles.BUILT_IN,
)
