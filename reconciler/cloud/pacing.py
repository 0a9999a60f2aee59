"""Keeps us inside Azure Resource Manager's request budget, so that neighbours in the subscription are not starved.

ARM grants each principal and subscription a bucket of reads (250, refilled with 25 a second) and one of writes
(200, 10 a second). Source: learn.microsoft.com, request limits and throttling.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy


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
