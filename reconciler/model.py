"""The nouns of a run: what is asked for, what is there, what differs, and what will be done about it. Frozen values.

`Body` is JSON as Azure's REST reference spells it, one name for the spec, the plan, the kinds and the wire; a kind may
add facts that it derives, such as a stage or a count, as JSON too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

from reconciler.verdict import Verdict

Body = Mapping[str, Any]

STAGE = "stage"
"""The field of a body that says how far a change of several stages is; it moves by itself."""


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """One resource of one spec, such as `pool/prod`; ARM ids are computed from it, never stored in it."""

    kind: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read `kind/name`; a name may hold further slashes (`container/account/images`). ValueError if not."""
        kind, slash, name = text.partition("/")
        if not (kind and slash and name):
            raise ValueError(f"{text!r} is not an address; write kind/name, for example pool/prod")
        return cls(kind, name)

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


class Rule(IntEnum):
    """What changing a field costs, cheapest first; a diff costs its dearest field."""

    IGNORE = 0
    LIVE = 1
    NEW_NODES = 2
    NEW_VERSION = 3
    WHEN_EMPTY = 4
    REPLACE = 5
    REFUSE = 6


class Health(StrEnum):
    """Whether a resource is usable: READY, on its way (BUSY), or broken (FAILED). UNKNOWN: it could not be read."""

    READY = "ready"
    BUSY = "busy"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Action(StrEnum):
    """What a plan intends for one resource."""

    NONE = "none"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    WAIT = "wait"
    DEFER = "defer"
    REFUSE = "refuse"
    KEEP = "keep"
    """It would be deleted and stays, for something that needs it stays too."""
    UNKNOWN = "unknown"
    """It could not be read, so that nothing is done about it."""


class Why(StrEnum):
    """The reason of a decision, for code: the set is closed, and every view words what it likes."""

    AS_DESIRED = "as_desired"
    ABSENT = "absent"
    DIFFERS = "differs"
    DRIFTED = "drifted"
    """It was changed outside the spec: the spec is the one that was last applied."""
    ADOPTED = "adopted"
    FAILED = "failed"
    BUSY = "busy"
    OCCUPIED = "occupied"
    """The change needs an empty resource, and somebody is in it."""
    HELD = "held"
    """Its occupants must not be disturbed now."""
    OBSTACLE = "obstacle"
    FOREIGN = "foreign"
    PROTECTED = "protected"
    UNCHANGEABLE = "unchangeable"
    PENDING = "pending"
    """Its body is known only once the subscription has been registered for a provider."""
    UNREADABLE = "unreadable"
    STALLED = "stalled"
    """It waits for something that no apply brings about."""
    LEFT_SPEC = "left_spec"
    SURPLUS = "surplus"
    DESTROYED = "destroyed"
    NEEDED = "needed"
    """Something that stays needs it."""
    USED = "used"
    MISSING = "missing"
    OWNED = "owned"
    """It is to be used without being owned: it is there, it is not, or it is ours."""
    IN_USE = "in_use"
    """What the spec does not own is in it or uses it."""


class Status(StrEnum):
    """How a step ended."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    DEFERRED = "deferred"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Mark:
    """Who owns a resource, the digest of the body that was last applied, and tokens of the keys that its maps had then
    (see `departed`). `expires` is when any run may delete it, as `2030-01-31T12:00:00Z`; empty: never."""

    owner: str
    digest: str
    protect: bool = False
    keys: frozenset[str] = frozenset()
    expires: str = ""


@dataclass(frozen=True, slots=True)
class Desired:
    """A resource as the spec asks for it. `refs` must exist first; `data` is what else its kind needs, nothing live.

    `obstacle` says why it cannot be made or changed, if so: such a change is refused. `vacates` says how its occupants
    leave for a change that needs it empty; without it that change waits. `renews` says what a change for new nodes
    means for those that are there. `expires` is that of its mark. `waits` says what it waits for where nothing stands
    against it but it cannot be made or changed yet: it is deferred.
    `existing`: it is of somebody else, who has made it; the spec uses it and neither changes nor deletes it.
    `pending` names a resource provider that the subscription is not registered for yet. Until it is, Azure cannot be
    asked what the spec leaves open (`latest`, the next version), and the body lacks it.
    `unreadable` is why that, or the live resource, could not be read, if so: nothing is done about it. `notes` are what
    the plan says beside its reason, whenever it has a step. `uses` are the ids of what it needs beside what its body
    names by ARM id. `follows` are those of `refs` that are work which must have been done before its own begins.
    """

    address: Address
    body: Body
    refs: tuple[Address, ...] = ()
    protect: bool = False
    data: Body = field(default_factory=dict)
    obstacle: str = ""
    vacates: str = ""
    renews: str = ""
    waits: str = ""
    notes: tuple[str, ...] = ()
    pending: str = ""
    unreadable: str = ""
    existing: bool = False
    uses: tuple[str, ...] = ()
    follows: tuple[Address, ...] = ()
    expires: str = ""

    @property
    def open(self) -> bool:
        """Whether the body lacks what the spec leaves open."""
        return bool(self.pending or self.unreadable)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long work is: items done and failed of a total; `unit` is what an item is called, in the plural."""

    done: int
    failed: int
    total: int
    unit: str = "items"


