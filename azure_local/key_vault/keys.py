"""Keys of a vault: made, listed and shown. Nothing is encrypted with them: services look only whether they may."""

from __future__ import annotations

import uuid
from typing import Any

from azure_local.azure import Azure
from azure_local.http import Failure
from azure_local.key_vault.asked import Answered, Asked, Served
from azure_local.key_vault.vault import KEYS

TYPES = ("RSA", "RSA-HSM", "EC", "EC-HSM")
Key = dict[str, Any]


def _create(asked: Asked) -> Answered:
    """A new version of a key."""
    kind = asked.body.get("kty")
    if kind not in TYPES:
        raise Failure(400, "BadParameter", f"Property 'kty' must be one of {', '.join(TYPES)}.")
    kid = f"{asked.base}/keys/{asked.name}/{uuid.uuid4().hex}"
    attributes = {"enabled": True, **(asked.body.get("attributes") or {}), "created": asked.now, "updated": asked.now}
    size = {"size": asked.body.get("key_size", 2048)} if kind.startswith("RSA") else {}
    found = {"key": {"kid": kid, "kty": kind}, "attributes": attributes, **size}
    before = asked.azure.store.get("key", asked.key("keys")) or {"versions": []}
    asked.azure.store.put("key", asked.key("keys"), {"versions": [*before["versions"], found]})
    return 200, _shown(found)


def _shown(key: Key) -> Key:
    return {name: value for name, value in key.items() if name != "size"}


def _get(asked: Asked) -> Answered:
    return 200, _shown(find(asked.azure, asked.vault["id"], *asked.parts))


def find(azure: Azure, vault: str, name: str, version: str = "") -> Key:
    """The newest version of a key, or the one that is named. Failure 404."""
    versions: list[Key] = (azure.store.get("key", f"{vault}/keys/{name}") or {"versions": []})["versions"]
    for key in reversed(versions):
        if not version or key["key"]["kid"].endswith(f"/{version}"):
            return key
    text = f"A key with (name/id) {name}{'/' * bool(version)}{version} was not found in this key vault."
    raise Failure(404, "KeyNotFound", text)


def _listed(asked: Asked) -> Answered:
    newest = (document["versions"][-1] for document in asked.azure.store.list("key", f"{asked.vault['id']}/keys/"))
    shown = [{"kid": key["key"]["kid"].rsplit("/", 1)[0], "attributes": key["attributes"]} for key in newest]
    return 200, {"value": shown}


SERVED: Served = {
    ("GET", ""): (f"{KEYS}/read", _listed),
    ("GET", "name"): (f"{KEYS}/read", _get),
    ("GET", "name/version"): (f"{KEYS}/read", _get),
    ("POST", "name/create"): (f"{KEYS}/create/action", _create),
}
