"""A storage account: the containers and blobs of a spec, reached with Entra ID.

Redundancy (within Azure's limits), network access, key access and tags change in place; location and kind do not,
and the account is never replaced, because that would delete its data. It is empty when it has no container of others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.kind import UNOWNED, ArmType, Kind, permissions
from reconciler.kind.arm import Plain, Raw, Verbs
from reconciler.kind.going import Neighbours, User, user
from reconciler.kind.inverse import Inverse
from reconciler.kind.needs import Needs, Room
from reconciler.kind.permissions import Permissions
from reconciler.kind.traits import Traits
from reconciler.kind.ways import Ways
from reconciler.kinds.storage import inverse, mounts, rules, ways
from reconciler.model import Address, Body, Change, Desired, Diff, Mark, Observed, Rule
from reconciler.spec import vault_keys
from reconciler.spec.identities import identity_id
from reconciler.spec.sections import Encryption
from reconciler.spec.spec import Spec

NAME = "storage_account"
ARM = ArmType("Microsoft.Storage/storageAccounts", "2025-01-01", named_at="Microsoft.Storage")

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
    "properties.allowedCopyScope",
    "properties.azureFilesIdentityBasedAuthentication",
    "properties.customDomain",
    "properties.defaultToOAuthAuthentication",
    "properties.dualStackEndpointPreference",
    "properties.enableExtendedGroups",
    "properties.encryption",
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
"""What a property that Azure leaves out, because it was never set, means.

Source: StorageAccountProperties of 2025-01-01.
"""
IN_PLACE = ({"Standard_LRS", "Standard_GRS", "Standard_RAGRS"}, {"Standard_GZRS", "Standard_RAGZRS"})
"""SKUs that an update can change into each other.

