"""What is beside pools and jobs, in a spec's words: each function is the inverse of its kind's `expand`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.azure import roles
from reconciler.importing.words import Known, Unsayable, definition, pairs, without
from reconciler.model import Observed
from reconciler.spec.schema import defaults

Section = dict[str, Any]
STORAGE = (
    "sku",
    "kind",
    "publicNetworkAccess",
    "allowSharedKeyAccess",
    "allowBlobPublicAccess",
    "minimumTlsVersion",
)
ACCOUNT = ("publicNetworkAccess", "allowedAuthenticationModes")
CONDITIONS = ("condition", "delegatedManagedIdentityResourceId")


def shared_tags(group: Observed, tracked: Iterable[Observed], notes: list[str]) -> dict[str, str]:
    """The tags of the group that all other resources have too, with whatever value: `azure.tags`."""
    given = pairs(group.body["tags"], definition("tags"), "tags", notes)
    others = [one.body["tags"] for one in tracked]
    found = {name: value for name, value in given.items() if all(name in tags for tags in others)}
    left = ", ".join(sorted(given.keys() - found.keys()))
    if left:
        notes.append(f"its tags {left} are not in the spec, which would put them on everything; they stay as they are")
    return found


def tracked(found: Observed, known: Known, notes: list[str]) -> Section:
    """`tags` beyond the spec's, and `protect`."""
    own = pairs(found.body.get("tags") or {}, definition("tags"), "tags", notes)
    more = {name: value for name, value in own.items() if known.tags.get(name) != value}
    return {**({"tags": more} if more else {}), **protect(found)}


def protect(found: Observed) -> Section:
    return {"protect": True} if found.mark and found.mark.protect else {}


def storage_account(found: Observed, known: Known, notes: list[str]) -> Section:
    properties = found.body["properties"]
    given = {**properties, "sku": found.body["sku"]["name"], "kind": found.body["kind"]}
    own = without({name: given[name] for name in STORAGE}, defaults("storage_account"))
    return {**own, **tracked(found, known, notes)}


def container(found: Observed, known: Known, notes: list[str]) -> Section:
    shape = definition("container")["properties"]["metadata"]
    metadata = pairs(found.body["properties"]["metadata"], shape, "metadata", notes)
    return {**({"metadata": metadata} if metadata else {}), **protect(found)}


def identity(found: Observed, known: Known, notes: list[str]) -> Section:
    return tracked(found, known, notes)


def role(found: Observed, known: Known, notes: list[str]) -> Section:
    """`{role, on}` of a role assignment of an identity of the spec."""
    if any(found.body["properties"].get(name) for name in CONDITIONS):
        raise Unsayable("it holds under a condition")
    return {"role": role_name(found), "on": _scope(found.body["scope"], known)}


def role_name(found: Observed) -> str:
    """The name of a built-in role, else the role definition id."""
    given = str(found.body["properties"]["roleDefinitionId"])
    names = {definition_id: name for name, definition_id in roles.ROLES.items()}
    return names.get(given, given)


def _scope(scope: str, known: Known) -> str:
    if scope.lower() == known.group_id.lower():
        return "resourceGroup"
    for section, names in (("storage", known.storage), ("registries", known.registries)):
        if scope.lower() in names:
            return f"{section}/{names[scope.lower()]}"
    account = f"{known.group_id}/providers/Microsoft.Batch/batchAccounts/{known.account}"
    if known.account and scope.lower() == account.lower():
        return "batchAccount"
    raise Unsayable(f"it holds on {scope}, which is not in the spec")


def registry(found: Observed, known: Known, notes: list[str]) -> Section:
    return {**without({"sku": found.body["sku"]["name"]}, defaults("registry")), **tracked(found, known, notes)}


def batch_account(found: Observed, known: Known, notes: list[str]) -> Section:
    properties = found.body["properties"]
    own: Section = {
        "name": found.address.name,
        **without({name: properties[name] for name in ACCOUNT}, defaults("batch_account")),
    }
    linked = properties.get("autoStorage")
    if linked:
        name = known.storage.get(linked["storageAccountId"])
        if name is None:
            raise Unsayable(f"its auto-storage account {linked['storageAccountId']} is not in the spec")
        own["autoStorage"] = f"storage/{name}"
        node = linked.get("nodeIdentityReference")
        if node:
            own["autoStorageIdentity"] = known.identity(node["resourceId"])
    return {**own, **tracked(found, known, notes)}
