"""One pass over what is live: each resource in a spec's words, after those that it refers to."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.importing import jobs, pools, resources
from reconciler.importing.live import Live
from reconciler.importing.resources import Section
from reconciler.importing.words import Known, Unsayable
from reconciler.kinds.identity import role_assignment
from reconciler.model import Address, Observed
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
    "application": "what its packages are made of is not to be seen; pools bring them by version",
    "application_package": "what it is made of is not to be seen; pools bring it by version",
    "gallery": "what its images are made of is not to be seen; pools boot their versions",
    "image_definition": "what it is made of is not to be seen; pools boot its versions",
    "image_version": "what it is made of is not to be seen; pools boot it by its version",
    "verification": "what is checked is not to be seen",
}
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


def others(live: Live, name: str, only: Collection[str]) -> Iterator[tuple[Address, str]]:
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


class Composing:
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
