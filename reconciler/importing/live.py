"""What a resource group holds, read through the kinds' own lists: reading requests only."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import translated
from reconciler.errors import ReconcileError
from reconciler.kinds import KINDS
from reconciler.kinds.identity import role_assignment
from reconciler.model import Address, Desired, Observed

GROUP, ACCOUNT, STORAGE, CONTAINER = "resource_group", "batch_account", "storage_account", "container"


@dataclass(frozen=True, slots=True)
class Live:
    """A resource group as it is. `account` is the Batch account whose pools and jobs were read."""

    group: Observed
    account: str | None
    found: tuple[Observed, ...]

    def of(self, kind: str) -> list[Observed]:
        return [one for one in self.found if one.address.kind == kind]


def group(cloud: Cloud) -> Observed:
    """The resource group of the cloud. ReconcileError, with the nearest names, if there is none."""
    wanted = cloud.target.resource_group
    with translated():
        found = {one.address.name: one for one in KINDS[GROUP].list(cloud, ())}
    if wanted in found:
        return found[wanted]
    where = f"in subscription {cloud.target.subscription}"
    raise ReconcileError(f"there is no resource group {wanted} {where}{_nearest(wanted, found)}")


def read(cloud: Cloud, here: Observed, account: str | None) -> Live:
    """All that the kinds list in the group `here`, and in one Batch account: `account`, or the only one.

    ReconcileError if there is no such account, or no telling which.
    """
    with translated():
        accounts = list(KINDS[ACCOUNT].list(cloud, ()))
        storage = list(KINDS[STORAGE].list(cloud, ()))
    chosen = _account(here, [one.address.name for one in accounts], account)
    reached = Cloud(cloud.target, cloud.owner, chosen, cloud.endpoints)
    inside = [Desired(Address(CONTAINER, f"{one.address.name}/*"), {}) for one in storage]
    found = [here, *accounts, *storage]
    for name, kind in KINDS.items():
        if name in (GROUP, ACCOUNT, STORAGE):
            continue
        with translated():
            assigned = name == role_assignment.NAME
            wanted = inside if name == CONTAINER else []
            found += role_assignment.given(reached) if assigned else kind.list(reached, wanted)
    return Live(here, chosen, tuple(sorted(_at_home(found), key=lambda one: one.address)))


def _at_home(found: list[Observed]) -> Iterator[Observed]:
    """Jobs name their pool as a spec does, whichever generation of it is live."""
    names = {one.id.rsplit("/", 1)[-1]: one.address.name for one in found if one.address.kind == "pool"}
    for one in found:
        pool = (one.body.get("poolInfo") or {}).get("poolId") if one.address.kind == "job" else None
        yield replace(one, body={**one.body, "poolInfo": {"poolId": names[pool]}}) if pool in names else one


def _account(here: Observed, names: list[str], wanted: str | None) -> str | None:
    if wanted is None:
        if len(names) > 1:
            raise ReconcileError(
                f"{here.address.name} has {len(names)} Batch accounts; say which with --batch-account: "
                f"{', '.join(sorted(names))}"
            )
        return names[0] if names else None
    for name in names:
        if name.lower() == wanted.lower():
            return name
    raise ReconcileError(f"{here.address.name} has no Batch account {wanted}{_nearest(wanted, names)}")


def _nearest(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; there are {', '.join(names[:20])}" if names else "; there is none that you can see"


def pools(live: Live, wanted: Iterable[str]) -> None:
    """ReconcileError if the account has no pool of one of these names."""
    there = [one.address.name for one in live.of("pool")]
    for name in wanted:
        if name not in there:
            raise ReconcileError(f"{live.account or live.group.address.name} has no pool {name}{_nearest(name, there)}")
