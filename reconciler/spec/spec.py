"""A checked spec: every entry in one form, defaults filled in, values as the YAML has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from reconciler.errors import Problem
from reconciler.model import Address
from reconciler.spec.pools import Pool
from reconciler.spec.sections import (
    Application,
    BatchAccount,
    Gallery,
    Identity,
    Image,
    Job,
    Receiver,
    Registry,
    StorageAccount,
)
from reconciler.spec.watch import Watch

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a spec's resources live. `cloud` is `public` or `local`."""

    cloud: str
    subscription: str
    location: str
    resource_group: str
    tags: Mapping[str, str] = field(default_factory=dict)
    protect: bool = False
    existing: Mapping[str, str] = field(default_factory=dict)
    """`TYPE/NAME`, in lower case, of what the spec uses without owning it → the ARM id of the group that it is in."""

    @property
    def group_id(self) -> str:
        """ARM id of the resource group."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"

    def id_of(self, type_: str, name: str) -> str:
        """ARM id of a resource of the spec: it is in the spec's group, unless it is used without being owned."""
        group = self.existing.get(f"{type_}/{name}".lower(), self.group_id)
        return f"{group}/providers/{type_}/{name}"

    def used(self, type_: str) -> Iterator[str]:
        """The names, in lower case, of what the spec uses of an ARM type without owning it."""
        start = f"{type_}/".lower()
        yield from (key.removeprefix(start) for key in self.existing if key.startswith(start))


@dataclass(frozen=True, slots=True)
class Spec:
    """One desired-state file. `name` is the owner mark of all it makes; `sections` holds all of it by key."""

    name: str
    file: str
    azure: Target
    sections: Mapping[str, Any] = field(default_factory=dict)
    adopt: frozenset[Address] = frozenset()
    expires: str = ""
    """When any run may delete what it makes, as marks have it; empty: never. Only previews do."""
    warnings: tuple[Problem, ...] = ()
    """What is allowed but not wise, or will be retired, each with its place; known if it was read for a day."""

    def section(self, key: str, entry: type[Entry]) -> Mapping[str, Entry]:  # for the type checker
        """The entries of a section by name, each of the type `entry`; none where the spec lacks the section."""
        entries: Mapping[str, Entry] = self.sections.get(key, {})
        return entries

    @property
    def lock(self) -> str:
        """The container that the lock is in, as storage/ACCOUNT/CONTAINER; empty if nothing is locked."""
        return str(self.sections.get("lock", ""))

    @property
    def watch(self) -> Watch:
        """What may be done about drift without anybody there."""
        usual: Watch = {"onDrift": "correct", "onLeave": "report", "resources": {}}
        said: Watch | None = self.sections.get("watch")
        return said or usual

    @property
    def temporary_rule(self) -> bool:
        """Whether a run from outside is let in to closed accounts for as long as it lasts."""
        return bool((self.sections.get("runner") or {}).get("temporaryRule"))

    @property
    def audit(self) -> str:
        """The container that runs leave records in, as storage/ACCOUNT/CONTAINER; empty if they leave none."""
        return str(self.sections.get("audit", ""))

    @property
    def notify(self) -> Sequence[Receiver]:
        """Who is told of drift, of plans that wait for a person, and of how runs end."""
        receivers: Sequence[Receiver] = self.sections.get("notify", ())
        return receivers

    @property
    def storage(self) -> Mapping[str, StorageAccount]:
        return self.section("storage", StorageAccount)

    @property
    def identities(self) -> Mapping[str, Identity]:
        return self.section("identities", Identity)

    @property
    def registries(self) -> Mapping[str, Registry]:
        return self.section("registries", Registry)

    @property
    def galleries(self) -> Mapping[str, Gallery]:
        """Those that others own."""
        return self.section("galleries", Gallery)

    @property
    def images(self) -> Mapping[str, Image]:
        return self.section("images", Image)

    @property
    def batch_account(self) -> BatchAccount | None:
        account: BatchAccount | None = self.sections.get("batchAccount")
        return account

    @property
    def applications(self) -> Mapping[str, Application]:
        return self.section("applications", Application)

    @property
    def pools(self) -> Mapping[str, Pool]:
        return self.section("pools", Pool)

    @property
    def jobs(self) -> Mapping[str, Job]:
        return self.section("jobs", Job)

    @property
    def outputs(self) -> Mapping[str, str]:
        """Record → the file that apply writes it to."""
        return self.section("outputs", str)

    @property
    def budget(self) -> Mapping[str, float]:
        return self.section("budget", float)

    @property
    def folder(self) -> Path:
        """Where relative paths of the spec start."""
        return Path(self.file).parent

    @property
    def group_id(self) -> str:
        """ARM id of the spec's resource group."""
        return self.azure.group_id

    def id_of(self, type_: str, name: str) -> str:
        """ARM id of a resource that the spec names."""
        return self.azure.id_of(type_, name)
