"""What a request about a container registry asks for: its SKU, its properties and its identity, checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azure_local.azure import Azure
from azure_local.http import Failure, only
from azure_local.identity.assigned import identities
from azure_local.settings import TENANT

SKUS = ("Basic", "Standard", "Premium")
CHOICES = {
    "publicNetworkAccess": ("Enabled", "Disabled"),
    "networkRuleBypassOptions": ("AzureServices", "None"),
    "zoneRedundancy": ("Enabled", "Disabled"),
    "roleAssignmentMode": ("LegacyRegistryPermissions", "AbacRepositoryPermissions"),
}
BOOLEANS = ("adminUserEnabled", "anonymousPullEnabled", "dataEndpointEnabled", "networkRuleBypassAllowedForTasks")
OBJECTS = {
    "networkRuleSet": ("defaultAction", "ipRules"),
    "policies": (
        "quarantinePolicy",
        "trustPolicy",
        "retentionPolicy",
        "exportPolicy",
        "azureADAuthenticationAsArmPolicy",
    ),
    "encryption": ("status", "keyVaultProperties"),
}
SETTINGS = (*CHOICES, *BOOLEANS, *OBJECTS)
Settings = dict[str, Any]
PREMIUM: tuple[tuple[str, str, Callable[[Settings], Any]], ...] = (
    ("NetworkRuleSetNotSupported", "Network rules are", lambda body: body.get("networkRuleSet")),
    (
        "DisablingPublicNetworkAccessNotSupported",
        "Disabling public network access is",
        lambda body: body.get("publicNetworkAccess") == "Disabled",
    ),
    ("ZoneRedundancyNotSupported", "Zone redundancy is", lambda body: body.get("zoneRedundancy") == "Enabled"),
    ("DataEndpointNotSupported", "A data endpoint is", lambda body: body.get("dataEndpointEnabled")),
    ("EncryptionNotSupported", "Encryption is", lambda body: body.get("encryption", {}).get("status") == "enabled"),
    ("PolicyNotSupported", "The policy is", lambda body: _wants_premium(body.get("policies", {}))),
)
"""What needs the SKU Premium: the error code, its words, and whether properties ask for it."""


def _wants_premium(policies: dict[str, Any]) -> bool:
    states = {name: (policy or {}).get("status") for name, policy in policies.items()}
    enabled = {name for name, state in states.items() if state == "enabled"}
    return (
        bool(enabled & {"quarantinePolicy", "trustPolicy", "retentionPolicy"})
        or states.get("exportPolicy") == "disabled"
    )


def bad(text: str) -> Failure:
    return Failure(400, "InvalidRequestContent", f"The request content was invalid: {text}")


def properties(body: dict[str, Any], sku: str) -> Settings:
    """The properties of a body. Failure 400 if one is unknown, of a wrong form, or beyond the SKU."""
    given = only(body.get("properties") or {}, SETTINGS, "RegistryProperties")
    wanted = {name: value for name, value in given.items() if value is not None}
    _check_forms(wanted)
    if sku != "Premium":
        for code, words, asks in PREMIUM:
            if asks(wanted):
                text = f"{words} not supported for the SKU {sku}. For more information, visit https://aka.ms/acr/tiers."
                raise Failure(400, code, text)
    if sku == "Basic" and wanted.get("anonymousPullEnabled"):
        raise Failure(400, "AnonymousPullNotSupported", "Anonymous pull is not supported for the SKU Basic.")
    return wanted


def _check_forms(wanted: Settings) -> None:
    for name, choices in CHOICES.items():
        if name in wanted and wanted[name] not in choices:
            raise bad(f"the value of '{name}' must be one of {', '.join(choices)}.")
    for name in BOOLEANS:
        if name in wanted and not isinstance(wanted[name], bool):
            raise bad(f"the value of '{name}' must be a boolean.")
    for name, members in OBJECTS.items():
        if name in wanted:
            only(wanted[name], members, name)
    for name, policy in wanted.get("policies", {}).items():
        only(policy or {}, ("status", "type", "days", "lastUpdatedTime"), name)
    _check_rules(wanted.get("networkRuleSet"))


def _check_rules(rules: dict[str, Any] | None) -> None:
    if rules is None:
        return
    if rules.get("defaultAction") not in ("Allow", "Deny"):
        raise bad("the value of 'networkRuleSet.defaultAction' must be one of Allow, Deny.")
    for rule in rules.get("ipRules") or ():
        only(rule, ("action", "value"), "IPRule")


def sku(body: dict[str, Any]) -> dict[str, str]:
    wanted = only(body.get("sku") or {}, ("name", "tier"), "Sku").get("name")
    name = next((one for one in SKUS if one.lower() == str(wanted).lower()), None)
    if name is None:
        raise Failure(400, "UnsupportedSku", f"The SKU '{wanted}' is not supported. Supported are {', '.join(SKUS)}.")
    return {"name": name, "tier": name}


def identity(azure: Azure, body: dict[str, Any]) -> dict[str, Any]:
    wanted = only(body.get("identity") or {}, ("type", "userAssignedIdentities", "principalId", "tenantId"), "Identity")
    kinds = {part.strip() for part in str(wanted.get("type") or "None").split(",")}
    if not kinds <= {"None", "SystemAssigned", "UserAssigned"}:
        raise bad(f"the identity type '{wanted.get('type')}' is not known.")
    if kinds == {"None"}:
        return {}
    made: dict[str, Any] = {"type": wanted["type"]}
    if "SystemAssigned" in kinds:
        made |= {"principalId": azure.principal_id("registry"), "tenantId": TENANT}
    if "UserAssigned" in kinds:
        made["userAssignedIdentities"] = identities(azure, wanted)
    return {"identity": made}
