"""A key vault: where secrets, keys and certificates are, behind roles.

Tags, sku and who reaches it over the network change in place; the location and the days of soft delete do not, and
purge protection is never taken off again. A vault is never replaced. A deleted one keeps its name, and all that is in
it, until it is recovered or purged, or its days are over.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NotRequired, TypedDict

from reconciler.azure.api_versions import RESOURCE_GROUPS
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.kind import UNOWNED, ArmType, Kind
from reconciler.kind.arm import Plain, Raw, Verbs
from reconciler.kind.inverse import Inverse, Known, Section, tracked
from reconciler.kind.permissions import Permissions
from reconciler.kind.traits import Traits
from reconciler.kind.words import without
from reconciler.model import Action, Address, Body, Change, Decision, Desired, Mark, Observed, Rule
from reconciler.spec.schema import defaults
from reconciler.spec.spec import Spec
from reconciler.spec.vault_secrets import SECTION

NAME = "key_vault"
ARM = ArmType(
    "Microsoft.KeyVault/vaults",
    "2026-02-01",
    rare=True,
    named_at="Microsoft.KeyVault",
    deleted_at="Microsoft.KeyVault/locations/{location}/deletedVaults",
    recovers="az keyvault recover --name {name}",
    purges="az keyvault purge --name {name}",
)
CHANGEABLE = (
    "accessPolicies", "enablePurgeProtection", "enableRbacAuthorization", "enableSoftDelete", "enabledForDeployment",
    "enabledForDiskEncryption", "enabledForTemplateDeployment", "networkAcls", "publicNetworkAccess", "sku",
)  # fmt: skip
FIELDS = {
    **arm.TAGGED,
    **dict.fromkeys((f"properties.{name}" for name in CHANGEABLE), Rule.LIVE),
    **dict.fromkeys(("properties.tenantId", "properties.softDeleteRetentionInDays"), Rule.REFUSE),
    **dict.fromkeys(("properties.createMode", "properties.provisioningState", "properties.vaultUri"), Rule.IGNORE),
}
UNSET = {
    "enablePurgeProtection": False,
    "enableRbacAuthorization": False,
    "publicNetworkAccess": "Enabled",
    "networkAcls": None,
    "softDeleteRetentionInDays": 90,
}
"""What a property that Azure leaves out means. Source: VaultProperties of 2026-02-01; of networkAcls it is inferred."""
OPEN_RULES = {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": [], "virtualNetworkRules": []}


class NetworkAcls(TypedDict):
    defaultAction: str
    bypass: str
    ipRules: list[str]
    virtualNetworkRules: list[str]


class KeyVault(TypedDict):
    """An entry of `keyVaults`."""

    sku: str
    softDeleteRetentionInDays: int
    enablePurgeProtection: bool
    publicNetworkAccess: str
    networkAcls: NotRequired[NetworkAcls]
    secrets: Mapping[str, Any]
    certificates: Mapping[str, Any]
    keys: Mapping[str, Any]
    tags: dict[str, str]
    protect: bool
    existing: bool
    resourceGroup: NotRequired[str]
    subscription: NotRequired[str]


def expand(spec: Spec) -> Iterable[Desired]:
    group = Address("resource_group", spec.azure.resource_group)
    for name, vault in spec.section(SECTION, KeyVault).items():
        properties = {
            "sku": {"family": "A", "name": vault["sku"]},
            "enableRbacAuthorization": True,
            "softDeleteRetentionInDays": vault["softDeleteRetentionInDays"],
            "enablePurgeProtection": vault["enablePurgeProtection"],
            "publicNetworkAccess": vault["publicNetworkAccess"],
            "networkAcls": _rules(vault["networkAcls"]) if "networkAcls" in vault else None,
        }
        body = {**arm.tagged(spec, vault), "properties": properties}
        yield Desired(Address(NAME, name), body, (group,), vault["protect"], existing=vault["existing"])


def _rules(acls: NetworkAcls) -> Body:
    """Network rules as Azure has them: addresses are ranges, and ids of subnets are in lower case."""
    return {
        "bypass": acls["bypass"],
        "defaultAction": acls["defaultAction"],
        "ipRules": [{"value": text} for text in sorted(str(ipaddress.ip_network(text)) for text in acls["ipRules"])],
        "virtualNetworkRules": [{"id": text} for text in sorted(map(str.lower, acls["virtualNetworkRules"]))],
    }


def normalise(body: Raw) -> Raw:
    """Network rules that let everybody in are none, and those that are there have one order."""
    properties = dict(body["properties"])
    rules = {**OPEN_RULES, **(properties.get("networkAcls") or {})}
    subnets = sorted(rule["id"].lower() for rule in rules["virtualNetworkRules"])
    rules["ipRules"] = sorted(rules["ipRules"], key=lambda rule: str(rule["value"]))
    rules["virtualNetworkRules"] = [{"id": text} for text in subnets]
    properties["networkAcls"] = None if rules == OPEN_RULES else rules
    return {**body, "properties": properties}


def written(body: Raw) -> Raw:
    """The body of a request: that a vault is not purge-protected is never said, and no rules are rules for all."""
    properties = {name: value for name, value in body["properties"].items() if name != "enablePurgeProtection" or value}
    return {**body, "properties": {**properties, "networkAcls": properties.get("networkAcls") or OPEN_RULES}}


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    """Make it in the tenant of the subscription, which Azure asks for."""
    subscription = PLAIN.id_of(cloud, desired).split("/")[2]
    raw = arm.get(cloud, f"/subscriptions/{subscription}", RESOURCE_GROUPS) or {}
    properties = {**desired.body["properties"], "tenantId": raw.get("tenantId")}
    return VERBS["create"](cloud, replace(desired, body={**desired.body, "properties": properties}), mark)


def refusal(change: Change) -> str:
    if change.path == "properties.enablePurgeProtection" and change.before is True:
        return "enablePurgeProtection can never be taken off again; write enablePurgeProtection: true"
    return ""


def disturbs(cloud: Cloud, desired: Desired, observed: Observed, decision: Decision) -> str:
    """Whom roles in place of access policies shut out."""
    roles = any(change.path == "properties.enableRbacAuthorization" for change in decision.diff.changes)
    policies = len(observed.body["properties"].get("accessPolicies") or ())
    if decision.action is not Action.UPDATE or not roles or not policies:
        return ""
    return f"its access policies ({policies}) stop to count: whom they let in needs a role"


def goes(cloud: Cloud, observed: Observed, anew: Desired | None) -> str:
    properties = observed.body["properties"]
    days = properties["softDeleteRetentionInDays"]
    back = f"which come back with az keyvault recover --name {observed.address.name} within {days} days"
    name = (
        "; it cannot be purged, so nobody can have its name until then" if properties["enablePurgeProtection"] else ""
    )
    return f"its secrets, keys and certificates, {back}{name}"


def public(desired: Desired) -> str:
    properties = desired.body["properties"]
    rules = properties["networkAcls"] or OPEN_RULES
    if properties["publicNetworkAccess"] == "Disabled" or rules["defaultAction"] == "Deny":
        return ""
    return "is open to the internet; write publicNetworkAccess: Disabled, or networkAcls: {defaultAction: Deny}"


def entry(observed: Observed, known: Known, notes: list[str]) -> Section:
    """The entry of a live vault in a spec."""
    properties = observed.body["properties"]
    if not properties["enableRbacAuthorization"]:
        notes.append("lets in by access policies, which the spec replaces by roles")
    settings = {
        "sku": properties["sku"]["name"].lower(),
        **{name: properties[name] for name in ("softDeleteRetentionInDays", "enablePurgeProtection")},
        "publicNetworkAccess": properties["publicNetworkAccess"],
    }
    if rules := properties["networkAcls"]:
        acls = {"defaultAction": rules["defaultAction"], "bypass": rules["bypass"]}
        acls |= {"ipRules": [rule["value"] for rule in rules["ipRules"]]}
        settings["networkAcls"] = acls | {"virtualNetworkRules": [rule["id"] for rule in rules["virtualNetworkRules"]]}
    return {**without(settings, defaults(NAME)), **tracked(observed, known, notes)}


PLAIN = Plain(name=NAME, arm=ARM, unset=UNSET, normalise=normalise, written=written, patched=("properties",))
VERBS: Verbs = PLAIN.verbs()
MAKING: Verbs = {**VERBS, "create": create}
KIND = Kind(
    name=NAME,
    arm=ARM,
    unowned=UNOWNED,
    fields=FIELDS,
    expand=expand,
    **MAKING,
    goes=goes,
    disturbs=disturbs,
    refusal=refusal,
    keys={"properties.sku.name": "sku"},
    usual={"properties": {"enableRbacAuthorization": True, "networkAcls": None, "sku": {"family": "A"}}},
    section=SECTION,
    permissions=Permissions(
        checks=("Microsoft.KeyVault/checkNameAvailability/read", "Microsoft.KeyVault/locations/deletedVaults/read")
    ),
    traits=Traits(public=public, data=True),
    outputs={"vaultUri": "properties.vaultUri"},
    inverse=Inverse(say=entry, tagged=True, unseen="secrets"),
)
