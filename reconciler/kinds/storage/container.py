"""A blob container, made and marked on the ARM plane, so that no data role is needed for it.

Metadata and public access change in place; encryption scope and versioned immutability do not, and a container is
never replaced, because that would delete its blobs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from reconciler import marks
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.kind import UNOWNED, ArmType, Kind, ids, permissions
from reconciler.kind.arm import Plain, Raw
from reconciler.kind.going import Neighbours, User
from reconciler.kind.inverse import Inverse
from reconciler.kind.permissions import Permissions
from reconciler.kind.traits import Traits
from reconciler.kinds.storage import inverse, mounts
from reconciler.model import Address, Desired, Observed, Rule
from reconciler.spec.spec import Spec
from reconciler.words import count, size

NAME = "container"
ARM = ArmType("Microsoft.Storage/storageAccounts/blobServices/containers", "2025-01-01")
ACCOUNTS = "Microsoft.Storage/storageAccounts"
COUNTED = 5_000
"""How many blobs a plan counts: as many as a listing has on a page."""
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
            address = Address(NAME, f"{account}/{name}")
            yield Desired(address, body, refs, options["protect"], existing=options["existing"])


def _collection(account: str) -> str:
    """The containers of an account, which is given by its id."""
    return f"{account}/blobServices/default/containers"


def _id(cloud: Cloud, resource: Desired | Observed) -> str:
    account, name = resource.address.name.split("/")
    return f"{_collection(cloud.id_of(ACCOUNTS, account))}/{name}"


def _rows(cloud: Cloud, wanted: Iterable[Desired]) -> Iterator[tuple[str, Raw]]:
    """The containers of accounts that are in the spec, or that carry its mark in its group."""
    named = {desired.address.name.split("/")[0] for desired in wanted} | set(cloud.target.used(ACCOUNTS))
    accounts = {name: cloud.id_of(ACCOUNTS, name) for name in sorted(named)}
    there = list(arm.listing(cloud, f"{cloud.group_id}/providers/{ACCOUNTS}", ARM.api_version))
    accounts |= {raw["name"]: raw["id"] for raw in there if marks.is_ours(cloud.owner, raw.get("tags"))}
    seen = {raw["name"] for raw in there}
    for name, account in accounts.items():
        if name in seen or not ids.inside(account, cloud.group_id):
            for raw in arm.listing(cloud, _collection(account), ARM.api_version):
                yield f"{name}/{raw['name']}", raw


def _seen(cloud: Cloud, container: Observed) -> Observed:
    """A container that Batch has made for packages goes with them."""
    made = container.mark is None and inverse.PACKAGES.fullmatch(container.address.name.split("/")[1])
    return replace(container, byproduct=True) if made else container


def goes(cloud: Cloud, container: Observed, anew: Desired | None) -> str:
    """How many blobs it holds, of how many bytes, counted up to a bound."""
    account, name = container.address.name.split("/")
    number = total = 0
    for blob in cloud.blobs(account).get_container_client(name).list_blobs(results_per_page=COUNTED):
        number, total = number + 1, total + blob.size
        if number > COUNTED:
            return f"more than {count(COUNTED, 'blob', ',')}"
    return f"{count(number, 'blob', ',')} ({size(total)})" if number else ""


def users(neighbours: Neighbours, container: Observed) -> Iterator[User]:
    """The pools of the subscription that mount it."""
    for account, name, pool in mounts.all_of(neighbours):
        if f"{account}/{name}" == container.address.name:
            yield pool


KIND: Kind = Kind(
    name=NAME,
    arm=ARM,
    unowned=UNOWNED,
    fields=FIELDS,
    expand=expand,
    **Plain(
        name=NAME,
        arm=ARM,
        place=_id,
        rows=_rows,
        marked=("properties", "metadata"),
        unset={"publicAccess": "None"},
        normalise=lambda body: {"properties": body["properties"]},
        patched=("properties",),
        users=users,
        seen=_seen,
    ).verbs(),
    goes=goes,
    users=users,
    usual={"properties": {"publicAccess": "None"}},
    maps=("properties.metadata",),
    traits=Traits(data=True),
    permissions=Permissions(
        deletes=(f"{permissions.BLOBS}/read", permissions.STORAGE),
        around=(permissions.ACCOUNT, f"{permissions.POOLS}/read"),
    ),
    inverse=Inverse(
        say=inverse.container,
        place=inverse.place,
        outside=inverse.outside,
        every=lambda cloud, live: KIND.list(cloud, inverse.inside(live)),
        within=inverse.within,
    ),
)
