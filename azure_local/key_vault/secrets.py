"""Secrets of a vault: versions, attributes, lists without values, and soft delete.

Documented (About secrets): a value has 25 KB at most; `nbf` and `exp` only inform, so that a secret can be read before
and after; one that is disabled cannot. The text for a value that is too long is inferred.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from azure_local.azure import Azure
from azure_local.http import Failure
from azure_local.key_vault.asked import Answered, Asked, Served
from azure_local.key_vault.vault import GET, SECRETS, SEE, SET

MOST = 25_600
"""Bytes of a value."""
GIVEN = ("enabled", "exp", "nbf")
"""Attributes that whoever sets a secret may give."""
Secret = dict[str, Any]


def _set(asked: Asked) -> Answered:
    """A new version of a secret."""
    value = asked.body.get("value")
    if not isinstance(value, str):
        raise Failure(400, "BadParameter", "Property 'value' is required.")
    if len(value.encode("utf-8", "surrogatepass")) > MOST:
        raise Failure(400, "BadParameter", f"The length of the secret value exceeds {MOST} bytes.")
    key = asked.key("secrets")
    if asked.azure.store.get("deletedSecret", key):
        text = f"Secret {asked.name} is currently in a deleted but recoverable state, and its name cannot be reused; "
        raise Failure(409, "Conflict", f"{text}in this state, the secret can only be recovered or purged.",
                      values={"innererror": "ObjectIsDeletedButRecoverable"})  # fmt: skip
    secret = kept(asked.azure, key, asked.base, value, asked.body, asked.now)
    return 200, secret


def kept(azure: Azure, key: str, base: str, value: str, body: Any, now: int) -> Secret:
    """Keep a new version of a secret."""
    given = body.get("attributes") or {}
    attributes = {"enabled": True, **{name: given[name] for name in GIVEN if name in given}}
    attributes |= {"created": now, "updated": now, "recoveryLevel": "Recoverable+Purgeable", "recoverableDays": 90}
    name, version = key.rsplit("/", 1)[1], uuid.uuid4().hex
    secret = {"value": value, "id": f"{base}/secrets/{name}/{version}", "attributes": attributes}
    secret |= {member: body[member] for member in ("contentType", "tags", "kid", "managed") if body.get(member)}
    before = azure.store.get("secret", key) or {"versions": []}
    azure.store.put("secret", key, {"versions": [*before["versions"], secret]})
    return secret


def _versions(asked: Asked) -> list[Secret]:
    found: list[Secret] = (asked.azure.store.get("secret", asked.key("secrets")) or {"versions": []})["versions"]
    return found


def _one(asked: Asked) -> Secret:
    """The newest version of a secret, or the one that is named. Failure 404."""
    version = asked.parts[1] if len(asked.parts) > 1 else ""
    for secret in reversed(_versions(asked)):
        if not version or secret["id"].endswith(f"/{version}"):
            return secret
    text = f"A secret with (name/id) {'/'.join(asked.parts)} was not found in this key vault. If you recently deleted "
    text += "this secret you may be able to recover it using the correct recovery command. For help resolving this "
    raise Failure(404, "SecretNotFound", text + "issue, please see https://go.microsoft.com/fwlink/?linkid=2125182")


def _get(asked: Asked) -> Answered:
    secret = _one(asked)
    if not secret["attributes"]["enabled"]:
        text = "Operation get is not allowed on a disabled secret."
        raise Failure(403, "Forbidden", text, values={"innererror": "SecretDisabled"})
    return 200, secret


def _change(asked: Asked) -> Answered:
    """Other attributes of a version, or of the newest."""
    secret = _one(asked)
    given = asked.body.get("attributes") or {}
    secret["attributes"] |= {name: given[name] for name in GIVEN if name in given} | {"updated": asked.now}
    asked.azure.store.put("secret", asked.key("secrets"), {"versions": _versions(asked)})
    return 200, _without_value(secret)


def _without_value(secret: Secret) -> Secret:
    return {name: value for name, value in secret.items() if name != "value"}


def _listed(asked: Asked) -> Answered:
    start = f"{asked.vault['id']}/secrets/"
    return 200, {"value": [_unversioned(document) for document in asked.azure.store.list("secret", start)]}


def _unversioned(document: Secret) -> Secret:
    """A secret as lists show it."""
    newest = _without_value(document["versions"][-1])
    return {**newest, "id": newest["id"].rsplit("/", 1)[0]}


def _listed_versions(asked: Asked) -> Answered:
    return 200, {"value": [_without_value(secret) for secret in _versions(asked)]}


def _delete(asked: Asked) -> Answered:
    newest, key = _one(asked), asked.key("secrets")
    times = {"deletedDate": asked.now, "scheduledPurgeDate": asked.now + 90 * 86400}
    shown = {**_without_value(newest), "recoveryId": f"{asked.base}/deletedsecrets/{asked.name}", **times}
    asked.azure.store.put("deletedSecret", key, {"versions": _versions(asked), "shown": shown})
    asked.azure.store.delete("secret", key)
    return 200, shown


def _gone(asked: Asked) -> dict[str, Any]:
    found = asked.azure.store.get("deletedSecret", asked.key("secrets"))
    if found is None:
        raise Failure(404, "SecretNotFound", f"Deleted Secret not found: {asked.name}")
    return found


def _recover(asked: Asked) -> Answered:
    found = _gone(asked)
    asked.azure.store.put("secret", asked.key("secrets"), {"versions": found["versions"]})
    asked.azure.store.delete("deletedSecret", asked.key("secrets"))
    return 200, _without_value(found["versions"][-1])


def _purge(asked: Asked) -> Answered:
    _gone(asked)
    if asked.vault["properties"].get("enablePurgeProtection"):
        text = 'Operation "purge" is not allowed on this secret: purge protection is enabled.'
        raise Failure(403, "Forbidden", text, values={"innererror": "ForbiddenByPolicy"})
    asked.azure.store.delete("deletedSecret", asked.key("secrets"))
    return 204, None


def every(azure: Azure, vault: str) -> Iterator[tuple[str, Secret]]:
    """Name and newest version of each secret of a vault, which is given by its id."""
    for key, document in azure.store.items("secret", f"{vault}/secrets/"):
        yield key.rsplit("/", 1)[1], document["versions"][-1]


SERVED: Served = {
    ("GET", ""): (SEE, _listed),
    ("GET", "name"): (GET, _get),
    ("GET", "name/version"): (GET, _get),
    ("GET", "name/versions"): (SEE, _listed_versions),
    ("PUT", "name"): (SET, _set),
    ("PATCH", "name"): (f"{SECRETS}/update/action", _change),
    ("PATCH", "name/version"): (f"{SECRETS}/update/action", _change),
    ("DELETE", "name"): (f"{SECRETS}/delete", _delete),
}
DELETED: Served = {
    ("GET", "name"): (SEE, lambda asked: (200, _gone(asked)["shown"])),
    ("POST", "name/recover"): (f"{SECRETS}/recover/action", _recover),
    ("DELETE", "name"): (f"{SECRETS}/purge/action", _purge),
}
