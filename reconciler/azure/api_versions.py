"""The api-versions of ARM that our bodies are written for."""

from __future__ import annotations

RESOURCE_GROUPS = "2025-04-01"

API_VERSIONS = {
    "Microsoft.Authorization": "2022-04-01",
    "Microsoft.Batch": "2025-06-01",
    "Microsoft.Compute": "2025-04-01",
    "Microsoft.Compute/disks": "2025-01-02",
    "Microsoft.Compute/galleries": "2024-03-03",
    "Microsoft.Compute/skus": "2021-07-01",
    "Microsoft.ContainerRegistry": "2025-04-01",
    "Microsoft.KeyVault": "2026-02-01",
    "Microsoft.ManagedIdentity": "2024-11-30",
    "Microsoft.Network": "2024-07-01",
    "Microsoft.Network/natGateways": "2025-09-01",
    "Microsoft.Network/networkSecurityGroups": "2025-09-01",
    "Microsoft.Network/privateDnsZones": "2024-06-01",
    "Microsoft.Network/privateEndpoints": "2025-09-01",
    "Microsoft.Network/publicIPAddresses": "2025-09-01",
    "Microsoft.Network/virtualNetworks": "2025-09-01",
    "Microsoft.Storage": "2025-01-01",
}
"""Namespace → api-version; also type → api-version, for types that differ from their namespace."""

_KNOWN = {name.lower(): version for name, version in API_VERSIONS.items()}


def api_version_of(path: str) -> str:
    """The api-version for a resource id: that of its last provider, or of resource groups and the subscription."""
    namespace = provider_of(path)
    if not namespace:
        return RESOURCE_GROUPS
    kind = path.lower().split("/providers/")[-1].partition("/")[2].partition("/")[0]
    return _KNOWN.get(f"{namespace}/{kind}") or _KNOWN[namespace]


def provider_of(path: str) -> str:
    """The resource provider that answers for a resource id, in lower case; empty for what belongs to ARM itself."""
    _, inside, after = path.lower().rpartition("/providers/")
    namespace, _, kind = after.partition("/")
    return namespace if inside and kind else ""
