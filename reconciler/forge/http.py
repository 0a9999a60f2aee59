"""Requests to a forge: each says what it is for and what the token needs for it, so that every refusal says so too.

A token goes to the forge's own origin only. A request is made again only if the answer says when.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, TypeVar

import httpx

from reconciler.errors import ReconcileError
from reconciler.render.plain import clean
from reconciler.words import duration, size

TRIES, LONGEST = 4, 300.0
"""How often a request is made at most, and how many seconds its answers may ask to wait between."""
PAGES = 200
"""How many pages of a list are read."""
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TIMEOUT = httpx.Timeout(30, connect=10)
_SHOWN = 300
"""How much of what a forge says of an error is shown, in characters."""


Read = TypeVar("Read")


class ForgeError(ReconcileError):
    """A forge refused, or did not answer as it should. `status` is that of HTTP, 0 if there was no answer."""

    def __init__(self, text: str, status: int = 0) -> None:
        self.status = status
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Service:
    """A forge: its name, the root of its API (no slash ends it), the variable of its token, that, and all headers."""

    name: str
    root: str
    variable: str
    token: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    trusted: Callable[[httpx.URL], bool] = lambda url: False
    """Whether a host beside that of the root is the forge's too, and gets the token."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `doing` goes on after "cannot", `needs` after "the token needs". `missing`: 404 is no failure,
    but an answer without a body."""

    method: str
    path: str
    doing: str
    needs: str
    query: Mapping[str, str | int] = field(default_factory=dict)
    body: Any = None
    media: str = "application/json"
    missing: bool = False


class Client:
    """Sends requests; `sleep` waits for so many seconds."""

    def __init__(self, service: Service, sleep: Callable[[float], None] = time.sleep) -> None:
        self.service, self.sleep = service, sleep
        self.http = httpx.Client(verify=_trust(), timeout=_TIMEOUT, follow_redirects=False)
        self.origin = _origin(httpx.URL(service.root))

    def close(self) -> None:
        self.http.close()

    def send(self, request: Request) -> None:
        """Have something done; whatever the answer has is not looked at."""
        self._answer(request, self._url(request.path))

    def ask(self, request: Request, read: Callable[[Any], Read]) -> Read:
        """What `read` makes of the JSON of the answer. ForgeError if that lacks something."""
        answer = self._answer(request, self._url(request.path))
        return self._read(request, read, None if answer is None else self._json(request, answer))

    def items(
        self, request: Request, read: Callable[[Any], Read], within: Callable[[Any], Any] = lambda page: page
    ) -> Iterator[Read]:
        """What `read` makes of each item of a list, in all of its pages, as the `Link` of one leads to the next.
        `within` finds the list in a page."""
        url: httpx.URL | None = self._url(request.path)
        for _ in range(PAGES):
            answer = self._answer(request, url)
            if answer is None or url is None:
                return
            listed = self._read(request, within, self._json(request, answer))
            if not isinstance(listed, list):
                raise self._strange(request, "is no list")
            yield from (self._read(request, read, item) for item in listed)
            url = self._next(request, answer)
            if url is None:
                return
            request = replace(request, query={})
        raise ForgeError(f"cannot {request.doing}: {self.service.name} lists more than {PAGES} pages")

    def _read(self, request: Request, read: Callable[[Any], Read], body: Any) -> Read:
        try:
            return read(body)
        except (LookupError, TypeError, ValueError, AttributeError):
            raise self._strange(request, "lacks what it should have") from None

    def content(self, request: Request, most: int) -> bytes | None:
        """The bytes of a file, which may be kept on another host; None if it is missing. ForgeError if it is longer."""
        url = self._url(request.path)
        for _ in range(5):
            with self._open(request, url) as answer:
                if answer.status_code in REDIRECTS and "Location" in answer.headers:
                    url = self._moved(request, url, answer.headers["Location"])
                    continue
                if answer.status_code in (404, 410):
                    return None
                if answer.status_code != 200:
                    answer.read()
                    raise self._refusal(request, answer)
                return self._whole(request, answer, most)
        raise ForgeError(f"cannot {request.doing}: {self.service.name} leads on and on to other addresses")

    def _whole(self, request: Request, answer: httpx.Response, most: int) -> bytes:
        data = bytearray()
        try:
            for chunk in answer.iter_bytes():
                data += chunk
                if len(data) > most:
                    raise ForgeError(f"cannot {request.doing}: it is larger than {size(most)}, which no plan is")
        except httpx.HTTPError as error:
            raise self._unreachable(request, error) from None
        return bytes(data)

    def _open(self, request: Request, url: httpx.URL) -> Any:
        ours = _origin(url) == self.origin or self.service.trusted(url)
        headers = self.service.headers if ours else {"User-Agent": "reconcile"}
        try:
            built = self.http.build_request("GET", url, headers=headers)
            answer = self.http.send(built, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(request, error) from None
        return _closing(answer)

    def _moved(self, request: Request, url: httpx.URL, location: str) -> httpx.URL:
        with suppress(httpx.InvalidURL, ValueError):
            there = url.join(location)
            if there.scheme == "https" or (there.scheme == "http" and url.scheme == "http"):
                return there
        raise ForgeError(f"cannot {request.doing}: {self.service.name} leads to an address that is not safe to follow")

    def _answer(self, request: Request, url: httpx.URL | None) -> httpx.Response | None:
        """The answer, once it is no wish to wait; None for what is missing and may be."""
        waited = 0.0
        for attempt in range(TRIES):
            answer = self._once(request, url)
            if request.missing and answer.status_code == 404:
                return None
            if 200 <= answer.status_code < 300 and answer.status_code != 203:  # 203: Azure DevOps asks to sign in
                return answer
            seconds = asked_to_wait(answer, time.time())
            if seconds is None or attempt == TRIES - 1 or waited + seconds > LONGEST:
                raise self._refusal(request, answer, seconds)
            self.sleep(seconds)
            waited += seconds
        raise AssertionError("the last try returns or raises")

    def _once(self, request: Request, url: httpx.URL | None) -> httpx.Response:
        assert url is not None, "a page that is asked for has an address"
        more: dict[str, Any] = {"params": dict(request.query)} if request.query else {}
        headers = dict(self.service.headers)
        if request.body is not None:
            more["json"], headers["Content-Type"] = request.body, request.media
        try:
            return self.http.request(request.method, url, headers=headers, **more)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(request, error) from None

    def _url(self, path: str) -> httpx.URL:
        try:
            return httpx.URL(path if "://" in path else self.service.root + path)
        except httpx.InvalidURL:
            raise ForgeError(f"{self.service.name} gave an address that is none") from None

    def _next(self, request: Request, answer: httpx.Response) -> httpx.URL | None:
        link = answer.links.get("next", {}).get("url")
        if not link:
            return None
        url = answer.url.join(link)
        if _origin(url) != self.origin:
            raise self._strange(request, "leads to the next page on another host; the token does not go there")
        return url

    def _json(self, request: Request, answer: httpx.Response) -> Any:
        if not answer.content:
            return None
        try:
            return answer.json()
        except ValueError:
            raise self._strange(request, "is no JSON") from None

    def _strange(self, request: Request, what: str) -> ForgeError:
        return ForgeError(
            f"cannot {request.doing}: what {self.service.name} answers {what}; "
            f"check {self.origin[1]} and any proxy on the way"
        )

    def _unreachable(self, request: Request, error: Exception) -> ForgeError:
        return ForgeError(
            f"cannot {request.doing}: {self.service.name} does not answer "
            f"({self._shown(str(error) or type(error).__name__)}); "
            f"check {self.origin[1]}, the network and any proxy on the way"
        )

    def _refusal(self, request: Request, answer: httpx.Response, seconds: float | None = None) -> ForgeError:
        """What an answer other than success means, and what to do."""
        said = self._shown(message(answer))
        status = answer.status_code
        what = f"cannot {request.doing}: {self.service.name} answers {status}{f' ({said})' if said else ''}"
        return ForgeError(f"{what}; {self._remedy(request, status, seconds)}", status)

    def _remedy(self, request: Request, status: int, seconds: float | None) -> str:
        if seconds is not None:
            return f"it is asked too often and says to come back in {duration(seconds)}; run the job again then"
        if status in (203, 302, 401):
            return f"it does not accept the token in {self.service.variable}: hand on one that is valid"
        if status == 403:
            return f"the token in {self.service.variable} needs {request.needs}"
        if status in (404, 410):
            return f"it is not there, or the token in {self.service.variable} may not see it: it needs {request.needs}"
        if status in (400, 413, 415, 422):
            return "it does not take what was sent; what it says tells why"
        if status == 429:
            return "it is asked too often; run the job again later"
        if status >= 500:
            return "this is trouble on its side; run the job again later"
        return f"check that {self.origin[1]} is the address of its API"

    def _shown(self, text: str) -> str:
        return clean(text.replace(self.service.token, "***"))[:_SHOWN]


@cache
def _trust() -> ssl.SSLContext:
    """Whom connections trust; it takes long to read."""
    return httpx.create_ssl_context()


def asked_to_wait(answer: httpx.Response, now: float) -> float | None:
    """For how many seconds an answer asks to wait before the request is made again; None if it does not ask."""
    if answer.status_code not in (403, 429, 503):
        return None
    after = answer.headers.get("Retry-After", "")
    with suppress(ValueError, TypeError):
        return float(int(after)) if after.isdigit() else max(0.0, parsedate_to_datetime(after).timestamp() - now)
    if answer.headers.get("X-RateLimit-Remaining") == "0":
        with suppress(ValueError):
            return max(0.0, int(answer.headers.get("X-RateLimit-Reset", "")) - now)
    return None


def message(answer: httpx.Response) -> str:
    """What a forge says of an error, with the fields that it names."""
    try:
        body = answer.json()
    except ValueError:
        return ""
    if not isinstance(body, dict):
        return ""
    said = body.get("message") or body.get("error") or ""
    errors = body.get("errors")
    more = [_detail(one) for one in errors] if isinstance(errors, list) else []
    return ": ".join(filter(None, [said if isinstance(said, str) else str(said), ", ".join(filter(None, more))]))


def _detail(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    known = " ".join(str(error[key]) for key in ("field", "code") if key in error)
    return str(error.get("message") or known)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


class _closing:  # noqa: N801
    """An answer that is closed at the end."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer

    def __enter__(self) -> httpx.Response:
        return self.answer

    def __exit__(self, *trouble: object) -> None:
        self.answer.close()
