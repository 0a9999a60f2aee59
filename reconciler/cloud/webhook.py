"""Sending a JSON document to a webhook: an address of somebody else, which often is itself a secret.

So nothing of the URL but its host is ever told, not even with the errors that the HTTP library has for it. Each try is
short, passing trouble is tried again, and Retry-After is obeyed; a document may arrive twice, when an answer is lost.
"""

from __future__ import annotations

from typing import Any

from azure.core.exceptions import AzureError, DecodeError, ServiceRequestError
from azure.core.pipeline import Pipeline, PipelineResponse
from azure.core.pipeline.policies import UserAgentPolicy
from azure.core.rest import HttpRequest

from reconciler.cloud.policies import LONGEST, Retries
from reconciler.errors import ReconcileError
from reconciler.spec.webhooks import fault, host

CONNECT_SECONDS, READ_SECONDS, IN_ALL_SECONDS = 5, 15, 120
"""How long a connection may take, an answer, and all tries together with the waits between them."""
AGAIN = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses after which it is tried again."""
GONE = "the webhook is not valid any more: make a new one, and put its URL where the old one is kept"
OTHER = "it wants a message of another form: send it to a relay that makes that of the document"
REMEDIES = {400: OTHER, 401: GONE, 403: GONE, 404: GONE, 405: OTHER, 410: GONE, 413: OTHER, 415: OTHER, 422: OTHER}
"""Status → what to do about it."""


class NotSent(ReconcileError):
    """A document did not arrive, or nobody knows whether it did."""


class _Again(Retries):
    """A POST of ours may be tried again whatever went wrong: it changes nothing but what somebody reads."""

    def configure_retries(self, options: dict[str, Any]) -> dict[str, Any]:
        return {**super().configure_retries(options), "methods": frozenset({"POST"})}

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        if (self.get_retry_after(response) or 0) > LONGEST:
            return False
        return bool(settings["total"]) and response.http_response.status_code in AGAIN


def post(transport: Any, url: str, document: str, backoff: float = 0.4, seconds: float = IN_ALL_SECONDS) -> None:
    """Send a JSON document by the connections of a cloud. NotSent, with what to do, if it is not accepted.

    `backoff` is in seconds: from there the waits between tries double. All tries together take `seconds` at most.
    """
    if reason := fault(url):
        raise NotSent(f"the URL of the webhook {reason}")
    policies: list[Any] = [UserAgentPolicy("reconcile"), _Again(backoff)]
    headers = {"Content-Type": "application/json"}
    request = HttpRequest("POST", url, content=document.encode(), headers=headers)
    limits = {"connection_timeout": CONNECT_SECONDS, "read_timeout": READ_SECONDS, "timeout": seconds}
    try:
        answer = Pipeline(transport, policies).run(request, stream=True, **limits).http_response
    except (DecodeError, ValueError):  # the latter for an address in an answer that is none
        raise NotSent(f"{host(url)} answers what is no HTTP; check the address") from None
    except AzureError as error:  # its text has the URL
        reached = not isinstance(error, ServiceRequestError)
        what = "did not answer in time" if reached else "cannot be reached"
        raise NotSent(f"{host(url)} {what}; check the address, the network and any proxy on the way") from None
    answer.close()
    if not 200 <= answer.status_code < 300:
        raise NotSent(_refused(answer.status_code, url, str(answer.headers.get("Location", ""))))


def _refused(status: int, url: str, location: str) -> str:
    """What an answer other than success means."""
    if 300 <= status < 400:
        return (
            f"{host(url)} leads elsewhere (HTTP {status}{_where(location)}), which is not followed; write that address"
        )
    remedy = REMEDIES.get(status, "this is trouble on its side" if status in AGAIN else "see what it says of its use")
    return f"{host(url)} answers with HTTP {status}; {remedy}"


def _where(location: str) -> str:
    try:
        there = host(location)
    except ValueError:
        return ""
    return f", to {there}" if there else ""
