"""A blob container, made and marked on the ARM plane, so that no data role is needed for it.

Metadata and public access change in place; encryption scope and versioned immutability do not, and a container is
never replaced, because its blobs would go with it.
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

NAME = "container"
FIELDS = {
    "properties.metadata": Rule.LIVE,
    "properties.publicAccess": Rule.LIVE,
    "properties.enableNfsV3RootSquash": Rule.LIVE,
    "properties.enableNfsV3AllSquash": Rule.LIVE,
    "properties.defaultEncryptionScope": Rule.REFUSE,
    "properties.denyEncryptionScopeOverride": Rule.REFUSE,
    "properties.immutableStorageWithVersioning": Rule.REFUSE,
}


def expand(spec: Spec) -> Iterable[Desired]:
    for account, section in spec.storage.items():
        for name, options in section["containers"].items():
            body = {"properties": {"publicAccess": "None", "metadata": dict(options["metadata"])}}
            refs = (Address("storage_account", account),)
            yield Desired(Address(NAME, f"{account}/{name}"), body, refs, options["protect"])


def _collection(cloud: Cloud, account: str) -> str:
    base = f"{cloud.group_id}/providers/Microsoft.Storage/storageAccounts/{account}"
    return f"{base}/blobServices/default/containers"


def _id(cloud: Cloud, address: Address) -> str:
    account, name = address.name.split("/")
    return f"{_collection(cloud, account)}/{name}"


def _observed(account: str, raw: dict[str, Any]) -> Observed:
    properties = raw["properties"]
    metadata = properties.get("metadata")
    shown = {
        **properties,
        "metadata": marks.without_mark(metadata),
        "publicAccess": properties.get("publicAccess", "None"),
    }
    mark = marks.mark_of(metadata)
    return Observed(
        Address(NAME, f"{account}/{raw['name']}"),
        raw["id"],
        {"properties": shown},
        mark,
        occupants=("all its blobs",),
        etag=raw.get("etag"),
    )


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    """The containers of the accounts in the spec, and of accounts in its group that carry its mark."""
    accounts = {desired.address.name.split("/")[0] for desired in wanted}
    collection = f"{cloud.group_id}/providers/Microsoft.Storage/storageAccounts"
    for account in arm.listing(cloud, collection):
        if account["name"] in accounts or marks.is_ours(cloud.owner, account.get("tags")):
            for raw in arm.listing(cloud, _collection(cloud, account["name"])):
                yield _observed(account["name"], raw)


def observe(cloud: Cloud, wanted: Desired | Observed) -> Observed | None:
    raw = arm.get(cloud, _id(cloud, wanted.address))
    return _observed(wanted.address.name.split("/")[0], raw) if raw else None


def _body(desired: Desired, mark: Mark, kept: dict[str, str]) -> dict[str, Any]:
    metadata = {**kept, **desired.body["properties"]["metadata"]}
    return {"properties": {**desired.body["properties"], "metadata": marks.with_mark(metadata, mark)}}


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    return arm.put(cloud, _id(cloud, desired.address), _body(desired, mark, {}))


def update(cloud: Cloud, desired: Desired, mark: Mark, found: Observed, diff: Diff) -> Operation | None:
    return arm.patch(cloud, found.id, _body(desired, mark, found.body["properties"]["metadata"]))


def delete(cloud: Cloud, found: Observed) -> Operation | None:
    return arm.delete(cloud, found.id)


KIND = Kind(
    name=NAME,
    arm=ArmType("Microsoft.Storage/storageAccounts/blobServices/containers", "2025-01-01"),
    fields=FIELDS,
    expand=expand,
    list=list_,
    observe=observe,
    create=create,
    update=update,
    delete=delete,
)
