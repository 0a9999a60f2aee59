"""Settings of Compute for tests: quotas, sizes that are sold out, and new versions of marketplace images."""

from __future__ import annotations

from typing import Any

from azure_local.asked import members, text, texts, whole
from azure_local.azure import Azure, Service, Setting


def set_quota(azure: Azure, body: dict[str, Any]) -> Any:
    """`{"location", "name": family, "limit": cores}`: Compute's quota of a region."""
    return azure.store.put("quota", f"{body['location']}/{body['name']}", {"limit": body["limit"]})


def set_restriction(azure: Azure, body: dict[str, Any]) -> Any:
    """`{"location", "size"}`: the size is sold out there; with `zones`, only in these."""
    return azure.store.put("restriction", f"{body['location']}/{body['size']}", body)


def publish(azure: Azure, body: dict[str, Any]) -> Any:
    """`{"urn": "publisher:offer:sku", "version"}`: the publisher has published a newer version."""
    known = azure.store.get("platformImage", body["urn"]) or {"versions": []}
    return azure.store.put("platformImage", body["urn"], {"versions": [*known["versions"], body["version"]]})


SERVICE = Service(
    settings={
        "quotas": Setting(
            members({"location": text, "name": text, "limit": whole()}, "location", "name", "limit"), set_quota
        ),
        "restrictions": Setting(
            members({"location": text, "size": text, "zones": texts}, "location", "size"), set_restriction
        ),
        "platform-images": Setting(members({"urn": text, "version": text}, "urn", "version"), publish),
    }
)
