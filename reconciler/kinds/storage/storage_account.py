"""A storage account: the containers and blobs of a spec, reached with Entra ID.

Redundancy (within Azure's limits), network access, key access and tags change in place; location and kind do not,
and the account is never replaced, because the data would go with it. It is empty when it has no container of others.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler import marks
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud, Operation
from reconciler.kind import ArmType, Kind
from reconciler.model import Address, Desired, Diff, Mark, Observed, Rule
from reconciler.spec.spec import Spec

NAME = "storage_account"

CREATE_ONLY = (
    "extendedLocation",
    "kind",
    "placement",
    "zones",
    "properties.dnsEndpointType",
    "properties.isHnsEnabled",
    "properties.isNfsV3Enabled",
    "properties.immutableStorageWithVersioning",
)
CHANGEABLE = (
    "identity",
    "sku",
    "properties.accessTier",
    "properties.allowBlobPublicAccess",
    "properties.allowCrossTenantReplication",
    "properties.allowSharedKeyAccess",
    "properties.allowSharedKeyAccessForServices",
    "properties.allowedCopyScope",
    "properties.azureFilesIdentityBasedAuthentication",
    "properties.customDomain",
    "properties.dataCollaborationPolicyProperties",
    "properties.defaultToOAuthAuthentication",
    "properties.dualStackEndpointPreference",
    "properties.enableExtendedGroups",
    "properties.encryption",
    "properties.geoPriorityReplicationStatus",
    "properties.isLocalUserEnabled",
    "properties.isSftpEnabled",
    "properties.keyPolicy",
    "properties.largeFileSharesState",
    "properties.minimumTlsVersion",
    "properties.networkAcls",
    "properties.publicNetworkAccess",
    "properties.routingPreference",
    "properties.sasPolicy",
    "properties.supportsHttpsTrafficOnly",
)
UNSET = {
    "allowBlobPublicAccess": False,
    "allowSharedKeyAccess": True,
    "minimumTlsVersion": "TLS1_0",
    "publicNetworkAccess": "Enabled",
}
"""What stands for what was never set, which Azure leaves out. Source: StorageAccountProperties of 2025-01-01."""
FIELDS = {**arm.TAGGED, **dict.fromkeys(CREATE_ONLY, Rule.REFUSE), **dict.fromkeys(CHANGEABLE, Rule.LIVE)}


def expand(spec: Spec) -> Iterable[Desired]:
    group = Address("resource_group", spec.azure.resource_group)
    for name, account in spec.storage.items():
        body = {
            **arm.tagged(spec, account),
            "sku": {"name": account["sku"]},
            "kind": account["kind"],
            "properties": {
                "publicNetworkAccess": account["publicNetworkAccess"],
                "allowSharedKeyAccess": account["allowSharedKeyAccess"],
                "allowBlobPublicAccess": account["allowBlobPublicAccess"],
                "minimumTlsVersion": account["minimumTlsVersion"],
                "supportsHttpsTrafficOnly": True,
            },
        }
        yield Desired(Address(NAME, name), body, (group,), account["protect"])


def _id(cloud: Cloud, name: str) -> str:
    return f"{cloud.group_id}/providers/Microsoft.Storage/storageAccounts/{name}"


def _observed(raw: dict[str, Any]) -> Observed:
    properties = raw["properties"]
    state = properties.get("provisioningState")
    body = {
        **raw,
        "location": arm.region(raw["location"]),
        "tags": marks.without_mark(raw.get("tags")),
        "properties": {**UNSET, **properties},
    }
    mark = marks.mark_of(raw.get("tags"))
    return Observed(Address(NAME, raw["name"]), raw["id"], body, mark, arm.health(state), arm.detail(state))


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    collection = f"{cloud.group_id}/providers/Microsoft.Storage/storageAccounts"
    return [_observed(raw) for raw in arm.listing(cloud, collection)]


def observe(cloud: Cloud, wanted: Desired | Observed) -> Observed | None:
    raw = arm.get(cloud, _id(cloud, wanted.address.name))
    return _observed(raw) if raw else None


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    body = {**desired.body, "tags": marks.with_mark(desired.body["tags"], mark)}
    return arm.put(cloud, _id(cloud, desired.address.name), body)


def update(cloud: Cloud, desired: Desired, mark: Mark, found: Observed, diff: Diff) -> Operation | None:
    body: dict[str, Any] = {"tags": marks.replaced_tags(found.body, desired.body, mark)}
    body["properties"] = desired.body["properties"]
    if any(change.path.startswith("sku") for change in diff.changes):
        body["sku"] = desired.body["sku"]
    return arm.patch(cloud, found.id, body)


def delete(cloud: Cloud, found: Observed) -> Operation | None:
    """Refuses while a container is left: all of ours have been deleted before."""
    left = [raw["name"] for raw in arm.listing(cloud, f"{found.id}/blobServices/default/containers")]
    if left:
        raise arm.occupied(found.address, left)
    return arm.delete(cloud, found.id)


KIND = Kind(
    name=NAME,
    arm=ArmType("Microsoft.Storage/storageAccounts", "2025-01-01", named_at="Microsoft.Storage"),
    fields=FIELDS,
    expand=expand,
    list=list_,
    observe=observe,
    create=create,
    update=update,
    delete=delete,
)
