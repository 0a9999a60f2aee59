"""What we add to the pipelines of the SDKs, below their own retries: a pace, and a check of each answer.

ARM grants each principal and subscription a bucket of reads (250, refilled with 25 a second) and one of writes
(200, 10 a second). We stay inside, so that neighbours in the subscription are not starved. Source:
learn.microsoft.com, request limits and throttling.
"""

from __future__ import annotations

import json
import re
import threading
import time
from typing import Any

from azure.core.exceptions import AzureError, IncompleteReadError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy, SansIOHTTPPolicy

from reconciler.errors import NotRegistered


class Bucket:
    """A token bucket: `take` says how many seconds to wait for the next token."""

    def __init__(self, size: float, rate: float) -> None:
        self.size, self.rate = size, rate
        self.level, self.at = size, time.monotonic()
        self.lock = threading.Lock()

    def take(self, now: float) -> float:
        with self.lock:
            self.level = min(self.size, self.level + (now - self.at) * self.rate) - 1
            self.at = now
            return max(0.0, -self.level / self.rate)


class Pacing(SansIOHTTPPolicy[Any, Any]):
    """Delays a request until its bucket has a token."""

    def __init__(self) -> None:
        super().__init__()
        self.reads, self.writes = Bucket(250, 25), Bucket(200, 10)

    def on_request(self, request: PipelineRequest[Any]) -> None:
        bucket = self.reads if request.http_request.method in ("GET", "HEAD") else self.writes
        delay = bucket.take(time.monotonic())
        if delay:
            time.sleep(delay)


class Inspecting(HTTPPolicy[Any, Any]):
    """Looks at each answer before the SDK does.

    An answer that is no JSON where JSON was asked for was cut off, or comes from a proxy on the way: it is asked for
    again, as after a lost connection. What goes wrong on the way carries the request as a note. And a subscription that
    is not registered for a provider is an error here, because the SDKs would register it, and sleep until it is, even
    where we only read.
    """

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        asked = request.http_request
        try:
            response = self.next.send(request)
            _check(asked, response.http_response)
        except AzureError as error:
            error.add_note(f"{asked.method} {asked.url.partition('?')[0]}")
            raise
        return response


def _check(asked: Any, answer: Any) -> None:
    if answer.status_code >= 400:
        answer.read()  # where the SDK streams, it throws away what Azure says
    if answer.status_code == 409:
        _registered(answer)
    elif asked.method == "GET" and answer.status_code == 200 and "json" in asked.headers.get("Accept", ""):
        kind = (answer.headers.get("Content-Type") or "application/json").partition(";")[0]
        if "json" not in kind:
            raise IncompleteReadError(f"it is {kind} and not JSON", response=answer)
        if not answer.read():
            raise IncompleteReadError("it is empty", response=answer)


def _registered(answer: Any) -> None:
    """NotRegistered if that is what the answer says."""
    try:
        error = json.loads(answer.read())["error"]
    except (ValueError, LookupError, TypeError):
        return
    if error.get("code") == NotRegistered.CODE:
        named = re.search(r"namespace '([\w.]+)'", error.get("message", ""))
        raise NotRegistered(named[1] if named else "")
