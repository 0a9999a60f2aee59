"""Microsoft.Resources: resource groups and their resources, providers and subscriptions."""

from __future__ import annotations

import re
from typing import Any

from azure_local import operations, serving
from azure_local.asked import members, word
from azure_local.authorization import roles
from azure_local.azure import Azure, Route, Service, Setting
from azure_local.common import GROUP, REGIONS, check_subscription, check_tags, group, group_id, region
from azure_local.http import Answer, Call, Failure, page
from azure_local.settings import SUBSCRIPTION, TENANT
from azure_local.shapes import Shapes, load, malformed

VERSIONS = (
    "2025-04-01",
    "2024-11-01",
    "2024-07-01",
    "2022-12-01",
    "2021-04-01",
    "2020-10-01",
    "2020-06-01",
    "2019-07-01",
)

SHAPES = Shapes(load("resources"), malformed)


async def put(azure: Azure, call: Call) -> Answer:
    check_subscription(call)
    body = SHAPES.fitted("ResourceGroup", call.body)
    name, location = call.params["group"], region(body, "Microsoft.Resources/resourceGroups")
    if not re.fullmatch(r"[-\w.()]{1,90}", name) or name.endswith("."):
        text = f"The provided resource group name '{name}' has these invalid characters or ends with a period."
        raise Failure(400, "InvalidResourceGroup", text)
    document = azure.store.get("group", name)
    if document and document["resource"]["properties"]["provisioningState"] == "Deleting":
        raise Failure(409, "ResourceGroupBeingDeleted", f"The resource group '{name}' is in deprovisioning state.")
    if document and document["resource"]["location"] != location:
        text = f"Invalid resource group location '{location}'. The Resource group already exists in location "
        raise Failure(409, "InvalidResourceGroupLocation", f"{text}'{document['resource']['location']}'.")
    resource = {
        "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}",
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": location,
        "tags": check_tags(body),
        "properties": {"provisioningState": "Succeeded"},
    }
    azure.store.put("group", name, {"resource": resource})
    return Answer(200 if document else 201, resource)


async def patch(azure: Azure, call: Call) -> Answer:
    resource = group(azure, call)
    body = SHAPES.fitted("ResourceGroupPatchable", call.body)
    if "tags" in body:
        resource["tags"] = check_tags(body)
    azure.store.put("group", resource["name"], {"resource": resource})
    return Answer(200, resource)


async def get(azure: Azure, call: Call) -> Answer:
    return Answer(200, group(azure, call))


async def head(azure: Azure, call: Call) -> Answer:
    return Answer(204 if azure.store.get("group", call.params["group"]) else 404)


async def listing(azure: Azure, call: Call) -> Answer:
    """The groups in which the caller may look at something; so there is nothing to be refused."""
    check_subscription(call)
    groups = (document["resource"] for document in azure.store.list("group"))
    shown = (group for group in groups if roles.may(azure, call.principal, READ, str(group["id"])))
    return Answer(200, page(shown, call, azure.page_size))


async def delete(azure: Azure, call: Call) -> Answer:
    resource = group(azure, call)
    resource["properties"]["provisioningState"] = "Deleting"
    azure.store.put("group", resource["name"], {"resource": resource})
    headers = operations.start(
        azure, "Microsoft.Resources", azure.seconds["deletion"], "group.delete", group=resource["name"]
    )
    return Answer(202, None, headers)


async def deleted(azure: Azure, data: dict[str, Any]) -> None:
    """The end of a deletion: delete everything in the group too."""
    prefix = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{data['group']}/"
    for name in list(azure.completions):
        if name.endswith(".purge"):
            await azure.completions[name](azure, {"prefix": prefix})
    azure.store.delete("group", data["group"])


async def resources(azure: Azure, call: Call) -> Answer:
    """All tracked resources of the group or the subscription, in short form; `$filter` by tag or type."""
    prefix = f"{group_id(group(azure, call))}/" if "group" in call.params else f"/subscriptions/{SUBSCRIPTION}/"
    fits = _filter(call.query.get("$filter"))
    summaries = []
    for kind in azure.types:
        for document in azure.store.list(kind, prefix):
            resource = document["resource"]
            if fits(resource):
                keys = ("id", "name", "type", "location", "tags", "sku", "kind", "identity")
                summaries.append({key: resource[key] for key in keys if key in resource})
    if "tagValue" in (call.query.get("$filter") or ""):  # by Microsoft's schema tags are not returned then
        summaries = [{key: value for key, value in shown.items() if key != "tags"} for shown in summaries]
    return Answer(200, page(summaries, call, azure.page_size))


