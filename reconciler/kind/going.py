"""What would go with a resource, and who is in it or uses it: asked of what a plan touches, and only read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from threading import RLock
from typing import Any

from reconciler import marks
from reconciler.cloud import arm, pairs
from reconciler.cloud.cloud import Cloud
from reconciler.errors import AzureError, Refused
from reconciler.model import Observed
from reconciler.words import some

Raw = Mapping[str, Any]
"""A resource as ARM shows it."""


@dataclass(frozen=True, slots=True)
class User:
    """Something that is in a resource or uses it: its id (ARM's, if it has one), what people call it, and its spec."""

    id: str
    name: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Going:
    """Of a resource that a plan would delete or change: what is lost with it, and its users.

    `data` is told in words, such as `1,204 blobs (3.1 GB)`.
    `disturbs` is what else a change does to running work or data. `unread` is why its users could not be read, if so.
    """

    data: str = ""
    users: tuple[User, ...] = ()
    unread: str = ""
    disturbs: str = ""


class Neighbours:
    """The Batch accounts and pools of the subscription, and its resources: each list is read once, when asked for.

    Where we may not read one, it counts as empty, and `unseen` says why.
    """

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.unseen = ""
        self._lock = RLock()
        self._lists: dict[str, list[dict[str, Any]]] = {}

    @property
    def accounts(self) -> list[dict[str, Any]]:
        """The Batch accounts of the subscription."""
        return self._all(f"{self._subscription}/providers/Microsoft.Batch/batchAccounts")

    @property
    def pools(self) -> list[dict[str, Any]]:
        """The pools of all these accounts."""
        return [pool for account in self.accounts for pool in self._all(f"{account['id']}/pools")]

    @property
    def resources(self) -> list[dict[str, Any]]:
        """Every tracked resource of the subscription, in short form."""
        return self._all(f"{self._subscription}/resources")

    @property
    def machines(self) -> list[dict[str, Any]]:
        """The virtual machines of the subscription."""
        return self._all(f"{self._subscription}/providers/Microsoft.Compute/virtualMachines")

    def identified(self) -> Iterator[tuple[str, User]]:
        """(id of an identity in lower case, who has it) of every pool and every tracked resource."""
        for raw in (*self.pools, *self.resources):
            for identity in arm.identity_ids(raw.get("identity")):
                yield identity, user(raw)

    @property
    def _subscription(self) -> str:
        return f"/subscriptions/{self.cloud.target.subscription}"

    def _all(self, collection: str) -> list[dict[str, Any]]:
        from reconciler.cloud.errors import translated

        with self._lock:
            if collection not in self._lists:
                try:
                    with translated():
                        self._lists[collection] = list(arm.listing(self.cloud, collection))
                except AzureError as error:
                    if error.status != 403:
                        raise
                    self._lists[collection], self.unseen = [], str(error)
            return self._lists[collection]


def user(raw: Raw) -> User:
    """A resource of ARM as the user of another: `batchAccounts/ba/pools/prod of the spec 'x'`."""
    path = str(raw["id"]).rpartition("/providers/")[2].partition("/")[2]
    metadata = pairs.mapped((raw.get("properties") or {}).get("metadata"))
    mark = marks.mark_of(raw.get("tags")) or marks.mark_of(metadata)
    owner = mark.owner if mark else metadata.get(marks.AUTO, "")
    return User(raw["id"], f"{path} of the spec {owner!r}", owner) if owner else User(raw["id"], path)


Users = Callable[[Neighbours, Observed], Iterator[User]]
CLOSED = "PublicNetworkAccessNotAllowed"
"""What a closed Batch account answers to whoever is outside (inferred, as no recording has it)."""


def check(cloud: Cloud, observed: Observed, users: Users) -> None:
    """Raise Refused if anybody uses the resource now, just before it is deleted: what is ours and used it is gone.

    The way to a closed account may be gone by then, too, as it is ours; then what was seen for the plan counts.
    """
    from reconciler.cloud.errors import translated

    names: list[str] = []
    try:
        with translated():
            names = [user.name for user in users(Neighbours(cloud), observed)]
    except AzureError as error:
        if error.code != CLOSED:
            raise
    if names:
        raise Refused(f"cannot delete {observed.address}: it is used by {some(names)}; move or delete that first")