Source: StorageAccountUpdateParameters of 2025-01-01, sku (neither to nor from Standard_ZRS and the premium ones); that
zones come and go by a migration only: learn.microsoft.com, change how a storage account is replicated.
"""

GENERAL = ("StorageV2", "Storage")
BESIDE_BLOBS = ("fileServices/default/shares", "queueServices/default/queues", "tableServices/default/tables")
"""Collections of what an account may hold that no spec can say."""
FIELDS = {**arm.TAGGED, **dict.fromkeys(CREATE_ONLY, Rule.REFUSE), **dict.fromkeys(CHANGEABLE, Rule.LIVE)}


def refusal(change: Change) -> str:
    """Why the redundancy cannot change from one value to the other by an update."""
    if change.path != "sku.name":
        return ""
    pair = {change.before, change.after}
    if any(pair <= skus for skus in IN_PLACE):
        return ""
    words = f"sku cannot be changed from {change.before} to {change.after} by an update"
    if any(str(sku).startswith("Premium") for sku in pair):
        return f"{words}; undo the change, or make an account of another name and copy its data"
    start = f"az storage account migration start --account-name NAME --resource-group GROUP --sku {change.after}"
    return f"{words}; undo the change, or let Azure convert the account ({start}) and apply again once it has"


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
                **rules.wanted(account),
            },
        }
        refs = [group, *rules.refs(spec, account)]
        if "encryption" in account:
            refs += vault_keys.refs(spec, account["encryption"])
            body["identity"] = [identity_id(account["encryption"]["identity"], spec.azure)]
            body["properties"] |= {"encryption": _encryption(account["encryption"], body["identity"][0])}
        address, existing = Address(NAME, name), account["existing"]
        yield Desired(address, body, tuple(refs), account["protect"], existing=existing)


def _encryption(encryption: Encryption, identity: str) -> Body:
    """With the newest version of a key, whichever that is."""
    key = {"keyvaulturi": vault_keys.vault_url(encryption), "keyname": vault_keys.key_name(encryption)}
    used = {"identity": {"userAssignedIdentity": identity}, "keyvaultproperties": {**key, "keyversion": None}}
    return {"keySource": "Microsoft.Keyvault", **used}


def _normalised(body: Body) -> Body:
    """The identity as a list of ids; of the encryption one spelling of ids and of the vault."""
    properties = dict(body["properties"])
    encryption = dict(properties.get("encryption") or {})
    if who := (encryption.get("identity") or {}).get("userAssignedIdentity"):
        encryption["identity"] = {"userAssignedIdentity": who.lower()}
    if key := encryption.get("keyvaultproperties"):
        uri = str(key.get("keyvaulturi", "")).rstrip("/").lower()
        encryption["keyvaultproperties"] = {**key, "keyvaulturi": uri, "keyversion": key.get("keyversion") or None}
    return {
        **body,
        "identity": arm.identity_ids(body.get("identity")),
        "properties": {**properties, "encryption": encryption},
    }


def _seen(cloud: Cloud, account: Observed) -> Observed:
    """An account without the ways in of runs.

    It needs the vault that it has its key from, which is taken for one of the spec by its name.
    """
    account = ways.seen(cloud, account)
    uri = (account.body["properties"]["encryption"].get("keyvaultproperties") or {}).get("keyvaulturi", "")
    name = uri.rpartition("/")[2].partition(".")[0]
    return replace(account, uses=(cloud.id_of("Microsoft.KeyVault/vaults", name),)) if name else account


def _written(body: Raw) -> Raw:
    """As ARM takes it; an empty version is how it is told to use the newest. Documented: KeyVaultProperties."""
    if "identity" not in body:
        return body
    encryption = body["properties"]["encryption"]
    key = {**encryption["keyvaultproperties"], "keyversion": ""}
    properties = {**body["properties"], "encryption": {**encryption, "keyvaultproperties": key}}
    return {**body, "identity": arm.user_assigned(body["identity"]), "properties": properties}


def room(cloud: Cloud, location: str) -> Room | None:
    """How many storage accounts the subscription may have in a region, and how many it has."""
    place = f"/subscriptions/{cloud.target.subscription}/providers/Microsoft.Storage/locations/{location}"
    usages = {usage["name"]["value"]: usage for usage in arm.listing(cloud, f"{place}/usages")}
    usage = usages.get("StorageAccounts")
    return Room(usage["limit"], usage["currentValue"]) if usage else None


def public(desired: Desired) -> str:
    properties = desired.body["properties"]
    shut = properties.get("networkAcls", {}).get("defaultAction") == "Deny"
    if properties["publicNetworkAccess"] == "Enabled" and not shut:
        return "is open to the internet; write publicNetworkAccess: Disabled"
    blobs = "lets containers be open to anybody; write allowBlobPublicAccess: false"
    return blobs if properties["allowBlobPublicAccess"] else ""


def keys(desired: Desired) -> str:
    allowed = desired.body["properties"]["allowSharedKeyAccess"]
    return "lets in whoever has a key of the account; write allowSharedKeyAccess: false" if allowed else ""


def users(neighbours: Neighbours, account: Observed) -> Iterator[User]:
    """Batch accounts whose auto-storage it is, pools that mount something of it, and what it holds beside blobs.

    That only general-purpose accounts of the Standard tier have shares, queues and tables side by side with blobs is
    inferred from Microsoft's overview of storage accounts.
    """
    for raw in neighbours.accounts:
        storage = raw["properties"].get("autoStorage") or {}
        if storage.get("storageAccountId", "").lower() == account.id.lower():
            yield user(raw)
    yield from (pool for name, _, pool in mounts.all_of(neighbours) if name == account.address.name)
    if account.body["kind"] in GENERAL and account.body["sku"]["name"].startswith("Standard_"):
        for collection in BESIDE_BLOBS:
            for raw in arm.listing(neighbours.cloud, f"{account.id}/{collection}", ARM.api_version):
                yield User(raw["id"], f"{collection.rsplit('/', 1)[-1]}/{raw['name']}")


PLAIN = Plain(
    name=NAME,
    arm=ARM,
    unset=UNSET,
    patched=("properties",),
    patched_if_changed=("sku",),
    merged={"identity": arm.user_assigned},
    normalise=lambda body: _normalised(rules.normalised(body)),
    written=lambda body: _written(rules.written(body)),
    seen=_seen,
    holds="blobServices/default/containers",
    held=lambda raw: str(raw["name"]),
    users=users,
).verbs()
DOOR = ways.Door(ARM)


def update(cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, diff: Diff) -> Operation | None:
    """What runs have left over goes first; the rest is for the next call, and leaves in whom runs let in."""
    if DOOR.clear(cloud, observed):
        return None
    return PLAIN["update"](cloud, ways.kept(desired, observed), mark, observed, diff)


VERBS: Verbs = {**PLAIN, "update": update}
KIND = Kind(
    name=NAME,
    arm=ARM,
    unowned=UNOWNED,
    fields=FIELDS,
    expand=expand,
    **VERBS,
    users=users,
    keys={"sku.name": "sku", **rules.KEYS},
    usual={"properties": {"supportsHttpsTrafficOnly": True}},
    section="storage",
    refusal=refusal,
    needs=Needs(room=room),
    traits=Traits(public=public, keys=keys, data=True),
    ways=Ways(shuts=ways.shuts, open=DOOR.open, works=DOOR.works, close=DOOR.close, left=DOOR.left),
    permissions=Permissions(
        checks=("Microsoft.Storage/checknameavailability/read", "Microsoft.Storage/locations/usages/read"),
        deletes=tuple(f"{ARM.name}/{collection.replace('/default', '')}/read" for collection in BESIDE_BLOBS),
        around=(permissions.ACCOUNT, f"{permissions.POOLS}/read"),
        of=rules.permitted,
    ),
    outputs={"blobEndpoint": "properties.primaryEndpoints.blob"},
    inverse=Inverse(say=inverse.account, tagged=True, finished=inverse.finished),
)
