"""A spec of what is live: composed, expanded again, and freed of what it would change, until it would change nothing.

So the reason why something is left out is either that a section has no words for it, or a field that the spec would
make another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler import roles
from reconciler.diff import diff
from reconciler.errors import Problem, ReconcileError
from reconciler.importing import jobs, pools, resources
from reconciler.importing.live import Live
from reconciler.importing.resources import Section
from reconciler.importing.words import Known, Unsayable, ordered, shown
from reconciler.kinds import KINDS, role_assignment
from reconciler.model import Address, Change, Observed
from reconciler.spec.check import check
from reconciler.spec.document import Document
from reconciler.spec.load import LOCAL_SUBSCRIPTION, built
from reconciler.spec.spec import Target

Say = Callable[[Observed, Known, list[str]], Section]
ROLE = role_assignment.NAME
SECTIONS: Mapping[str, tuple[str, Say]] = {
    "storage_account": ("storage", resources.storage_account),
    "identity": ("identities", resources.identity),
    "registry": ("registries", resources.registry),
    "pool": ("pools", pools.section),
    "job": ("jobs", jobs.section),
}
TRACKED = ("storage_account", "identity", "registry", "batch_account")
"""Kinds that get the tags of the spec."""
WORDLESS = {
    "gallery": "what its images are made of is not to be seen; pools boot their versions",
    "image_definition": "what it is made of is not to be seen; pools boot its versions",
    "image_version": "what it is made of is not to be seen; pools boot it by its version",
    "verification": "what is checked is not to be seen",
}
UNSEEN = "Azure does not show rollout and verify of pools and convert of jobs: write them in again where they were"
_PACKAGES = re.compile(r"app-.+-[0-9a-f]{32,}")
"""Containers that Batch makes for application packages."""


@dataclass(slots=True)
class Draft:
    """A spec as YAML has it; what is not in it, and why; what there is to say of what is.

    `lost` is what the spec owns without saying so: its plan would delete that.
    """

    value: dict[str, Any]
    left: dict[Address, str] = field(default_factory=dict)
    notes: list[tuple[Address, str]] = field(default_factory=list)
    lost: frozenset[Address] = frozenset()


def draft(live: Live, target: Target, name: str, only: Collection[str] = ()) -> Draft:
    """The spec `name` of all that is live; of pools, and jobs on them, `only` those of these ids if any are given.

    ReconcileError if the resource group itself cannot be in it.
    """
    left = dict(_others(live, name, only))
    if live.group.address in left:
        owner = live.group.mark.owner if live.group.mark else name
        why = f"it {left[live.group.address]}; use --name {owner}"
        raise ReconcileError(f"cannot import {live.group.address} as {name}: {why}")
    while True:
        made = _Composing(live, target, name, dict(left)).made()
        faults = _problems(made.value) or _differences(live, made.value)
        new = {address: why for address, why in faults.items() if address not in made.left}
        if not new:
            return _finished(live, made, name)
        left |= new


def _others(live: Live, name: str, only: Collection[str]) -> Iterator[tuple[Address, str]]:
    """What is not ours to take, or not asked for."""
    for found in live.found:
        if found.mark is not None and found.mark.owner != name:
            yield found.address, f"belongs to the spec {found.mark.owner!r}"
        elif found.address.kind == "pool" and only and found.address.name not in only:
            yield found.address, "was not asked for"
        elif found.address.kind == "batch_account" and found.address.name != live.account:
            yield found.address, "a spec has one Batch account"
        elif found.address.kind in WORDLESS:
            yield found.address, WORDLESS[found.address.kind]
        elif found.address.kind == "container" and _PACKAGES.fullmatch(found.address.name.split("/")[1]):
            yield found.address, "Batch made it for application packages"


class _Composing:
    """One pass over all that is live, each kind after those that it refers to; it knows what is in the spec so far."""

    def __init__(self, live: Live, target: Target, name: str, left: dict[Address, str]) -> None:
        self.live, self.known = live, Known(target.resource_group, target.subscription)
        self.draft = Draft(_head(live, target, name), left)

    def made(self) -> Draft:
        notes: list[str] = []
        tracked = [one for kind in TRACKED for one in self._open(kind)]
        tags = resources.shared_tags(self.live.group, tracked, notes)
        self.draft.notes += [(self.live.group.address, text) for text in notes]
        azure = self.draft.value["azure"]
        azure |= {**({"tags": tags} if tags else {}), **resources.protect(self.live.group)}
        galleries = {one.address.name.lower(): one.address.name for one in self.live.of("gallery")}
        self.known = replace(self.known, tags=tags, galleries=galleries)
        self.known = replace(self.known, storage=self._named("storage_account"))
        self._containers()
        self.known = replace(self.known, identities=self._named("identity"), registries=self._named("registry"))
        self._account()
        self._roles()
        self._named("pool")
        self.known = replace(self.known, pools=frozenset(self.draft.value.get("pools", {})))
        self._named("job")
        return self.draft

    def _open(self, kind: str) -> list[Observed]:
        return [one for one in self.live.of(kind) if one.address not in self.draft.left]

    def _said(self, found: Observed, say: Say) -> Section | None:
        """The section, or None for what is left out."""
        notes: list[str] = []
        try:
            section = say(found, self.known, notes)
        except Unsayable as reason:
            self.draft.left[found.address] = str(reason)
            return None
        self.draft.notes += [(found.address, text) for text in notes]
        return section

    def _named(self, kind: str) -> dict[str, str]:
        """Fill a section with all that can be said; lower-case id → name."""
        section, say = SECTIONS[kind]
        known = {}
        for found in self._open(kind):
            if kind == "pool" and self.known.account is None:
                self.draft.left[found.address] = "its Batch account is left out"
            elif (own := self._said(found, say)) is not None:
                self.draft.value.setdefault(section, {})[found.address.name] = own
                known[found.id.lower()] = found.address.name
        return known

    def _containers(self) -> None:
        accounts = self.draft.value.get("storage", {})
        for found in self._open("container"):
            account, name = found.address.name.split("/")
            if account not in accounts:
                self.draft.left[found.address] = "its storage account is left out"
            elif (own := self._said(found, resources.container)) is not None:
                accounts[account].setdefault("containers", {})[name] = own

    def _account(self) -> None:
        for found in self._open("batch_account"):
            if (own := self._said(found, resources.batch_account)) is not None:
                self.draft.value["batchAccount"] = own
                self.known = replace(self.known, account=found.address.name)

    def _roles(self) -> None:
        for found in self._open(ROLE):
            name = self.known.identities.get(found.body["identity"])
            if name is None:
                self.draft.left[found.address] = f"the identity {found.body['identity']} is left out"
            elif (own := self._said(found, resources.role)) is not None:
                self.draft.value["identities"][name].setdefault("roles", []).append(own)


def _head(live: Live, target: Target, name: str) -> dict[str, Any]:
    azure = {
        "cloud": target.cloud,
        "subscription": target.subscription,
        "location": live.group.body["location"],
        "resourceGroup": target.resource_group,
    }
    return {"apiVersion": "reconciler/v1", "name": name, "azure": azure}


PLACES = {"storage": "storage_account", "identities": "identity", "registries": "registry"}
PLACES |= {"pools": "pool", "jobs": "job"}


def _problems(value: dict[str, Any]) -> dict[Address, str]:
    """What the checks of a spec say, by the resource that they say it of. ReconcileError for what is of none."""
    found: dict[Address, str] = {}
    for problem in check(Document("the imported spec", value)):
        address, place = _address(value, problem)
        found.setdefault(address, f"{place.lstrip('.')} {problem.message}".strip())
    return found


def _address(value: dict[str, Any], problem: Problem) -> tuple[Address, str]:
    """The resource at a path such as `pools.prod.nodes`, and the rest of the path."""
    section, _, rest = problem.path.partition(".")
    if section == "batchAccount":
        return Address("batch_account", value["batchAccount"]["name"]), rest
    if section not in PLACES:
        raise ReconcileError(f"cannot write a spec of this: {problem.path} {problem.message}")
    name, _, place = rest.partition(".")
    if place.startswith("containers."):
        container, _, place = place.removeprefix("containers.").partition(".")
        return Address("container", f"{name}/{container}"), place
    return Address(PLACES[section], name), place


def _differences(live: Live, value: dict[str, Any]) -> dict[Address, str]:
    """What the spec would change although it was made from what is live."""
    by_key = _by_key(live)
    found: dict[Address, str] = {}
    for kind, desired in _expanded(value):
        seen = by_key[_key(kind, desired)]
        changes = diff(KINDS[kind].rule, desired.body, seen.body).changes
        if changes:
            found[seen.address] = "; ".join(map(_told_change, changes[:3]))
    return found


def _told_change(change: Change) -> str:
    path = change.path.removeprefix("properties.")
    return f"{path} is {shown(change.before)}; a spec would make it {shown(change.after)}"


def _expanded(value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    spec = built(Document("the imported spec", value))
    for kind in KINDS.values():
        for desired in kind.expand(spec):
            yield kind.name, desired


def _by_key(live: Live) -> dict[Any, Observed]:
    """Each resource by its address; a role assignment by what it says, as its address is its id."""
    return {_meaning(one) if one.address.kind == ROLE else one.address: one for one in live.found}


def _meaning(found: Observed) -> tuple[str, str, str]:
    body = found.body
    return body["scope"].lower(), body["identity"], body["properties"]["roleDefinitionId"]


def _key(kind: str, desired: Any) -> Any:
    if kind != ROLE:
        return desired.address
    body = desired.body
    return desired.data["scope"].lower(), body["identity"], body["properties"]["roleDefinitionId"]


def _finished(live: Live, made: Draft, name: str) -> Draft:
    """With what is to be adopted, and what of ours is not in it; keys in the order of the reference."""
    by_key = _by_key(live)
    adopted, inside = [], set()
    for kind, desired in _expanded(made.value):
        seen = by_key[_key(kind, desired)]
        inside.add(seen.address)
        if seen.mark is None:
            adopted.append(str(desired.address))
    if adopted:
        made.value["adopt"] = adopted
    ours = {one.address for one in live.found if one.mark and one.mark.owner == name and not one.kept}
    if any(address.kind in ("pool", "job") for address in ours & inside):
        made.notes.append((live.group.address, UNSEEN))
    left, lost = _told(live, made, ours), ours - inside
    plain = {one.address: _plain(one) for one in live.of(ROLE)}
    return Draft(
        _spelled(made.value),
        {plain.get(address, address): why for address, why in left.items()},
        made.notes,
        frozenset(plain.get(address, address) for address in lost),
    )


def _plain(role: Observed) -> Address:
    """A role assignment without its id: whose, which, where."""
    identity, scope = (role.body[key].rsplit("/", 1)[-1] for key in ("identity", "scope"))
    return Address(ROLE, f"{identity}/{roles.slug(resources.role_name(role))}/{scope}")


def _told(live: Live, made: Draft, ours: Collection[Address]) -> dict[Address, str]:
    """Containers of an account that is left out are not told one by one, unless they are ours."""
    accounts = {one.name for one in made.left if one.kind == "storage_account"}
    return {
        address: why
        for address, why in sorted(made.left.items())
        if address in ours or address.kind != "container" or address.name.split("/")[0] not in accounts
    }


def _spelled(value: Mapping[str, Any]) -> dict[str, Any]:
    """Containers without settings as a list, what is empty as nothing."""
    for account in value.get("storage", {}).values():
        containers = account.get("containers", {})
        if containers and not any(containers.values()):
            account["containers"] = sorted(containers)
    if value["azure"]["cloud"] == "public":
        del value["azure"]["cloud"]
    elif value["azure"]["subscription"] == LOCAL_SUBSCRIPTION:
        del value["azure"]["subscription"]
    made: dict[str, Any] = ordered(value)
    return made
