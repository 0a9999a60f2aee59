"""What Azure's SDKs raise, as errors of ours: by status and Azure code, never by exception class."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from reconciler.cloud.signatures import hidden
from reconciler.errors import AzureError, ReconcileError, Unreachable

REMEDIES = {
    "AuthorizationFailed": "Give your principal the role Contributor (and Role Based Access Control Administrator for "
    "role assignments) on the resource group, or ask its owner; a new role takes minutes to work.",
    "AuthorizationPermissionMismatch": "Give your principal the role Storage Blob Data Contributor on the storage "
    "account; a new role takes minutes to work.",
    "AuthorizationFailure": "The storage account's network rules keep this machine out: run inside its network, or "
    "set publicNetworkAccess: Enabled.",
    "KeyBasedAuthenticationNotPermitted": "Shared keys are off on this account; sign in with Entra ID (az login).",
    "MissingSubscriptionRegistration": "Register the resource provider: az provider register --namespace NAME.",
    "StorageAccountAlreadyTaken": "Storage account names are unique in all of Azure: choose another.",
    "AccountAlreadyExists": "Batch account names are unique in a region: choose another.",
    "SubscriptionNotFound": "Check azure.subscription, and that you are signed in to its tenant.",
    "InvalidAuthenticationToken": "Sign in again: az login.",
    "InvalidAuthenticationTokenTenant": "The subscription belongs to another tenant: az login --tenant TENANT.",
    "QuotaExceeded": "Ask for more quota in the portal, or use a smaller size.",
}
"""Azure code → what to do about it."""


@contextmanager
def translated() -> Iterator[None]:
    """Raise AzureError, Unreachable or ReconcileError instead of what the SDKs raise."""
    from azure.core import exceptions as core

    try:
        yield
    except core.HttpResponseError as error:
        raise _answer(error) from error
    except core.ClientAuthenticationError as error:
        raise ReconcileError(_credential(error)) from error
    except (core.ServiceRequestError, core.ServiceResponseError) as error:
        raise Unreachable(f"cannot reach Azure: {_short(error)}; check the network, proxy and endpoint") from error
    except core.AzureError as error:
        raise ReconcileError(f"{type(error).__name__}: {_short(error)}") from error


def from_body(status: int, body: Any, request_id: str = "") -> AzureError:
    """The error in an ARM answer or operation status: `{"error": {"code", "message", "details"}}`."""
    error = body.get("error", body) if isinstance(body, dict) else {}
    code, message = error.get("code") or "", error.get("message") or ""
    if isinstance(message, dict):  # the Batch data plane
        message = str(message.get("value", "")).split("\nRequestId:")[0]
    details = "; ".join(_detail(item) for item in error.get("details") or error.get("values") or ())
    text = f"{message} ({details})" if details else message
    return AzureError(status, code, text or "no message", request_id, REMEDIES.get(code, ""))


def _detail(item: dict[str, Any]) -> str:
    return f"{item.get('code') or item.get('key', '')}: {item.get('message') or item.get('value', '')}"


def _answer(error: Any) -> Exception:
    if error.status_code is None:  # a credential that failed inside the pipeline
        return ReconcileError(_credential(error))
    headers = error.response.headers if error.response is not None else {}
    request_id = headers.get("x-ms-request-id") or headers.get("request-id") or ""
    try:
        body = error.response.json()
    except Exception:
        body = {"code": headers.get("x-ms-error-code", ""), "message": _short(error)}
    found = from_body(error.status_code, body, request_id)
    if found.code or not headers.get("x-ms-error-code"):
        return found
    return from_body(error.status_code, {"code": headers["x-ms-error-code"], "message": error.reason}, request_id)


def _credential(error: Exception) -> str:
    return f"cannot sign in to Azure: {_short(error)}\nSign in with az login, or set up a workload identity."


def _short(error: Exception) -> str:
    """The first sentence of a message, without what may be a token or a link's signature."""
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return hidden(re.sub(r"eyJ[\w.-]+", "<token>", text))[:400]