def _filter(text: str | None) -> Any:
    if not text:
        return lambda resource: True
    tag = re.fullmatch(r"tagName eq '([^']*)'(?: and tagValue eq '([^']*)')?", text)
    if tag:
        name, value = tag.groups()
        return lambda resource: name in resource["tags"] and value in (None, resource["tags"][name])
    kind = re.fullmatch(r"resourceType eq '([^']*)'", text)
    if kind:
        return lambda resource: resource["type"].lower() == kind[1].lower()
    raise Failure(400, "InvalidFilterInQueryString", f"Invalid $filter '{text}' specified in the query string.")


def _provider(azure: Azure, namespace: str) -> dict[str, Any]:
    known = next((name for name in azure.namespaces if name.lower() == namespace.lower()), None)
    if known is None:
        raise Failure(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")
    state = azure.store.get("provider", known)
    works = state is not None and azure.clock.past(state["works"])
    types = sorted(name for name in azure.types.values() if name.startswith(f"{known}/") and name.count("/") == 1)
    words = "Registered" if works else "Registering" if state else "NotRegistered"
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}/providers/{known}",
        "namespace": known,
        "registrationState": words,
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": [_resource_type(name) for name in types],
    }


def _resource_type(name: str) -> dict[str, Any]:
    return {"resourceType": name.partition("/")[2], "locations": list(REGIONS.values())}


async def provider(azure: Azure, call: Call) -> Answer:
    return Answer(200, _provider(azure, call.params["namespace"]))


async def providers(azure: Azure, call: Call) -> Answer:
    return Answer(200, page((_provider(azure, name) for name in azure.namespaces), call, azure.page_size))


async def register(azure: Azure, call: Call) -> Answer:
    known = _provider(azure, call.params["namespace"])["namespace"]
    if azure.store.get("provider", known) is None:
        azure.store.put("provider", known, {"works": azure.clock.after(azure.seconds["registration"])})
    return Answer(200, _provider(azure, known))


async def subscription(azure: Azure, call: Call) -> Answer:
    check_subscription(call)
    return Answer(200, _subscription(azure))


async def subscriptions(azure: Azure, call: Call) -> Answer:
    return Answer(200, {"value": [_subscription(azure)], "count": {"type": "Total", "value": 1}})


async def tenants(azure: Azure, call: Call) -> Answer:
    return Answer(200, {"value": [{"id": f"/tenants/{TENANT}", "tenantId": TENANT}]})


def _subscription(azure: Azure) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}",
        "subscriptionId": SUBSCRIPTION,
        "tenantId": TENANT,
        "displayName": "Local Azure",
        "state": roles.subscription_state(azure),
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
        "authorizationSource": "RoleBased",
    }


def set_state(azure: Azure, body: dict[str, Any]) -> Any:
    """`{"state": "Warned"}`: set the subscription's state; while it is Disabled nothing can be written."""
    return azure.store.put("subscription", SUBSCRIPTION, {"state": body["state"]})


ONE = "/subscriptions/{subscription}"
READ = "Microsoft.Resources/subscriptions/resourceGroups/read"
STATES = ("Enabled", "Warned", "PastDue", "Disabled")
SERVICE = Service(
    routes=(
        Route("GET", "/subscriptions", subscriptions, VERSIONS),
        Route("GET", "/tenants", tenants, VERSIONS),
        Route("GET", ONE, subscription, VERSIONS),
        *serving.crud(
            GROUP,
            f"{ONE}/resourceGroups",
            VERSIONS,
            listing=listing,
            put=put,
            patch=patch,
            get=get,
            head=head,
            delete=delete,
        ),
        Route("GET", f"{GROUP}/resources", resources, VERSIONS),
        Route("GET", f"{ONE}/resources", resources, VERSIONS),
        *serving.crud(f"{ONE}/providers/{{namespace}}", f"{ONE}/providers", VERSIONS, listing=providers, get=provider),
        *serving.posts(f"{ONE}/providers/{{namespace}}", VERSIONS, register=register),
    ),
    completions={"group.delete": deleted},
    seconds={"registration": 30},
    settings={
        "subscription": Setting(
            members({"state": word("Enabled", "Warned", "PastDue", "Disabled")}, "state"), set_state
        )
    },
)
