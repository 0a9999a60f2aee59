"""What a resource kind is: a table of fields and six verbs.

Every verb is idempotent and returns at once. No kind sleeps, retries, logs or prints: the engine waits,
by observing again until the resource is READY, FAILED or out of time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from reconciler.cloud.cloud import Cloud, Operation
from reconciler.cost.use import Costs
from reconciler.kind.inverse import Inverse
from reconciler.kind.needs import NOTHING, Needs
from reconciler.model import Address, Decision, Desired, Diff, Mark, Observed, Report, Rule
from reconciler.spec.spec import Spec
from reconciler.words import plural

REGISTERED = frozenset({"Microsoft.Authorization", "Microsoft.Resources"})
"""Resource providers that every subscription is registered for.

Source: learn.microsoft.com, Azure Resource Manager, resource providers and what they are for.
"""


@dataclass(frozen=True, slots=True)
class ArmType:
    """A type of ARM, such as `Microsoft.Storage/storageAccounts`, and the api-version that bodies are written for.

    `named_at` is where to ask whether a name that all of Azure shares is free: a provider path that may hold
    `{location}`; empty where names are the parent's own. `writes` are further types that are written or deleted for it.
    `asks` are further providers that answer for it, such as the one that knows VM sizes. `in_group` is whether it lies
    in the spec's resource group, where permissions are judged.
    """

    name: str
    api_version: str
    named_at: str = ""
    writes: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    in_group: bool = True

    @property
    def provider(self) -> str:
        """The resource provider that serves it."""
        return self.name.partition("/")[0]

    @property
    def registrations(self) -> frozenset[str]:
        """The resource providers that a subscription must be registered for before it can be made."""
        return frozenset({self.provider, *self.asks}) - REGISTERED

    @property
    def written(self) -> tuple[str, ...]:
        """All types that are written or deleted for it, its own first."""
        return (self.name, *self.writes)


@dataclass(frozen=True, slots=True)
class Record:
    """A document about a live resource, with the fields that other programs expect.

    `option` names it on the command line (`outputs --format`), `key` in a spec's `outputs`, `noun` what it is about.
    `make` takes what is observed of it, and raises Refused where it is not there yet.
    """

    option: str
    key: str
    noun: str
    make: Callable[[Cloud, Spec, Desired, Observed | None], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Leftover:
    """An ARM resource that a run made for a while. `expires` is in ISO 8601."""

    id: str
    type: str
    expires: str


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What runs of any spec may have left behind.

    `expired` lists what has expired in the subscription, or all of it; `clear` starts to delete what can go first and
    tells what that is, or None when nothing is left.
    """

    expired: Callable[[Cloud, bool], list[Leftover]]
    clear: Callable[[Cloud, Iterable[Leftover]], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One resource kind.

    fields   wire path (dotted, `properties.vmSize`) → Rule; the longest matching prefix counts
    expand   Spec → Desireds; pure
    list     every resource of this kind in the spec's scope, ours or not, by one paged list a collection
    observe  one resource now, or None if it does not exist
    create   make it, marked; what exists already is no error
    update   make what `diff` names so; may advance by one stage a call where Azure needs several
    delete   remove it; what is gone already is no error
    ready_within  how long the engine waits for READY before it gives up
    """

    name: str
    fields: Mapping[str, Rule]
    expand: Callable[[Spec], Iterable[Desired]]
    list: Callable[[Cloud, Iterable[Desired]], Iterable[Observed]]
    observe: Callable[[Cloud, Desired | Observed], Observed | None]
    create: Callable[[Cloud, Desired, Mark], Operation | None]
    update: Callable[[Cloud, Desired, Mark, Observed, Diff], Operation | None]
    delete: Callable[[Cloud, Observed], Operation | None]
    arm: ArmType | None = None
    """What it is on ARM; None where it lives on a data plane only."""
    resolve: Callable[[Cloud, Desired, Mapping[Address, Desired]], Desired] | None = None
    """What names that others move (`latest`, a tag) mean now; given all that is resolved before it. Reads only."""
    abandon: Callable[[Cloud, Desired], str | None] | None = None
    """One step of clearing away what a failed change must not leave; what is still going, or None when all is done."""
    takes: Callable[[Decision, Desired | None], timedelta] = lambda decision, desired: timedelta(seconds=20)
    """How long what is decided usually takes."""
    ready_within: timedelta = timedelta(minutes=30)
    attempts: int = 1
    """How often one diff may be worked on in a row before the engine says that it did not stick."""
    report: Callable[[Cloud, Desired], Report | None] | None = None
    """What there is to say of it at the end of a run; None if there is nothing."""
    record: Record | None = None
    leftovers: Leftovers | None = None
    logged_under: str = ""
    """The section of a spec under whose names the logs of its changes are asked for."""
    deletable: bool = True
    """False where there is nothing of ours to delete: the data that it stands for is the user's."""
    spares_occupied: bool = False
    """What somebody still uses is not deleted now but by a later apply."""
    summarised: bool = False
    """Its detail says in words what differs and what not: a plan shows that instead of fields, changed or not."""
    emptied_by: str = "empty it"
    """What a person does to empty it, for a change that has to wait for that."""
    volatile: bool = False
    """Its body counts data that comes and goes by itself: a plan stays good when the counts have moved."""
    reads: tuple[str, ...] = ()
    """Kinds whose list must be read before this one's (a pool's account), for what their answers tell."""
    noun: str = ""
    """What people call one of it; empty: its name, with spaces."""
    section: str = ""
    """The key of a spec under which resources of this kind are listed by name, if there is one."""
    outputs: Mapping[str, str] = field(default_factory=dict)
    """What other programs ask of a live one: the name of an output → its path in the body, such as `properties.x`."""
    costs: Costs | None = None
    """What it costs by time; None: nothing."""
    means: Callable[[Spec], Mapping[str, tuple[float, float]]] | None = None
    """Of those whose size a spec has tried out, by name: how many dedicated and Spot nodes they have on average."""
    needs: Needs = NOTHING
    """What it takes of quotas, a region and a subnet."""
    inverse: Inverse | str | None = "import has no words for it"
    """How a live one is said in a spec, or why it cannot be; None: it is part of what is said of the whole spec."""

    @property
    def one(self) -> str:
        """What people call one of it."""
        return self.noun or self.name.replace("_", " ")

    @property
    def many(self) -> str:
        """What people call several of it."""
        return plural(self.one)

    def rule(self, path: str) -> Rule:
        """The rule of the longest table entry that is `path` or a prefix of it; LookupError if none is."""
        parts = path.split(".")
        for end in range(len(parts), 0, -1):
            found = self.fields.get(".".join(parts[:end]))
            if found is not None:
                return found
        raise LookupError(f"{self.name}: no rule for field {path}")


Kinds = Mapping[str, Kind]
