"""Checks of a container registry's body that go beyond its shape: SKU, properties, identity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azure_local.azure import Azure
from azure_local.http import Failure
from azure_local.identity.assigned import identities
from azure_local.settings import TENANT
from azure_local.shapes import Fault, Shapes, load, malformed

SKUS = ("Basic", "Standard", "Premium")
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
"""Settings that need the SKU Premium: error code, words of the message, and whether properties have the setting."""


def _wants_premium(policies: dict[str, Any]) -> bool:
    states = {name: (policy or {}).get("status") for name, policy in policies.items()}
    enabled = {name for name, state in states.items() if state == "enabled"}
    return (
        bool(enabled & {"quarantinePolicy", "trustPolicy", "retentionPolicy"})
        or states.get("exportPolicy") == "disabled"
    )


def bad(text: str) -> Failure:
    return Failure(400, "InvalidRequestContent", f"The request content was invalid: {text}")


def _unfit(fault: Fault) -> Failure:
    if fault.path == "sku.name" and fault.kind == "word":
        return unsupported(fault.value)
    return malformed(fault) if fault.kind == "unknown" else bad(fault.text)


def unsupported(sku: Any) -> Failure:
    return Failure(400, "UnsupportedSku", f"The SKU '{sku}' is not supported. Supported are {', '.join(SKUS)}.")


SHAPES = Shapes(load("containerregistry"), _unfit)


def check(settings: Settings, sku: str) -> None:
    """Failure 400 if the properties need a higher SKU."""
    if sku != "Premium":
        for code, words, asks in PREMIUM:
            if asks(settings):
                text = f"{words} not supported for the SKU {sku}. For more information, visit https://aka.ms/acr/tiers."
                raise Failure(400, code, text)
    if sku == "Basic" and settings.get("anonymousPullEnabled"):
        raise Failure(400, "AnonymousPullNotSupported", "Anonymous pull is not supported for the SKU Basic.")


def sku(body: dict[str, Any]) -> dict[str, str]:
    name = body["sku"]["name"]
    if name not in SKUS:
        raise unsupported(name)
    return {"name": name, "tier": name}


def identity(azure: Azure, body: dict[str, Any]) -> dict[str, Any]:
    """The `identity` of a registry as it is shown, or an empty dictionary."""
    block = body.get("identity", {})
    kind = block.get("type", "None")
    if kind == "None":
        return {}
    shown: dict[str, Any] = {"type": kind}
    if "SystemAssigned" in kind:
        shown |= {"principalId": azure.principal_id("registry"), "tenantId": TENANT}
    if "UserAssigned" in kind:
        shown["userAssignedIdentities"] = identities(azure, block)
    return {"identity": shown}
