"""Reads all resources of a resource group through the lists of the kinds; changes nothing."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import reading
from reconciler.errors import ReconcileError
from reconciler.kind import Kind
from reconciler.kind.inverse import Inverse
from reconciler.kind.places import place
from reconciler.kind.unread import UNREADABLE
from reconciler.kinds import ACCOUNT, GROUP, KINDS
from reconciler.model import Observed


@dataclass(frozen=True, slots=True)
class Live:
    """A resource group as it is. `account` is the Batch account whose pools and jobs were read.

    `unread` are the kinds whose list could not be read, with the reason.
    """

    group: Observed
    account: str | None
    observed: tuple[Observed, ...]
    unread: Mapping[str, str] = field(default_factory=dict)

    def of(self, kind: str) -> list[Observed]:
        return [resource for resource in self.observed if resource.address.kind == kind]


def group(cloud: Cloud) -> Observed:
    """The resource group of the cloud. ReconcileError, with the nearest names, if there is none."""
    name = cloud.target.resource_group
    groups = {resource.address.name: resource for resource in _all(cloud, GROUP)}
    if name in groups:
        return groups[name]
    where = f"in subscription {cloud.target.subscription}"
    raise ReconcileError(f"there is no resource group {name} {where}{_nearest(name, groups)}")


def read(cloud: Cloud, here: Observed, account: str | None) -> Live:
    """All that the kinds list in the group `here`, and in one Batch account: `account`, or the only one.

    Raises ReconcileError if there is no such account, or several and `account` is None. A list that cannot be read
    ends nothing; if that is the one of accounts, `account` is believed.
    """
    unread: dict[str, str] = {}
    accounts = _tried(unread, cloud, ACCOUNT)
    closed = bool(unread)
    chosen = account if closed else _account(here, [resource.address.name for resource in accounts], account)
    reached = Cloud(cloud.target, cloud.owner, chosen, cloud.endpoints)
    observed = [here, *accounts]
    with reached.shared.lasting():
        for kind in KINDS.values():
            if kind.name not in (GROUP.name, ACCOUNT.name):
                observed += _tried(unread, reached, kind, tuple(observed))
    return Live(here, chosen, tuple(sorted(observed, key=lambda resource: resource.address)), unread)


def _tried(unread: dict[str, str], cloud: Cloud, kind: Kind, before: tuple[Observed, ...] = ()) -> list[Observed]:
    """All resources of a kind; if they cannot be read, none, and the reason is added to `unread`."""
    try:
        return _all(cloud, kind, before)
    except UNREADABLE as error:
        unread[kind.name] = str(error)
        return []


def _all(cloud: Cloud, kind: Kind, before: tuple[Observed, ...] = ()) -> list[Observed]:
    with reading(place(kind, KINDS, cloud)):
        if isinstance(kind.inverse, Inverse) and kind.inverse.every:
            return list(kind.inverse.every(cloud, before))
        return list(kind.list(cloud, ()))


def _account(here: Observed, names: list[str], account: str | None) -> str | None:
    if account is None:
        if len(names) > 1:
            raise ReconcileError(
                f"{here.address.name} has {len(names)} Batch accounts; say which with --batch-account: "
                f"{', '.join(sorted(names))}"
            )
        return names[0] if names else None
    for name in names:
        if name.lower() == account.lower():
            return name
    raise ReconcileError(f"{here.address.name} has no Batch account {account}{_nearest(account, names)}")


def _nearest(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; there are {', '.join(names[:20])}" if names else "; there is none that you can see"


def check(live: Live, names: Iterable[str]) -> None:
    """Raise ReconcileError if one of the names that were asked for is not live, or cannot be read."""
    for kind in KINDS.values():
        if isinstance(kind.inverse, Inverse) and kind.inverse.chosen:
            there = [resource.address.name for resource in live.of(kind.name)]
            for name in names:
                if kind.name in live.unread:
                    raise ReconcileError(live.unread[kind.name])
                if name not in there:
                    where = live.account or live.group.address.name
                    raise ReconcileError(f"{where} has no {kind.one} {name}{_nearest(name, there)}")
