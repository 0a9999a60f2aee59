"""A Batch account: what pools and jobs live in.

Tags, authentication modes, network access, identity and auto-storage change in place; location, allocation mode and
key vault do not, and the account is never replaced, because its pools and jobs would go with it. It is empty when
it has no pool.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from reconciler import marks
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud, Operation
from reconciler.kind import ArmType, Kind
from reconciler.model import Address, Desired, Diff, Mark, Observed, Rule
from reconciler.spec.spec import Spec

NAME = "batch_account"
FIELDS = {
    **arm.TAGGED,
    "identity": Rule.LIVE,
    "properties.autoStorage": Rule.LIVE,
    "properties.publicNetworkAccess": Rule.LIVE,
    "properties.networkProfile": Rule.LIVE,
    "properties.encryption": Rule.LIVE,
    "properties.allowedAuthenticationModes": Rule.LIVE,
    "properties.poolAllocationMode": Rule.REFUSE,
    "properties.keyVaultReference": Rule.REFUSE,
}


def expand(spec: Spec) -> Iterable[Desired]:
    account = spec.batch_account
    if account is None:
        return
    refs = [Address("resource_group", spec.azure.resource_group)]
    group = spec.group_id
    properties: dict[str, Any] = {
        "poolAllocationMode": "BatchService",
        "publicNetworkAccess": account["publicNetworkAccess"],
        "allowedAuthenticationModes": sorted(account["allowedAuthenticationModes"]),
        "autoStorage": None,
    }
    body = {**arm.tagged(spec, account), "properties": properties, "identity": []}
    if "autoStorage" in account:
        storage = account["autoStorage"].split("/")[1]
        refs.append(Address("storage_account", storage))
        storage_id = f"{group}/providers/Microsoft.Storage/storageAccounts/{storage}"
        properties["autoStorage"] = {"storageAccountId": storage_id.lower(), "authenticationMode": "StorageKeys"}
    if "autoStorageIdentity" in account:
        identity = account["autoStorageIdentity"].split("/")[1]
        refs.append(Address("identity", identity))
        identity_id = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{identity}".lower()
        properties["autoStorage"] |= {
            "authenticationMode": "BatchAccountManagedIdentity",
            "nodeIdentityReference": {"resourceId": identity_id},
        }
        body["identity"] = [identity_id]
    yield Desired(Address(NAME, account["name"]), body, tuple(refs), account["protect"])


def _collection(cloud: Cloud) -> str:
    return f"{cloud.group_id}/providers/Microsoft.Batch/batchAccounts"


def _observed(raw: dict[str, Any]) -> Observed:
    properties = dict(raw["properties"])
    state = properties["provisioningState"]
    storage = properties.get("autoStorage")
    if storage:
        node = storage.get("nodeIdentityReference")
        properties["autoStorage"] = {
            "storageAccountId": storage["storageAccountId"].lower(),
            "authenticationMode": storage.get("authenticationMode", "StorageKeys"),
            "nodeIdentityReference": {"resourceId": node["resourceId"].lower()} if node else None,
        }
    properties["allowedAuthenticationModes"] = sorted(properties.get("allowedAuthenticationModes") or [])
    body = {
        **raw,
        "location": arm.region(raw["location"]),
        "tags": marks.without_mark(raw.get("tags")),
        "identity": arm.identity_ids(raw.get("identity")),
        "properties": properties,
    }
    mark = marks.mark_of(raw.get("tags"))
    return Observed(Address(NAME, raw["name"]), raw["id"], body, mark, arm.health(state), arm.detail(state))


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    return [_observed(raw) for raw in arm.listing(cloud, _collection(cloud))]


def observe(cloud: Cloud, wanted: Desired | Observed) -> Observed | None:
    raw = arm.get(cloud, f"{_collection(cloud)}/{wanted.address.name}")
    return _observed(raw) if raw else None


def _wire(body: Any) -> dict[str, Any]:
    properties = {key: value for key, value in body["properties"].items() if value is not None}
    return {**body, "properties": properties, "identity": arm.user_assigned(body["identity"])}


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    body = {**_wire(desired.body), "tags": marks.with_mark(desired.body["tags"], mark)}
    return arm.put(cloud, f"{_collection(cloud)}/{desired.address.name}", body)


def update(cloud: Cloud, desired: Desired, mark: Mark, found: Observed, diff: Diff) -> Operation | None:
    wire = _wire(desired.body)
    changeable = {key: value for key, value in wire["properties"].items() if key != "poolAllocationMode"}
    body = {"tags": marks.replaced_tags(found.body, desired.body, mark), "properties": changeable}
    if any(change.path.startswith("identity") for change in diff.changes):
        body["identity"] = wire["identity"]
    return arm.patch(cloud, found.id, body)


def delete(cloud: Cloud, found: Observed) -> Operation | None:
    """Refuses while a pool is left: all of ours have been deleted before."""
    left = [f"pools/{raw['name']}" for raw in arm.listing(cloud, f"{found.id}/pools")]
    if left:
        raise arm.occupied(found.address, left)
    return arm.delete(cloud, found.id)


KIND = Kind(
    name=NAME,
    arm=ArmType("Microsoft.Batch/batchAccounts", "2025-06-01", named_at="Microsoft.Batch/locations/{location}"),
    fields=FIELDS,
    expand=expand,
    list=list_,
    observe=observe,
    create=create,
    update=update,
    delete=delete,
    ready_within=timedelta(minutes=15),
)
