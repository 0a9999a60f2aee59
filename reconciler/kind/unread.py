"""What cannot be read does not end a plan: it is a resource of unknown state, with the reason in its detail."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.cloud.cloud import Cloud
from reconciler.errors import AzureError, Unreachable
from reconciler.model import Address, Desired, Health, Observed

UNREADABLE = (AzureError, Unreachable)
"""What reading may raise without ending the plan; that nobody is signed in ends it."""


def unknown(address: Address, why: str) -> Observed:
    """The resource as far as it is known after reading it has failed."""
    return Observed(address, "", {}, health=Health.UNKNOWN, detail=why)


def observed(
    observe: Callable[[Cloud, Desired], Observed | None], cloud: Cloud, desired: Desired, what: str
) -> Observed | None:
    """What `observe` sees, for kinds whose resources are read one by one, some perhaps from a closed place.

    `what` names what is read, for people.
    """
    from reconciler.cloud.errors import reading

    try:
        with reading(what):
            return observe(cloud, desired)
    except UNREADABLE as error:
        return unknown(desired.address, str(error))
