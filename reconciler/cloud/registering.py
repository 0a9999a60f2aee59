"""A subscription that was never used for a service cannot be asked about it: it is registered for it first."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import TypeVar

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import translated
from reconciler.errors import AzureError

T = TypeVar("T")

REGISTRATION = 300.0
"""Seconds that a registration may take; Azure usually needs one minute."""


def registered(cloud: Cloud, ask: Callable[[], T]) -> T:
    """What `ask` gives, once the subscription is registered for what it asks."""
    deadline = time.monotonic() + REGISTRATION
    while True:
        try:
            with translated():
                return ask()
        except AzureError as error:
            namespace = re.search(r"namespace '([\w.]+)'", error.message)
            unused = error.code == "MissingSubscriptionRegistration" and namespace is not None
            if not unused or namespace is None or time.monotonic() > deadline:
                raise
            with translated():
                cloud.register(namespace[1])
            time.sleep(cloud.endpoints.poll_seconds)
