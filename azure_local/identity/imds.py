"""The metadata service of nodes: gives programs on a node tokens for the identities of its pool, and nothing else.

The secret in the path identifies the node; on Azure it is the network from which the request comes.
"""

from __future__ import annotations

import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from azure_local.azure import Azure


async def serve(azure: Azure, request: Request) -> Response:
    parts = request.url.path.strip("/").split("/", 1)
    if len(parts) != 2 or parts[1].lower() != "metadata/identity/oauth2/token":
        return _error(404, "not_found", "Not found")
    if request.headers.get("metadata", "").lower() != "true":
        return _error(400, "bad_request_102", "Required metadata header not specified")
    node = azure.store.get("imds", parts[0])
    if node is None:
        return _error(400, "invalid_request", "Identity not found")
    resource = request.query_params.get("resource")
    if not resource:
        return _error(400, "invalid_request", "The resource parameter is missing")
    identity = _identity(azure, node["identities"], dict(request.query_params))
    if identity is None:
        return _error(400, "invalid_request", "Identity not found")
    properties = identity["properties"]
    token = azure.tokens.issue(
        properties["principalId"], properties["clientId"], resource, identity["id"], node.get("place")
    )
    now = int(time.time())
    return JSONResponse(
        {
            "access_token": token["access_token"],
            "client_id": properties["clientId"],
            "expires_in": str(token["expires_in"]),
            "expires_on": str(now + token["expires_in"]),
            "not_before": str(now),
            "resource": resource,
            "token_type": "Bearer",
        }
    )


def _identity(azure: Azure, ids: list[str], query: dict[str, str]) -> dict[str, Any] | None:
    """The identity that the query names; without a name, the only one."""
    documents = (azure.store.get("identity", name) for name in ids)
    resources = [document["resource"] for document in documents if document]
    if choice := query.get("client_id"):
        resources = [resource for resource in resources if resource["properties"]["clientId"] == choice]
    if choice := query.get("object_id") or query.get("principal_id"):
        resources = [resource for resource in resources if resource["properties"]["principalId"] == choice]
    if choice := query.get("mi_res_id") or query.get("msi_res_id"):
        resources = [resource for resource in resources if resource["id"].lower() == choice.lower()]
    return resources[0] if len(resources) == 1 else None


def _error(status: int, error: str, text: str) -> JSONResponse:
    return JSONResponse({"error": error, "error_description": text}, status)
