"""Signing in from a workflow of GitHub, without a secret: GitHub says which workflow runs, and Entra believes it.

GitHub's token is good for minutes and Entra's for an hour, so a new one is asked for each time that Entra wants it; a
file, as AZURE_FEDERATED_TOKEN_FILE names one, would be outdated before a long apply ends. Source:
docs.github.com/actions/reference/security/oidc.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.errors import SignedOut

AUDIENCE = "api://AzureADTokenExchange"
ASKED = ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "AZURE_TENANT_ID", "AZURE_CLIENT_ID")
"""What a job with `permissions: id-token: write` has, and who signs in."""
OTHERS = ("AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE")
"""Other ways to sign in, which go before this one."""


def credential(environ: Mapping[str, str]) -> Any:
    """The credential of the workflow that this process runs in; None if it runs in none, or signs in otherwise."""
    if any(environ.get(name) for name in OTHERS) or not all(environ.get(name) for name in ASKED):
        return None
    from azure.identity import ClientAssertionCredential

    url, bearer, tenant, client = (environ[name] for name in ASKED)
    return ClientAssertionCredential(tenant, client, lambda: _told(url, bearer))


def _told(url: str, bearer: str) -> str:
    """GitHub's token for Entra."""
    import httpx

    try:
        answer = httpx.get(
            httpx.URL(url).copy_merge_params({"audience": AUDIENCE}),
            headers={"Authorization": f"Bearer {bearer}"},
            timeout=30,
        )
        answer.raise_for_status()
        return str(answer.json()["value"])
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, LookupError, TypeError) as error:
        why = f"HTTP {error.response.status_code}" if isinstance(error, httpx.HTTPStatusError) else type(error).__name__
        raise SignedOut(
            f"cannot sign in to Azure: GitHub gives no token for this workflow ({why}); run it again"
        ) from None
