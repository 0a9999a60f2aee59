"""Links to one blob that work without a token, like a SAS: they cannot be guessed, and they expire.

The query has `se`, `sp` and `sig` as in a SAS; the blob front signs the request itself.
"""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

from azure_local.azure import Azure
from azure_local.http import Failure

NEEDS = {"GET": "r", "HEAD": "r", "PUT": "w"}
"""Method → the permission that it needs."""


def make(azure: Azure, account: str, path: str, *, permissions: str, lasting: float) -> dict[str, str]:
    """The `url` of a new link to `container/blob` and its `expiry`; not valid where keys are switched off."""
    for key, old in azure.store.items("blobLink"):
        if azure.clock.passed(old["expires"]):
            azure.store.delete("blobLink", key)
    secret, expires = secrets.token_urlsafe(32), azure.clock.after(lasting)
    document = {"path": f"/{account}/{path}", "permissions": permissions, "expires": expires}
    azure.store.put("blobLink", secret, {**document, "secret": secret})
    query = urlencode({"sv": "2025-11-05", "sr": "b", "se": expires, "sp": permissions, "sig": secret})
    return {"url": f"{azure.blob_front}/{account}/{quote(path)}?{query}", "expiry": expires}


def follow(azure: Azure, resource: dict[str, Any], method: str, path: str, query: str) -> str | None:
    """The rest of the query if a request uses one of our links, None for any other request. Failure 403."""
    parameters = parse_qs(query, keep_blank_values=True)
    document = azure.store.get("blobLink", parameters.get("sig", [""])[0])
    if document is None or not secrets.compare_digest(document["secret"], parameters["sig"][0]):
        return None
    if azure.clock.passed(document["expires"]) or path != quote(document["path"]):
        raise Failure(403, "AuthenticationFailed", "Server failed to authenticate the request. The link has expired.")
    if NEEDS.get(method, "-") not in document["permissions"]:
        text = "This request is not authorized to perform this operation using this permission."
        raise Failure(403, "AuthorizationPermissionMismatch", text)
    if resource["properties"].get("allowSharedKeyAccess") is False:
        text = "Key based authentication is not permitted on this storage account."
        raise Failure(403, "KeyBasedAuthenticationNotPermitted", text)
    return urlencode(
        {name: value[0] for name, value in parameters.items() if name not in ("sv", "sr", "se", "sp", "sig")}
    )
