"""Four kinds of bad luck: death at a write, reads that lag, answers that are lost, answers that are broken."""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import azure_local
from tests.conftest import World

SEED = os.environ.get("CRASH_SEED") or os.environ.get("GITHUB_SHA") or datetime.now(UTC).date().isoformat()
"""What the sample is chosen by."""
WRITES = "PUT|PATCH|POST|DELETE"
READING = re.compile(r"/(checkNameAvailability|listKeys|listLogSasUrl|listBuildSourceUploadUrl)$", re.IGNORECASE)
"""POSTs that change nothing."""
BROKEN: dict[str, dict[str, Any]] = {
    "500 without a body": {"status": 500, "answer": "empty"},
    "503 with Retry-After": {"status": 503, "retryAfter": 0},
    "502 without a Date": {"status": 502, "answer": "undated"},
    "504 as HTML": {"status": 504, "answer": "html"},
    "429 with Retry-After": {"status": 429, "code": "TooManyRequests", "retryAfter": 0},
    "429 without Retry-After": {"status": 429, "code": "TooManyRequests"},
    "200 without a body": {"answer": "empty"},
    "200 as HTML": {"answer": "html"},
    "200 cut off": {"answer": "cut"},
    "200 half": {"answer": "torn"},
    "200 as text": {"answer": "plain"},
    "reset": {"drop": True},
}


class Died(BaseException):
    """The process was killed here."""


@dataclass
class Mortal:
    """The connections of a process that is killed at its write number `at`, before or after Azure has it.

    From then on no request of any thread is sent. Simulated time stands until the next apply has made its plan.
    """

    inner: Any
    world: World
    at: int
    after: bool
    writes: int = 0
    dead: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, request: Any, **options: Any) -> Any:
        with self.lock:
            fatal = self._is_write(request) and self._counted() == self.at
            if self.dead:
                raise Died
            if fatal:
                self.world.azure.run(1)
                self.dead = True
        if fatal and self.after:
            self.inner.send(request, **options)
        if fatal:
            raise Died
        answer = self.inner.send(request, **options)
        if self.dead:
            raise Died
        return answer

    def _is_write(self, request: Any) -> bool:
        return request.method not in ("GET", "HEAD") and not READING.search(request.url.partition("?")[0])

    def _counted(self) -> int:
        self.writes += 1
        return self.writes - 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def __enter__(self) -> Mortal:
        return self

    def __exit__(self, *error: object) -> None:
        """The connections stay open for the next apply."""


@dataclass
class Luck:
    """What goes wrong during one apply. `strike` begins it, `lift` ends it and says whether it came to pass."""

    name: str

    def strike(self, world: World) -> None:
        raise NotImplementedError

    def lift(self, world: World) -> bool:
        raise NotImplementedError


@dataclass
class Kill(Luck):
    """Killed at write number `at`."""

    at: int
    after: bool
    mortal: Mortal | None = None

    def strike(self, world: World) -> None:
        world.cloud()
        self.mortal = world.transport = Mortal(world.transport, world, self.at, self.after)

    def lift(self, world: World) -> bool:
        if self.mortal is None:
            return False
        world.transport = self.mortal.inner
        return self.mortal.dead


@dataclass
class Fault(Luck):
    """A fault of the local Azure."""

    fault: dict[str, Any]

    def strike(self, world: World) -> None:
        world.azure.fault(**self.fault)

    def lift(self, world: World) -> bool:
        left = azure_local.ask(world.azure.folder, "GET", "faults")
        world.azure.clear_faults()
        return left == [] or any(
            fault.get("struck") or fault.get("times", 0) != self.fault.get("times") for fault in left
        )


def stale(times: int) -> Fault:
    match = {"method": WRITES}
    return Fault(f"{times} stale", {"match": match, "times": 10**6, "action": {"stale": times}})


def lost() -> Fault:
    """The first answer to every request that is made."""
    return Fault("lost", {"match": {}, "each": True, "action": {"drop": True, "when": "after"}})


def lost_at(number: int) -> Fault:
    """The answers to one write and to all its repetitions within the client."""
    match = {"method": WRITES}
    return Fault("lost write", {"match": match, "after": number, "times": 1, "action": {"drop": True, "when": "after"}})


def broken(how: str) -> Fault:
    """The first answer to every request that is made."""
    return Fault(how, {"match": {}, "each": True, "action": BROKEN[how]})


def broken_at(how: str, number: int) -> Fault:
    """So many answers in a row from one request on that no client tries again often enough to get past them."""
    return Fault(f"{how}, again and again", {"match": {}, "after": number, "times": 30, "action": BROKEN[how]})
