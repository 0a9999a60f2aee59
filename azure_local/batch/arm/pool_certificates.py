"""The Key Vault extension of a pool: its settings are looked at when the pool is made, and nothing is fetched.

Documented (Key Vault extension for Linux and Windows, 3.0): which settings there are. On Azure a pool with wrong ones
is made, and its nodes get unusable; that it is refused here at once is the local Azure's own.
"""

from __future__ import annotations

from typing import Any

from azure_local.batch.shapes import invalid, missing

PUBLISHER = "microsoft.azure.keyvault"
TYPES = {False: "keyvaultforlinux", True: "keyvaultforwindows"}
"""On Windows, or not -> the type of the extension."""
SETTINGS = {"pollingIntervalInS", "linkOnRenewal", "requireInitialSync", "aclEnabled", "observedCertificates",
            "certificateStoreLocation", "certificateStoreName"}  # fmt: skip
OF_EACH = {"url", "certificateStoreLocation", "certificateStoreName", "customSymbolicLinkName", "acls", "accounts",
           "keyExportable"}  # fmt: skip


def check(machine: dict[str, Any], *, windows: bool) -> None:
    """Failure 400 for Key Vault extensions that cannot work."""
    ours = [one for one in machine.get("extensions") or () if one["publisher"].lower() == PUBLISHER]
    for extension in ours:
        if extension["type"].lower() != TYPES[windows]:
            raise invalid("type", extension["type"], "It is not for the system of the image.")
        if len(ours) > 1:
            raise invalid("extensions", extension["name"], "Multiple VMExtensions per handler are not supported.")
        _settings(extension.get("settings") or {})


def _settings(settings: dict[str, Any]) -> None:
    managed = settings.get("secretsManagementSettings") or {}
    observed, client = managed.get("observedCertificates"), settings.get("authenticationSettings") or {}
    if not observed:
        raise missing("secretsManagementSettings.observedCertificates")
    for name in managed.keys() - SETTINGS:
        raise invalid(name, managed[name], "It is no setting of the Key Vault extension.")
    for one in observed:
        _one(one if isinstance(one, dict) else {"url": one})
    if client.get("msiClientId") and not client.get("msiEndpoint"):
        raise missing("authenticationSettings.msiEndpoint")


def _one(certificate: dict[str, Any]) -> None:
    for name in certificate.keys() - OF_EACH:
        raise invalid(name, certificate[name], "It is nothing that is said of a certificate.")
    url = str(certificate.get("url", ""))
    if not url.startswith("https://") or "/secrets/" not in url:
        raise invalid("url", url, "It is not the address of a secret.")
