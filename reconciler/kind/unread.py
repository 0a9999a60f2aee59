"""What cannot be read does not end a plan: it is a resource of unknown state, with the reason in its detail."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from reconciler.cloud.cloud import Cloud
from reconciler.errors import AzureError, ReconcileError, Unreachable
from reconciler.model import Address, Desired, Health, Observed

T = TypeVar("T")
UNREADABLE = (AzureError, Unreachable)
"""What reading may raise without ending the plan; that nobody is signed in ends it."""


def cause(error: ReconcileError) -> str:
    """Why, without where and in which request: what two errors of one cause have in common."""
    return f"{error.code}: {error.message}" if isinstance(error, AzureError) else str(error.args[0])


def unknown(address: Address, why: str) -> Observed:
    """The resource as far as it is known after reading it has failed."""
    return Observed(address, "", {}, health=Health.UNKNOWN, detail=why)


def attempted(what: str, ask: Callable[[], T], otherwise: Callable[[str], T]) -> T:
    """What `ask` reads, or what `otherwise` makes of the reason why not. `what` names what is read, for people."""
    from reconciler.cloud.errors import reading

    try:
        with reading(what):
            return ask()
    except UNREADABLE as error:
        return otherwise(str(error))


def observed(
    observe: Callable[[Cloud, Desired], Observed | None], cloud: Cloud, desired: Desired, what: str
) -> Observed | None:
    """What `observe` sees, for kinds whose resources are read one by one, some perhaps from a closed place.

    `what` names what is read, for people.
    """
    return attempted(what, lambda: observe(cloud, desired), lambda why: unknown(desired.address, why))
