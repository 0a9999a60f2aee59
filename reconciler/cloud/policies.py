"""What we put into the pipelines of the SDKs: one way to try again, a pace, and a check of each answer.

ARM grants each principal and subscription a bucket of reads (250, refilled with 25 a second) and one of writes
(200, 10 a second). We stay inside, so that neighbours in the subscription are not starved. Source:
learn.microsoft.com, request limits and throttling.
"""

from __future__ import annotations

import io
import json
import re
import threading
import time
from collections.abc import Callable, Container
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from xml.parsers import expat

from azure.core.exceptions import AzureError, IncompleteReadError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy, RetryPolicy, SansIOHTTPPolicy

from reconciler.errors import NotRegistered

LONGEST = 30.0
"""Seconds that a request waits in silence because Azure asks for it. For longer waits it is the engine that waits."""


class Retries(RetryPolicy[Any, Any]):
    """The one way to try a request again, for all SDKs: throttling, 5xx, and answers that do not arrive.

    Retry-After is obeyed. The first retry comes at once, the fifth some six seconds later. The SDK of blobs would wait
    for 15 seconds before the first, and not look at Retry-After.
    """

    def __init__(self, backoff: float = 0.4) -> None:
        super().__init__(retry_total=5, retry_connect=1, retry_backoff_factor=backoff)

    def configure_retries(self, options: dict[str, Any]) -> dict[str, Any]:
        for name in ("hosts", "location_mode"):  # the SDK of blobs leaves them for its own policy, which takes them out
            options.pop(name, None)
        return super().configure_retries(options)

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        if (self.get_retry_after(response) or 0) > LONGEST:
            return False
        if response.http_response.status_code == 429:  # it was not begun, so any method can be tried again
            return bool(settings["total"])
        return bool(super().is_retry(settings, response))

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        response = super().send(request)
        response.http_response.location_mode = "primary"  # what the SDK of blobs expects of its policy
        return response


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


class Dating(SansIOHTTPPolicy[Any, Any]):
    """Tells the time of each answer, by Azure's own clock. Not every one has it: a proxy may leave it out."""

    def __init__(self, tell: Callable[[datetime], None]) -> None:
        super().__init__()
        self.tell = tell

    def on_response(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:
        with suppress(ValueError, TypeError):
            self.tell(parsedate_to_datetime(response.http_response.headers.get("Date") or ""))


class Guard(Protocol):
    """What knows whether we may write."""

    def room(self) -> float | None:
        """How many seconds a write may take that begins now, None: as long as it likes. Raises LockLost for none."""


class Guarding(SansIOHTTPPolicy[Any, Any]):
    """Lets a request that may change something go out only while `lock` has room for it, and wait no longer than that.

    It is the last thing that happens to a request, so that signing in and waiting to try again come before.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lock: Guard | None = None
        self.sent = 0
        """How many requests have gone out, each try for itself."""
        self._counting = threading.Lock()

    def on_request(self, request: PipelineRequest[Any]) -> None:
        with self._counting:
            self.sent += 1
        if self.lock is None or request.http_request.method in ("GET", "HEAD"):
            return
        if (room := self.lock.room()) is not None:
            request.context.options.update(connection_timeout=room / 4, read_timeout=room * 3 / 4)


class Inspecting(HTTPPolicy[Any, Any]):
    """Looks at each answer before the SDK does.

    An answer that is not what was asked for (JSON, or XML of blobs) was cut off, or comes from a proxy on the way: it
    is asked for again, as after a lost connection. What goes wrong on the way carries the request as a note. And a
    subscription that is not registered for a provider is an error here, because the SDKs would register it, and sleep
    until it is, even where we only read.
    """

    def __init__(self, full: Container[str] = ("GET",)) -> None:
        """`full` are the methods whose answer with status 200 always has a body."""
        super().__init__()
        self.full = full

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        asked = request.http_request
        try:
            response = self.next.send(request)
            _check(asked, response.http_response, self.full)
        except AzureError as error:
            error.add_note(f"{asked.method} {asked.url.partition('?')[0]}")
            raise
        return response


def _check(asked: Any, answer: Any, full: Container[str]) -> None:
    if answer.status_code >= 400:
        _content(answer)  # where the SDK streams, it throws away what Azure says
    if answer.status_code == 409:
        _registered(answer)
    if answer.status_code == 404 and asked.method == "GET" and _content(answer).lstrip().lower().startswith(b"<htm"):
        raise IncompleteReadError("it is text/html and not JSON")  # without the status: nobody says that it is absent
    if not 200 <= answer.status_code < 300:
        return
    accepted = asked.headers.get("Accept", "")
    if "json" in accepted:
        may_be_empty = answer.status_code != 200 or asked.method not in full or "*/*" in accepted
        _check_form(answer, "json", _whole_json, may_be_empty=may_be_empty)
    elif "xml" in accepted and "comp=list" in asked.url:  # the SDK says that it accepts XML where it downloads, too
        _check_form(answer, "xml", _whole_xml, may_be_empty=False)


def _check_form(answer: Any, form: str, whole: Callable[[bytes], bool], *, may_be_empty: bool) -> None:
    """IncompleteReadError for an answer that is not in this form."""
    content = _content(answer)
    if not content:
        if not may_be_empty:
            raise IncompleteReadError("it is empty", response=answer)
        return
    kind = (answer.headers.get("Content-Type") or f"application/{form}").partition(";")[0]
    if form not in kind:
        raise IncompleteReadError(f"it is {kind} and not {form.upper()}", response=answer)
    if not whole(content):
        raise IncompleteReadError(f"it is broken {form.upper()}", response=answer)


def _content(answer: Any) -> bytes:
    """The body of an answer; the SDK of blobs has answers of an older type."""
    return bytes(answer.read() if hasattr(answer, "read") else answer.body())


def _whole_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except ValueError:
        return False
    return True


def _whole_xml(content: bytes) -> bool:
    try:
        expat.ParserCreate().ParseFile(io.BytesIO(content))
    except expat.ExpatError:
        return False
    return True


def _registered(answer: Any) -> None:
    """NotRegistered if that is what the answer says."""
    try:
        error = json.loads(_content(answer))["error"]
        code, message = error["code"], str(error.get("message", ""))
    except (ValueError, LookupError, TypeError, AttributeError):
        return
    if code == NotRegistered.CODE:
        named = re.search(r"namespace '([\w.]+)'", message)
        raise NotRegistered(named[1] if named else "")
