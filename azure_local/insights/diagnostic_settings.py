"""Diagnostic settings: which logs and metrics of a resource go to which workspace or storage account.

A setting stands below the resource that it is about, and stays when that is deleted: who makes the resource again has
the setting again (documented). The texts of refusals are quoted in issues of the providers of Terraform. Inferred: the
refusal of a sixth setting, of groups beside categories, of an account that is to receive its own logs, and the code of
a place that is not there. There are no event hubs here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from azure_local import serving
from azure_local.azure import Azure, Route, Service
from azure_local.common import registered
from azure_local.http import Answer, Call, Failure, page
from azure_local.insights import catalogue, targets
from azure_local.insights.rules import refused
from azure_local.insights.targets import Target
from azure_local.shapes import Shapes, load, malformed

NAMESPACE = "Microsoft.Insights"
STORE, TYPE = "diagnosticSetting", f"{NAMESPACE}/diagnosticSettings"
CATEGORY = f"{NAMESPACE}/diagnosticSettingsCategories"
VERSIONS = ("2021-05-01-preview",)
SHAPES = Shapes(load("insights-diagnostics"), malformed)
MOST = 5
SINKS = ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId")
KEPT = ("logs", "metrics")


def _target(azure: Azure, call: Call) -> Target:
    """The resource that the call is about. Failure 404 if it is not there, 400 if nothing of it can be seen."""
    target = targets.needed(azure, f"/{call.params['scope']}")
    if catalogue.of(target.type) is None:
        text = f"The resource type '{target.type.lower()}' does not support diagnostic settings."
        raise Failure(400, "ResourceTypeNotSupported", text)
    return target


def _visible(target: Target) -> catalogue.Visible:
    seen = catalogue.of(target.type)
    assert seen is not None
    return seen


async def put(azure: Azure, call: Call) -> Answer:
    registered(azure, NAMESPACE)
    target, name = _target(azure, call), call.params["setting"]
    properties: dict[str, Any] = SHAPES.fitted("DiagnosticSetting", call.body).get("properties", {})
    _check_categories(target, properties)
    _check_sinks(azure, target, properties)
    key = f"{target.id}/providers/{TYPE}/{name}"
    _check_others(azure, target, key, properties)
    resource = {"id": key, "type": TYPE, "name": name, "properties": _completed(properties)}
    azure.store.put(STORE, key, {"resource": resource})
    return Answer(200, resource)


def _completed(properties: dict[str, Any]) -> dict[str, Any]:
    """Every category with its switched-off retention, as Azure shows it."""
    off = {"days": 0, "enabled": False}
    lists = {
        name: [
            {"category": None, "categoryGroup": None, **one, "retentionPolicy": off} for one in properties.get(name, [])
        ]
        for name in KEPT
    }
    lists["metrics"] = [{k: v for k, v in one.items() if k != "categoryGroup"} for one in lists["metrics"]]
    return {**dict.fromkeys((*SINKS, "eventHubName", "logAnalyticsDestinationType")), **properties, **lists}


def _check_categories(target: Target, properties: dict[str, Any]) -> None:
    """Spell the categories as Azure does. Failure 400 for one that the resource does not have, or a retention."""
    seen, logs, metrics = _visible(target), properties.get("logs", []), properties.get("metrics", [])
    if not logs and not metrics:
        raise refused("At least one log or metric category needs to be specified.")
    if any(one.get("retentionPolicy", {}).get("enabled") for one in [*logs, *metrics]):
        raise refused("Diagnostic settings does not support retention for new diagnostic settings.")
    if not all(("category" in one) != ("categoryGroup" in one) for one in logs):
        raise refused("Either a log category or a category group has to be specified.")
    if len({"category" in one for one in logs}) > 1:
        raise refused("Log categories and category groups cannot be used in one diagnostic setting.")
    groups = {group for known in seen.logs.values() for group in known}
    for one in logs:
        if "category" in one:
            one["category"] = _spelt(one["category"], seen.logs, "Category")
        else:
            one["categoryGroup"] = _spelt(one["categoryGroup"], groups, "Category group")
    for one in metrics:
        one["category"] = _spelt(one.get("category", ""), seen.sums, "Metric category")


def _spelt(name: str, known: Iterable[str], word: str) -> str:
    """A name as Azure spells it. Failure 400 if it is not known."""
    for one in known:
        if one.lower() == name.lower():
            return one
    raise refused(f"{word} '{name}' is not supported.")


def _check_sinks(azure: Azure, target: Target, properties: dict[str, Any]) -> None:
    """Failure unless there is somewhere to send to, and it is there."""
    sinks = {name: properties[name] for name in SINKS if properties.get(name)}
    if not sinks:
        raise refused("At least one data sink needs to be specified.")
    found = {name: targets.needed(azure, sink) for name, sink in sinks.items()}
    account = found.get("storageAccountId")
    if account is None:
        return
    if account.region != target.region:
        text = f"Resource '{target.id}' is in region '{target.region}' and resource '{account.id}' is in region "
        raise refused(f"{text}'{account.region}'.")
    if f"{target.id}/".lower().startswith(f"{account.id}/".lower()):
        raise refused("A storage account cannot receive its own logs and metrics.")


def _check_others(azure: Azure, target: Target, key: str, properties: dict[str, Any]) -> None:
    """Failure for a sixth setting, and for one that sends the same to the same place as another one does."""
    others = [one["resource"] for one in of(azure, target.id) if one["resource"]["id"].lower() != key.lower()]
    if len(others) >= MOST:
        text = f"The limit of {MOST} diagnostic settings was reached. To create new setting, delete an existing one."
        raise refused(text)
    mine = set(sent(target.type, properties))
    for other in others:
        for name in SINKS:
            sink = properties.get(name)
            same = sink and str(other["properties"].get(name)).lower() == sink.lower()
            both = mine & set(sent(target.type, other["properties"])) if same else ()
            if both:
                text = f"Data sink '{sink}' is already used in diagnostic setting '{other['name']}' for category "
                text += f"'{min(both)}'. Data sinks can't be reused in different settings on the same category for the "
                raise Failure(409, "Conflict", f"{text}same resource.")


def sent(arm_type: str, properties: dict[str, Any]) -> Iterator[str]:
    """The categories, of logs and of metrics, that a setting sends."""
    seen = catalogue.of(arm_type)
    for one in properties.get("logs") or ():
        if one["enabled"] and one.get("category"):
            yield one["category"]
        elif one["enabled"] and seen:
            group = str(one.get("categoryGroup")).lower()
            yield from (name for name, groups in seen.logs.items() if group in [known.lower() for known in groups])
    for one in properties.get("metrics") or ():
        if one["enabled"]:
            yield one["category"]


def of(azure: Azure, resource_id: str) -> list[dict[str, Any]]:
    """The documents of the settings of one resource."""
    return azure.store.list(STORE, f"{resource_id}/providers/{TYPE}/")


async def get(azure: Azure, call: Call) -> Answer:
    target, name = _target(azure, call), call.params["setting"]
    document = azure.store.get(STORE, f"{target.id}/providers/{TYPE}/{name}")
    if document is None:
        text = f"The Resource '{target.type}/{target.name}/providers/{TYPE}/{name}' was not found."
        raise Failure(404, "ResourceNotFound", text)
    return Answer(200, document["resource"])


async def delete(azure: Azure, call: Call) -> Answer:
    target = _target(azure, call)
    key = f"{target.id}/providers/{TYPE}/{call.params['setting']}"
    if azure.store.get(STORE, key) is None:
        return Answer(204)
    azure.store.delete(STORE, key)
    return Answer(200)


async def listing(azure: Azure, call: Call) -> Answer:
    return Answer(200, page([one["resource"] for one in of(azure, _target(azure, call).id)], call, azure.page_size))


def _category(target: Target, name: str, kind: str, groups: tuple[str, ...]) -> dict[str, Any]:
    properties = {"categoryType": kind, "categoryGroups": list(groups)}
    return {"id": f"{target.id}/providers/{CATEGORY}/{name}", "type": CATEGORY, "name": name, "properties": properties}


async def categories(azure: Azure, call: Call) -> Answer:
    """What can be sent of the resource."""
    target = _target(azure, call)
    seen = _visible(target)
    logs = [_category(target, name, "Logs", groups) for name, groups in seen.logs.items()]
    return Answer(200, {"value": [*logs, *(_category(target, name, "Metrics", ()) for name in seen.sums)]})


ALL = f"/{{scope:path}}/providers/{TYPE}"
SERVICE = Service(
    namespace=NAMESPACE,
    routes=(
        *serving.crud(f"{ALL}/{{setting}}", ALL, VERSIONS, put=put, get=get, delete=delete, listing=listing),
        Route("GET", f"/{{scope:path}}/providers/{CATEGORY}", categories, VERSIONS),
    ),
)
