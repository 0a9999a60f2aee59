"""A Batch account, which contains pools and jobs.

Tags, authentication modes, network access, identity and auto-storage change in place; location, allocation mode and
key vault do not, and the account is never replaced, because that would delete its pools and jobs. It is empty when
it has no pool. That an empty id takes the auto-storage away: hashicorp/terraform-provider-azurerm, its Batch account.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from reconciler import marks
from reconciler.cloud import arm, pairs
from reconciler.cloud.cloud import Cloud
from reconciler.kind import UNOWNED, ArmType, Kind, permissions
from reconciler.kind.arm import Plain, Raw
from reconciler.kind.going import Neighbours, User
from reconciler.kind.inverse import Inverse, Known, Section, tracked
from reconciler.kind.needs import Needs, Room
from reconciler.kind.permissions import Permissions
from reconciler.kind.traits import Traits
from reconciler.kind.words import Unsayable, without
from reconciler.kinds.batch_account import access
from reconciler.model import Address, Body, Desired, Observed, Rule
from reconciler.spec import identities, vault_keys
from reconciler.spec.schema import defaults
from reconciler.spec.spec import Spec

NAME = "batch_account"
ARM = ArmType("Microsoft.Batch/batchAccounts", "2025-06-01", named_at="Microsoft.Batch/locations/{location}")
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
    properties: dict[str, Any] = {
        "poolAllocationMode": "BatchService",
        "publicNetworkAccess": account["publicNetworkAccess"],
        "allowedAuthenticationModes": sorted(account["allowedAuthenticationModes"]),
        "autoStorage": None,
        **access.wanted(account),
    }
    body = {**arm.tagged(spec, account), "properties": properties, "identity": []}
    if "autoStorage" in account:
        storage = account["autoStorage"].split("/")[1]
        refs.append(Address("storage_account", storage))
        storage_id = spec.id_of("Microsoft.Storage/storageAccounts", storage)
        properties["autoStorage"] = {"storageAccountId": storage_id.lower(), "authenticationMode": "StorageKeys"}
    if "autoStorageIdentity" in account:
        identity = account["autoStorageIdentity"].split("/")[1]
        refs.append(Address("identity", identity))
        identity_id = identities.identity_id(account["autoStorageIdentity"], spec.azure)
        properties["autoStorage"] |= {
            "authenticationMode": "BatchAccountManagedIdentity",
            "nodeIdentityReference": {"resourceId": identity_id},
        }
        body["identity"] = [identity_id]
    if "encryption" in account:
        refs += vault_keys.refs(spec, account["encryption"])
        vault, key = vault_keys.vault_url(account["encryption"]), vault_keys.key_name(account["encryption"])
        used = {"keyIdentifier": f"{vault}/keys/{key}"}
        properties["encryption"] = {"keySource": "Microsoft.KeyVault", "keyVaultProperties": used}
        body["identity"] = [identities.identity_id(account["encryption"]["identity"], spec.azure)]
    address, existing = Address(NAME, account["name"]), account["existing"]
    yield Desired(address, body, tuple(refs), account["protect"], existing=existing)


def _normalised(body: Raw) -> Body:
    """Ids in lower case and modes sorted, because Azure changes both; the identity as a list of ids."""
    properties = dict(body["properties"])
    storage = properties.get("autoStorage")
    if storage:
        node = storage.get("nodeIdentityReference")
        properties["autoStorage"] = {
            "storageAccountId": storage["storageAccountId"].lower(),
            "authenticationMode": storage.get("authenticationMode", "StorageKeys"),
            "nodeIdentityReference": {"resourceId": node["resourceId"].lower()} if node else None,
        }
    properties |= access.normalised(properties)
    properties["allowedAuthenticationModes"] = sorted(properties.get("allowedAuthenticationModes") or [])
    return {**body, "identity": arm.identity_ids(body.get("identity")), "properties": properties}


def _seen(cloud: Cloud, account: Observed) -> Observed:
    """An account of ours that the spec does not name is remembered, for what it holds."""
    name = account.address.name
    if account.of(cloud.owner) and name.lower() != (cloud.account or "").lower() and name not in cloud.former:
        cloud.former += (name,)
    return account


def _held(pool: Raw) -> str:
    """What people call a pool of the account; one that a job of ours has made goes with that, if not at once."""
    metadata = pairs.mapped((pool.get("properties") or {}).get("metadata"))
    return "" if marks.AUTO in metadata else f"pools/{pool['name']}"


def public(desired: Desired) -> str:
    open_ = desired.body["properties"]["publicNetworkAccess"] != "Disabled"
    return "is open to the internet; write publicNetworkAccess: Disabled" if open_ else ""


def keys(desired: Desired) -> str:
    properties = desired.body["properties"]
    if "SharedKey" in properties["allowedAuthenticationModes"]:
        return "lets in whoever has a key of the account; leave SharedKey out of allowedAuthenticationModes"
    storage = properties["autoStorage"] or {}
    by_key = storage.get("authenticationMode") == "StorageKeys"
    return "goes to its auto-storage with a key of that; write autoStorageIdentity: identities/NAME" if by_key else ""


def users(neighbours: Neighbours, account: Observed) -> Iterator[User]:
    """Its job schedules, which no spec can say; Azure shows no owner of them."""
    for schedule in neighbours.cloud.at(account.address.name).batch().list_job_schedules():
        yield User(schedule.id, f"job schedule {schedule.id}")


def _permissions(desired: Desired) -> Permissions:
    return Permissions(writes=(permissions.ASSIGN,) if desired.body["identity"] else ())


def entry(observed: Observed, known: Known, notes: list[str]) -> Section:
    """The entry of a live Batch account in a spec."""
    properties = observed.body["properties"]
    settings = {name: properties[name] for name in ("publicNetworkAccess", "allowedAuthenticationModes")}
    section: Section = {"name": observed.address.name, **without(settings, defaults(NAME))}
    section |= access.said(properties)
    storage = properties.get("autoStorage")
    if storage:
        name = known.name("storage_account", storage["storageAccountId"])
        if name is None:
            raise Unsayable(f"its auto-storage account {storage['storageAccountId']} is not in the spec")
        section["autoStorage"] = f"storage/{name}"
        node = storage.get("nodeIdentityReference")
        if node:
            section["autoStorageIdentity"] = f"identities/{known.used('identity', node['resourceId'])}"
    return {**section, **tracked(observed, known, notes)}


def room(cloud: Cloud, location: str) -> Room:
    """How many Batch accounts the subscription may have in a region: Batch tells the limit, the list the use.

    One that is being deleted is not counted: it has gone by the time that another is made, or Azure says so then.
    """
    batch = f"/subscriptions/{cloud.target.subscription}/providers/Microsoft.Batch"
    limit = cloud.arm("GET", f"{batch}/locations/{location}/quotas").body["accountQuota"]
    accounts = arm.listing(cloud, f"{batch}/batchAccounts")
    there = [raw["properties"]["provisioningState"] for raw in accounts if arm.region(raw["location"]) == location]
    return Room(limit, sum(state != "Deleting" for state in there))


KIND = Kind(
    name=NAME,
    arm=ARM,
    unowned=UNOWNED,
    fields=FIELDS,
    expand=expand,
    **Plain(
        name=NAME,
        arm=ARM,
        normalise=_normalised,
        written=lambda body: {**access.written(body), "identity": arm.user_assigned(body["identity"])},
        patched=("properties",),
        merged={"identity": arm.user_assigned},
        create_only=("poolAllocationMode",),
        cleared={"autoStorage": {"storageAccountId": ""}},
        holds="pools",
        held=_held,
        users=users,
        seen=_seen,
    ).verbs(),
    users=users,
    ready_within=timedelta(minutes=15),
    keys={
        "properties.autoStorage.storageAccountId": "autoStorage",
        "properties.autoStorage.nodeIdentityReference.resourceId": "autoStorageIdentity",
    },
    usual={"properties": {"poolAllocationMode": "BatchService"}},
    noun="Batch account",
    needs=Needs(room=room),
    traits=Traits(public=public, keys=keys),
    permissions=Permissions(
        checks=("Microsoft.Batch/locations/checkNameAvailability/action", "Microsoft.Batch/locations/quotas/read"),
        deletes=(f"{permissions.SCHEDULES}/read",),
        of=_permissions,
    ),
    outputs={"accountEndpoint": "properties.accountEndpoint"},
    inverse=Inverse(
        say=entry,
        place=lambda observed, known: ("batchAccount",),
        outside=lambda observed, account: "" if observed.address.name == account else "a spec has one Batch account",
        tagged=True,
    ),
)
