"""Errors of Azure's SDKs translated to ours: by status and Azure code, never by exception class."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from reconciler.cloud.signatures import hidden
from reconciler.errors import AzureError, NotRegistered, ReconcileError, Refused, SignedOut, Unreachable

T = TypeVar("T")

REMEDIES = {
    "AuthorizationFailed": "Give your principal the role Contributor (and Role Based Access Control Administrator for "
    "role assignments) on the resource group, or ask its owner; a new role takes minutes to work.",
    "AuthorizationPermissionMismatch": "Give your principal the role Storage Blob Data Contributor on the storage "
    "account; a new role takes minutes to work.",
    "AuthorizationFailure": "The storage account's network rules keep this machine out: run inside its network, or "
    "set publicNetworkAccess: Enabled.",
    "KeyBasedAuthenticationNotPermitted": "Shared keys are off on this account; sign in with Entra ID (az login).",
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
    """Raise AzureError, Unreachable, SignedOut or ReconcileError instead of what the SDKs raise."""
    from azure.core import exceptions as core

    try:
        yield
    except core.HttpResponseError as error:
        raise _answered(error) from error
    except core.ServiceResponseError as error:
        raise _broken_off(error) from error
    except core.ServiceRequestError as error:
        raise Unreachable(f"cannot reach Azure: {_short(error)}; check the network, proxy and endpoint") from error
    except core.AzureError as error:
        raise ReconcileError(f"{type(error).__name__}: {_short(error)}") from error


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Errors of this block say that they happened while `what` was read: `cannot read the pools of x: ...`.

    The innermost place counts. SignedOut gets no place, nor does a refusal of our own.
    """
    try:
        with translated():
            yield
    except (Refused, SignedOut):
        raise
    except ReconcileError as error:
        error.place = error.place or what
        raise


@contextmanager
def tolerated(*statuses: int) -> Iterator[None]:
    """An error answer with one of these statuses ends the block, and is no error.

    Where 404 is fine, a subscription that is not registered for the provider is too: nothing of it can be there.
    """
    from azure.core.exceptions import HttpResponseError

    try:
        yield
    except HttpResponseError as error:
        if error.status_code not in statuses:
            raise
    except NotRegistered:
        if 404 not in statuses:
            raise


def missing_is_none(ask: Callable[[], T]) -> T | None:
    """What `ask` returns; None if that, or its parent, does not exist."""
    with tolerated(404):
        return ask()
    return None


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


def _answered(error: Any) -> Exception:
    """Our error for one that the SDKs raise about an answer, or about a missing answer."""
    from azure.core import exceptions as core

    if error.status_code is None and isinstance(error, core.ClientAuthenticationError):
        return signed_out(error)
    if error.status_code is None or (isinstance(error, core.DecodeError) and error.status_code < 400):
        return _broken_off(error)
    headers = error.response.headers if error.response is not None else {}
    request_id = headers.get("x-ms-request-id") or headers.get("request-id") or ""
    try:
        body = error.response.json()
    except Exception:
        body = {"code": headers.get("x-ms-error-code", ""), "message": _short(error)}
    answer = from_body(error.status_code, body, request_id)
    if answer.code or not headers.get("x-ms-error-code"):
        return answer
    return from_body(error.status_code, {"code": headers["x-ms-error-code"], "message": error.reason}, request_id)


def _broken_off(error: Exception) -> Unreachable:
    request = next(iter(getattr(error, "__notes__", ())), "a request")
    text = f"Azure's answer to {hidden(request)} did not arrive whole: {_short(error)}"
    return Unreachable(f"{text}; check the network and any proxy on the way")


def signed_out(error: Exception) -> SignedOut:
    """The error for when no credential works, with what to do and with the reason that Entra ID gave, if any."""
    said = re.search(r"(?<=Authentication failed: )[^\r\n]+|AADSTS\d+:[^\r\n]*", str(error))
    why = f": {_clean(said[0].strip()).rstrip('.')}" if said else ""
    return SignedOut(
        f"not signed in to Azure{why}; run az login. "
        "For a workload identity set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_FEDERATED_TOKEN_FILE. "
        "RECONCILE_DEBUG=1 shows what was tried"
    )


def _short(error: Exception) -> str:
    """The first line of a message."""
    text = str(error).strip()
    return _clean(text.splitlines()[0] if text else type(error).__name__)


def _clean(text: str) -> str:
    """`text` without what may be a token or a link's signature, and not too long."""
    return hidden(re.sub(r"eyJ[\w.-]+", "<token>", text))[:400]