@dataclass(frozen=True, slots=True)
class Observed:
    """What Azure reports, normalised to the shape of the desired body.

    `detail` explains the health in words, and `parts` what it sums up; of what could not be read nothing else is known.
    `occupants` are what keeps it from being empty or from being deleted safely. `mark` is None where Azure shows no
    owner. `surplus` says why it is deleted although the spec names it, `kept` that it stays although the spec does not;
    `logs` are the texts that it has written so far, by name. `held` says why its occupants must not be disturbed now.
    `state` is what its kind knows beyond the wire: a frozen value of the kind's own type, which nobody else reads.
    `uses` are the ids of what it needs beside what its body names by ARM id, `employs` what its own change has a use
    for. `outside` says why it is left alone although it carries the spec's mark. `byproduct`: it goes by itself with
    another one, so it keeps nothing from being deleted. `stalled` is what its change waits for, if no apply brings that
    about, and what to do. `unmet` is why something may still differ when all was tried. `ended` is why it is of no more
    use: it is replaced when something has a use for it. `lacks` says, of work, why what follows it may not begin.
    """

    address: Address
    id: str
    body: Body
    mark: Mark | None = None
    health: Health = Health.READY
    detail: str = ""
    occupants: tuple[str, ...] = ()
    etag: str | None = None
    progress: Progress | None = None
    surplus: str = ""
    kept: bool = False
    logs: Mapping[str, str] = field(default_factory=dict)
    held: str = ""
    state: Any = None
    stalled: str = ""
    unmet: str = ""
    ended: str = ""
    employs: tuple[Address, ...] = ()
    uses: tuple[str, ...] = ()
    outside: str = ""
    byproduct: bool = False
    parts: tuple[str, ...] = ()
    lacks: str = ""

    def of(self, owner: str) -> bool:
        """Whether it is a resource of the spec `owner`."""
        return self.mark is not None and self.mark.owner == owner and not self.outside


@dataclass(frozen=True, slots=True)
class Change:
    """One differing field: `path` on the wire, `key` in the spec; `before` or `after` is None where it is absent."""

    path: str
    before: Any
    after: Any
    rule: Rule
    key: str = ""


@dataclass(frozen=True, slots=True)
class Diff:
    """All differing fields of one resource; empty when it is as desired."""

    changes: tuple[Change, ...] = ()

    @property
    def rule(self) -> Rule:
        return max((change.rule for change in self.changes), default=Rule.IGNORE)

    def __bool__(self) -> bool:
        return bool(self.changes)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a plan says about one resource, NONE included. `why` is for code; `reason` words it for people.

    `summarised`: the reason says in words what differs and what does not; views show it instead of the fields, even
    where nothing is to be done; `parts` are what it sums up, a line each. `goes` is what is lost with what is deleted
    or replaced: data, records, running work. `disturbs` says what else the change does to running work or to data, and
    what would be gentler. `grants`: what is made gives somebody permissions that were not given before.
    """

    address: Address
    action: Action
    why: Why
    reason: str
    diff: Diff = Diff()
    summarised: bool = False
    goes: str = ""
    disturbs: str = ""
    parts: tuple[str, ...] = ()
    grants: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One change to make; `after` are the ids of the steps that must be DONE before it."""

    id: str
    address: Address
    action: Action
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is handed from deciding to doing: one decision for each resource, and the steps that carry them out.

    `fingerprints` hold, for each address that has a step, the fingerprint of its decision (None: it was absent),
    `seconds`, for each step's id, how long it is expected to take, `needs`, for each address, what it needs of others,
    `verdicts` where it breaks a policy.
    """

    spec: str
    decisions: tuple[Decision, ...]
    steps: tuple[Step, ...]
    fingerprints: Mapping[Address, str | None]
    notes: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    needs: Mapping[Address, tuple[Address, ...]] = field(default_factory=dict)
    verdicts: tuple[Verdict, ...] = ()

    def of(self, action: Action) -> tuple[Decision, ...]:
        return tuple(d for d in self.decisions if d.action is action)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one step ended, after how many seconds; `error` says what went wrong or what is waited for, and `lacks` why
    what follows its work may not begin."""

    step: Step
    status: Status
    seconds: float
    error: str | None = None
    detail: str = ""
    lacks: str = ""
