"""What resources take of an account's quotas, of a region and of a subnet: the terms in which kinds say it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.model import Decision, Desired, Observed


@dataclass(frozen=True, slots=True)
class Nodes:
    """What counts of a pool of nodes, live or wanted. `image` is publisher:offer:sku, or the id of a gallery image.

    `wants` are the properties that not every size or region can do, by their names in `preflight.sizes.NEEDS`.
    """

    size: str
    dedicated: int = 0
    spot: int = 0
    slots: int = 1
    image: str = ""
    agent: str = ""
    base: str = ""
    """publisher:offer:sku that a gallery image was made from, where that is known."""
    subnet: str = ""
    disks: int = 0
    wants: frozenset[str] = frozenset()

    @property
    def nodes(self) -> int:
        return self.dedicated + self.spot


@dataclass(frozen=True, slots=True)
class HasNodes:
    """How to read the nodes of a kind's resources.

    wanted  those that the spec asks for
    live    those that are there, or about to be
    twice   whether a change is made by a second set of nodes, which are there beside the first for a while
    """

    wanted: Callable[[Desired], Nodes]
    live: Callable[[Observed], Nodes]
    twice: Callable[[Decision, Desired, Nodes | None], bool] = lambda decision, desired, live: False


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What is to be checked before a resource of a kind is made or changed, beside its name and its permissions."""

    nodes: HasNodes | None = None
    """Its nodes, which must be offered, within quotas, and able to boot; None: it has none."""
    active: Callable[[Observed], bool] | None = None
    """Whether a live one is one of the account's active jobs; None: it is no job."""
    image: Callable[[Desired], str] | None = None
    """The id, in lower case, of the image version that it makes: nodes may boot that before it is there."""


NOTHING = Needs()
