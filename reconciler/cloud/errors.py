"""Errors of Azure's SDKs translated to ours: by status and Azure code, never by exception class."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from reconciler.cloud import federation
from reconciler.errors import AzureError, NotRegistered, ReconcileError, Refused, SignedOut, Unreachable, WrongUsage
from reconciler.secret import hidden

T = TypeVar("T")

REMEDIES = {
    "AuthorizationFailed": "Give your principal the role Contributor (and Role Based Access Control Administrator for "
    "role assignments) on the resource group, or ask its owner; a new role takes minutes to work.",
    "AuthorizationPermissionMismatch": "Give your principal the role Storage Blob Data Contributor on the storage "
    "account; a new role takes minutes to work.",
    "AuthorizationFailure": "The storage account's network rules keep this machine out: run inside its network, let it "
    "in by publicNetworkAccess and networkAcls, or runs by runner: {temporaryRule: true} (docs/network.md).",
    "PublicNetworkAccessNotAllowed": "The Batch account's network rules keep this machine out: run inside its network, "
    "or set publicNetworkAccess: Enabled.",
    "KeyBasedAuthenticationNotPermitted": "Shared keys are off on this account; sign in with Entra ID (az login).",
    "StorageAccountAlreadyTaken": "Storage account names are unique in all of Azure: choose another.",
    "AccountAlreadyExists": "Batch account names are unique in a region: choose another.",
    "SubscriptionNotFound": "Check azure.subscription, and that you are signed in to its tenant.",
    "InvalidAuthenticationToken": "Sign in again: az login.",
    "InvalidAuthenticationTokenTenant": "The subscription belongs to another tenant: az login --tenant TENANT.",
    "QuotaExceeded": "Ask for more quota in the portal, or use a smaller size.",
}
"""Azure code → what to do about it."""
NOT_PROVISIONED = "StorageAccountIsNotProvisioned"
"""The code for what is in a storage account that is still being made: there is nothing yet."""
PASSING = "This is trouble on Azure's side, which passes: run the same command again."


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

    The innermost place counts. SignedOut gets no place, nor does a refusal of our own or a wrong command line.
    """
    try:
        with translated():
            yield
    except (Refused, SignedOut, WrongUsage):
        raise
    except ReconcileError as error:
        error.place = error.place or what
        raise


@contextmanager
def tolerated(*statuses: int) -> Iterator[None]:
    """An error answer with one of these statuses ends the block, and is no error.

    Where 404 is fine, two more are, because nothing can be there: a subscription that is not registered for the
    provider, and a storage account that is still being made.
    """
    from azure.core.exceptions import HttpResponseError

    try:
        yield
    except HttpResponseError as error:
        unmade = error.status_code == 409 and getattr(error.error, "code", None) == NOT_PROVISIONED
        if error.status_code not in statuses and not (unmade and 404 in statuses):
            raise
    except NotRegistered:
        if 404 not in statuses:
            raise


def missing_is_none(ask: Callable[[], T]) -> T | None:
    """What `ask` returns; None if that, or its parent, does not exist."""
    with tolerated(404):
        return ask()
    return None


def from_body(status: int, body: Any, request_id: str = "", request: str = "") -> AzureError:
    """The error in an ARM answer or operation status: `{"error": {"code", "message", "details"}}`.

    `request` is told where Azure's own words do not say enough: no code, or trouble on its side.
    """
    error = body.get("error", body) if isinstance(body, dict) else {}
    if not isinstance(error, dict):
        error = {"message": str(error)}
    code, message = str(error.get("code") or ""), error.get("message") or ""
    if isinstance(message, dict):  # the Batch data plane
        message = str(message.get("value", "")).split("\nRequestId:")[0]
    details = "; ".join(_detail(item) for item in error.get("details") or error.get("values") or ())
    text = f"{message} ({details})" if details else str(message)
    passing = status == 429 or status >= 500
    remedy = REMEDIES.get(code, PASSING if passing else "")
    return AzureError(status, code, text or "no message", request_id, remedy, "" if code and not passing else request)


def _detail(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    return f"{item.get('code') or item.get('key', '')}: {item.get('message') or item.get('value', '')}"


def _answered(error: Any) -> Exception:
    """Our error for one that the SDKs raise about an answer, or about a missing answer."""
    from azure.core import exceptions as core

    if error.status_code is None and isinstance(error, core.ClientAuthenticationError):
        return signed_out(error)
    if error.status_code is None or (isinstance(error, core.DecodeError) and error.status_code < 500):
        return _broken_off(error)
    headers = error.response.headers if error.response is not None else {}
    request_id = headers.get("x-ms-request-id") or headers.get("request-id") or ""
    try:
        body = error.response.json()
    except Exception:
        body = {"code": headers.get("x-ms-error-code", ""), "message": _short(error)}
    answer = from_body(error.status_code, body, request_id, _request(error))
    if answer.code or not headers.get("x-ms-error-code"):
        return answer
    body = {"code": headers["x-ms-error-code"], "message": error.reason}
    return from_body(error.status_code, body, request_id, _request(error))


def _request(error: Any) -> str:
    """`GET https://...`, without the query, which may hold a signature."""
    asked = getattr(error.response, "request", None)
    return hidden(f"{asked.method} {asked.url.partition('?')[0]}") if asked is not None else ""


def _broken_off(error: Exception) -> Unreachable:
    request = next(iter(getattr(error, "__notes__", ())), "a request")
    text = f"Azure's answer to {hidden(request)} did not arrive whole: {_short(error)}"
    return Unreachable(f"{text}; check the network and any proxy on the way")


def signed_out(error: Exception) -> SignedOut:
    """The error for when no credential works, with what to do and with the reason that Entra ID gave, if any."""
    said = re.search(r"(?<=Authentication failed: )[^\r\n]+|AADSTS\d+:[^\r\n]*", str(error))
    why = f": {_clean(said[0].strip()).rstrip('.')}" if said else ""
    if what := federation.advice(str(error)):
        return SignedOut(f"not signed in to Azure{why}\n{hidden(what)}")
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
    """`text` without secrets, and not too long."""
    return hidden(text)[:400]
