"""What a resource kind is: a table of fields and six verbs.

Every verb is idempotent and returns at once. No kind sleeps, retries, logs or prints: the engine waits,
by observing again until the resource is READY, FAILED or out of time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.cost.use import Build, Case, Costs
from reconciler.course import Run
from reconciler.kind.going import Users
from reconciler.kind.inverse import Inverse
from reconciler.kind.needs import NOTHING, Needs
from reconciler.kind.permissions import NONE, Permissions
from reconciler.kind.traits import PLAIN, Traits
from reconciler.kind.ways import Ways
from reconciler.model import Address, Body, Change, Decision, Desired, Diff, Mark, Observed, Rule
from reconciler.report import Report
from reconciler.spec.spec import Spec
from reconciler.words import plural

UNOWNED = "existing: true"
"""What most sections of a spec have to use a resource without owning it."""
REGISTERED = frozenset({"Microsoft.Authorization", "Microsoft.Consumption", "Microsoft.Resources"})
"""Resource providers that every subscription is registered for.

Source: learn.microsoft.com, Azure Resource Manager, resource providers and what they are for.
"""


@dataclass(frozen=True, slots=True)
class ArmType:
    """An ARM type, such as `Microsoft.Storage/storageAccounts`, and the api-version that bodies are written for.

    `named_at` is the provider path, perhaps with `{location}`, that tells whether a name is free in all of Azure; empty
    if names need to be unique within the parent only. `writes` are further types that are written or deleted for it.
    `asks` are further providers that requests for it go to, such as the one that lists VM sizes. `in_group` is whether
    it is in the spec's resource group, where permissions are checked. `called` is what roles call it, if not by its
    name. `deleted_at` is the provider path that shows what was deleted and keeps its name, which the command `recovers`
    brings back and the command `purges` ends, each with `{name}`; empty if a name is free once its resource is gone.
    `rare`: few specs have one, so its list is read only where the spec has one, or where the list of all that is in the
    group shows one of ours, or one of ours that may hold it.
    """

    name: str
    api_version: str
    named_at: str = ""
    writes: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    in_group: bool = True
    called: str = ""
    deleted_at: str = ""
    recovers: str = ""
    purges: str = ""
    rare: bool = False

    @property
    def provider(self) -> str:
        """The resource provider that serves it."""
        return self.name.partition("/")[0]

    @property
    def top(self) -> str:
        """The type that the list of a group shows: its own, or that of what it is in."""
        return "/".join(self.name.split("/")[:2])

    @property
    def registrations(self) -> frozenset[str]:
        """The resource providers that a subscription must be registered for before it can be created."""
        return frozenset({self.provider, *self.asks}) - REGISTERED

    @property
    def written(self) -> tuple[str, ...]:
        """All types that are written or deleted for it, its own first."""
        return (self.name, *self.writes)


@dataclass(frozen=True, slots=True)
class Record:
    """A document about a live resource, with the fields that other programs expect.

    `option` is its name on the command line (`outputs --format`), `key` that in a spec's `outputs`, and `noun` what
    people call the resource. `make` gets the observed resource or None, and raises Refused if it does not exist yet.
    """

    option: str
    key: str
    noun: str
    make: Callable[[Cloud, Spec, Desired, Observed | None], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Leftover:
    """A temporary ARM resource of a run. `expires` is in ISO 8601."""

    id: str
    type: str
    expires: str


@dataclass(frozen=True, slots=True)
class Leftovers:
    """How to delete temporary resources that runs of any spec left behind.

    `expired` lists those in the subscription that have expired or, if asked, all. `clear` starts to delete those that
    can go now and returns what they are, or None when nothing is left.
    """

    expired: Callable[[Cloud, bool], list[Leftover]]
    clear: Callable[[Cloud, Iterable[Leftover]], str | None]


@dataclass(frozen=True, slots=True)
class Result:
    """A blob that work is to write: in which container (storage/ACCOUNT/CONTAINER), by which task, if it is of one.

    `partial`: it is made of the results of others, of which there are a few only.
    """

    place: str
    name: str
    task: str = ""
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One resource kind.

    fields   wire path (dotted, `properties.vmSize`) → Rule; the longest matching prefix counts
    expand   Spec → Desireds; pure
    list     every resource of this kind in the spec's scope, ours or not, by one paged list for each collection
    observe  a resource as it is now, or None if it does not exist
    create   make it with our mark; no error if it exists already
    update   make the changes that `diff` names; where Azure needs several stages, a call may do just the next
    delete   remove it; no error if it does not exist
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
    """Its ARM type; None if it is on a data plane only."""
    place: Callable[[Cloud, Desired], str] | None = None
    """The ARM id of one that the spec asks for; None: it is on a data plane, or always in the spec's group."""
    unowned: str = ""
    """What a spec writes to use one without owning it; empty: it cannot."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Wire path → what the spec calls it; paths below follow, and others only lose their `properties.`."""
    usual: Body = field(default_factory=dict)
    """What its body has where the spec says nothing; it is not told of a resource that is to be made."""
    maps: tuple[str, ...] = ("tags",)
    """The maps in its body whose keys the spec chooses: a key that leaves the spec goes, and one of others stays."""
    resolve: Callable[[Cloud, Desired, Mapping[Address, Desired]], Desired] | None = None
    """What names that can move (`latest`, a tag) stand for now, given all that was resolved before it. Only reads."""
    abandon: Callable[[Cloud, Desired], str | None] | None = None
    """Does a step of clearing up after a failed change; returns what is still being deleted, or None when done."""
    takes: Callable[[Decision, Desired | None], timedelta] = lambda decision, desired: timedelta(seconds=20)
    """How long carrying out a decision usually takes."""
    ready_within: timedelta = timedelta(minutes=30)
    lets_end: Callable[[Desired], timedelta] = lambda desired: timedelta()
    """How long a change of one may wait for work that runs there, which `ready_within` does not count."""
    attempts: int = 1
    """How many updates in a row may have the same diff before the engine reports that it does not go away."""
    report: Callable[[Cloud, Desired], Report | None] | None = None
    """Its report at the end of a run, which of work says how it has ended; None if there is nothing to report."""
    undoable: Callable[[Cloud, Desired], tuple[str, ...]] | None = None
    """The first items of its work that cannot be done, each with its reason. Only reads, with ten requests at most."""
    tell: Callable[[Cloud, Observed], tuple[str, ...]] | None = None
    """What `status` says of a live one beyond its health, each a phrase; None: nothing."""
    goes: Callable[[Cloud, Observed, Desired | None], str] | None = None
    """What is lost with one that is deleted, or made anew as desired: data, records, running work, in words and counted
    up to a bound; empty if nothing is. Only reads."""
    disturbs: Callable[[Cloud, Desired, Observed, Decision], str] | None = None
    """What an update or replacement does to running work or to data beside that, and what would be gentler; empty if
    nothing. The decision has just the changes that are made now. Only reads, with a bounded number of requests."""
    renewed: Callable[[Desired, Observed], Observed] | None = None
    """How one will be once something that it refers to was made anew; None: as it is."""
    keep: Callable[[Cloud, Desired], None] | None = None
    """Called before something that it refers to is deleted to be made anew: saves what would go with that."""
    settle: Callable[[Cloud, Desired], None] | None = None
    """Called at the end of an apply, also of one with nothing to do: saves what became of work that none waited for."""
    idles: Callable[[Desired, Observed, Sequence[Address]], tuple[Desired, Observed]] | None = None
    """What is asked of a live one, and what is said of it, given the work for it that a plan begins: less of it while
    there is none. None: always the same. Pure."""
    users: Users | None = None
    """What is in one that is to be deleted or uses it, ours or not, as far as no list shows it. Only reads."""
    record: Record | None = None
    leftovers: Leftovers | None = None
    job_of: Callable[[Desired], str] | None = None
    """The name of the Batch job whose tasks do the work of one, resolved; None: no job does."""
    entry_of: Callable[[str], str] | None = None
    """The name of the entry of a spec that a task with this id does the work of; empty if it is of none."""
    stem_of: Callable[[str], str] | None = None
    """How the id of a task begins that is of one, whatever the task does; the whole id of a task of others."""
    asks: Callable[[Cloud, Desired], Iterable[str]] | None = None
    """The ids of the tasks that one asks for; None: they tell nothing. Only reads."""
    results: Callable[[Cloud, Desired], Iterable[Result]] | None = None
    """The blobs that the work of one is to write, as far as their names are known beforehand. Only reads."""
    past: Callable[[Cloud, Desired], Iterable[Run]] | None = None
    """What was kept of the jobs that did the work of one, by themselves and in no order. Only reads."""
    rerun: Callable[[Cloud, Desired, tuple[str, ...]], Desired] | None = None
    """The same with those tasks to be run again that have ended by now and match one of the patterns; None: none can
    be told apart. Only reads."""
    logged_under: str = ""
    """The section of a spec whose names `reconcile logs` takes for the logs of its changes."""
    turn: Callable[[Address], str] | None = None
    """What one shares with others of its kind that Azure refuses to change at the same time; None: nothing."""
    vacate: Callable[[Cloud, Desired, Observed], str] | None = None
    """Called before one is deleted to be made anew, until it has nothing more to say: lets what runs in it end, where
    the spec asks for that, and says what still runs; None: that goes with it."""
    sought: bool = True
    """False if its list asks for nothing where the spec has none, and has had none."""
    deletable: bool = True
    """False if there is nothing of ours to delete, because the data that it is about belongs to the user."""
    spares_occupied: bool = False
    """Whether a resource that is still in use is left for a later apply to delete."""
    summarised: bool = False
    """Whether a plan shows its detail, which sums up what differs, instead of its fields, even without a change."""
    grants: bool = False
    """Whether one that is made gives somebody permissions."""
    refusal: Callable[[Change], str] = lambda change: ""
    """Why Azure would refuse these two values of a field that can change otherwise, and what to do; empty if not."""
    emptied_by: str = "empty it first"
    """What a person must do to empty it, when a change has to wait for that."""
    counts: str = ""
    """The section of a spec that says what the work or data is which its body only counts. That changes by itself, so a
    plan stays valid if the counts change. Empty: its body says all."""
    reads: tuple[str, ...] = ()
    """Kinds that must be listed before this one, because its list needs their answers (a pool's account)."""
    noun: str = ""
    """What people call it; empty: its name with spaces."""
    section: str = ""
    """The key of a spec under which resources of this kind are listed by name, if there is one."""
    outputs: Mapping[str, str] = field(default_factory=dict)
    """What `reconcile outputs` shows of it: name of an output → its path in the body, such as `properties.x`."""
    costs: Costs | None = None
    """How it is paid for by time; None: it is not."""
    work: Callable[[Case], Build | None] | None = None
    """What the nodes of others do once for what a plan decides of one, as far as that is known; None: nothing."""
    means: Callable[[Spec], Mapping[str, tuple[float, float]]] | None = None
    """Name → average number of dedicated and Spot nodes, for resources whose autoscale a spec simulates."""
    permissions: Permissions = NONE
    """What its verbs must be allowed to do, beside reading, writing and deleting its own ARM type."""
    needs: Needs = NOTHING
    """What it needs of quotas, a region and a subnet."""
    traits: Traits = PLAIN
    """What policies ask of it: how it can be reached, where it is, and whether data is in it."""
    ways: Ways | None = None
    """How a run from outside is let in to the data of one that is closed, for as long as it lasts; None: not at all."""
    inverse: Inverse | str | None = "import has no words for it"
    """How a live one is written into a spec, or why it cannot be; None: it is written as part of the whole spec."""

    @property
    def one(self) -> str:
        """What people call one of it."""
        return self.noun or self.name.replace("_", " ")

    @property
    def many(self) -> str:
        """What people call several of it."""
        return plural(self.one)

    def key(self, path: str) -> str:
        """What the spec calls the field at a wire path."""
        parts = path.split(".")
        for end in range(len(parts), 0, -1):
            key = self.keys.get(".".join(parts[:end]))
            if key is not None:
                return ".".join([*([key] if key else []), *parts[end:]])
        return path.removeprefix("properties.")

    def patience(self, desired: Desired | None) -> timedelta:
        """How long the engine waits for READY of one before it gives up."""
        return self.ready_within + (self.lets_end(desired) if desired else timedelta())

    def rule(self, path: str) -> Rule:
        """The rule of the longest field that is `path` or a prefix of it. LookupError if there is none."""
        parts = path.split(".")
        for end in range(len(parts), 0, -1):
            rule = self.fields.get(".".join(parts[:end]))
            if rule is not None:
                return rule
        raise LookupError(f"{self.name}: no rule for field {path}")


Kinds = Mapping[str, Kind]
