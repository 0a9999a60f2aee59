"""What a spec leaves to others to say: `latest`, tags and the next version, as they are now.

It is asked once, before anything is observed: the plan then has no unknowns, and apply does what the plan showed.
A subscription that was never used for a service cannot be asked about it: it is registered for it first.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import translated
from reconciler.errors import AzureError
from reconciler.kinds.kind import Kind, Kinds
from reconciler.model import Address, Desired

REGISTRATION = 300.0
"""Seconds that a registration may take; Azure usually needs one minute."""


def resolve(cloud: Cloud, kinds: Kinds, desired: Mapping[Address, Desired]) -> dict[Address, Desired]:
    """`desired`, which comes in the order of its references, with every moving name replaced by what it means."""
    found: dict[Address, Desired] = {}
    for address, want in desired.items():
        found[address] = _resolved(cloud, kinds[address.kind], want, found)
    return found


def _resolved(cloud: Cloud, kind: Kind, want: Desired, before: Mapping[Address, Desired]) -> Desired:
    if kind.resolve is None:
        return want
    deadline = time.monotonic() + REGISTRATION
    while True:
        try:
            with translated():
                return kind.resolve(cloud, want, before)
        except AzureError as error:
            namespace = re.search(r"namespace '([\w.]+)'", error.message)
            unused = error.code == "MissingSubscriptionRegistration" and namespace is not None
            if not unused or namespace is None or time.monotonic() > deadline:
                raise
            with translated():
                cloud.register(namespace[1])
            time.sleep(cloud.endpoints.poll_seconds)
