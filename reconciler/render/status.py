"""What there is of a spec at a moment, as values: its resources, jobs, pools and cost. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from reconciler.azure.advisories import Advisory
from reconciler.cost import Cost
from reconciler.course import Steps
from reconciler.model import Action, Address, Decision, Health, Observed, Plan, Why
from reconciler.render.why import Diagnosis

STANDINGS = ("failed", "refused", "unknown", "drifted", "absent", "differs", "busy", "ready")
"""How a resource may stand, the gravest first."""
GRAVE = ("failed", "refused", "unknown", "drifted")


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of the spec, or one of ours that left it. `live` is None if it is not there; `held` says why a watch
    leaves it as it is, if so."""

    decision: Decision
    live: Observed | None = None
    held: str = ""

    @property
    def address(self) -> Address:
        return self.decision.address

    @property
    def standing(self) -> str:
        """One of STANDINGS."""
        health, action = self.live.health if self.live else None, self.decision.action
        if health is Health.FAILED or self.decision.why is Why.FAILED:
            return "failed"
        if action is Action.REFUSE:
            return "refused"
        if health is Health.UNKNOWN or action is Action.UNKNOWN:
            return "unknown"
        if self.decision.why is Why.DRIFTED:
            return "drifted"
        if self.live is None:
            return "absent"
        if health is Health.BUSY or action is Action.WAIT:
            return "busy"
        return "ready" if action is Action.NONE else "differs"


@dataclass(frozen=True, slots=True)
class Chart:
    """Numbers over time: name → how many there were from which second after `begin` on."""

    begin: datetime
    seconds: float
    lines: Mapping[str, Steps]


class Slow(NamedTuple):
    """A task, and for how long it ran or has been running."""

    task: str
    seconds: float
    node: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """A job by its name in the spec; `id` is that of the live one, empty if there is none.

    `per_minute` is how many tasks have ended lately, `left` how many seconds it goes on at this pace. `failures` are
    reasons, how many tasks failed for them, and one of them. `node_hours` is for how long nodes ran its tasks; None:
    not known. `whole`: each of its tasks was read, not only how many there are in each state.
    """

    name: str
    id: str = ""
    state: str = "absent"
    states: Mapping[str, int] = field(default_factory=dict)
    per_minute: float = 0.0
    left: float | None = None
    failures: tuple[tuple[str, int, str], ...] = ()
    stuck: tuple[Slow, ...] = ()
    slowest: tuple[Slow, ...] = ()
    node_hours: float | None = None
    chart: Chart | None = None
    whole: bool = True
    unread: str = ""


class Load(NamedTuple):
    """How busy a node was in the newest minutes that it has measured: shares of 1; `cpu` is None just after a boot."""

    cpu: float | None
    memory: float

    @property
    def share(self) -> float:
        """What there is least left of."""
        return max(self.cpu or 0.0, self.memory)


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a pool: its state as Batch calls it, since when, and how many tasks it runs; `said` are its errors.

    `load` is None where it is not measured, or was not lately.
    """

    id: str
    state: str
    since: datetime | None = None
    allocated: datetime | None = None
    tasks: int = 0
    spot: bool = False
    taking: bool = True
    said: str = ""
    load: Load | None = None


@dataclass(frozen=True, slots=True)
class Scaling:
    """A run of an autoscale formula: what it has set, or what was wrong."""

    at: str
    results: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool by its name in the spec; `id` is that of the live one. Numbers are of dedicated and of Spot nodes.

    `nodes` are those of the first page, `more` how many there are beyond; `unmeasured` is why their load is not known.
    """

    name: str
    id: str = ""
    state: str = "absent"
    size: str = ""
    target: tuple[int, int] = (0, 0)
    current: tuple[int, int] = (0, 0)
    nodes: tuple[Node, ...] = ()
    more: int = 0
    scalings: tuple[Scaling, ...] = ()
    errors: tuple[str, ...] = ()
    chart: Chart | None = None
    unread: str = ""
    unmeasured: str = ""


@dataclass(frozen=True, slots=True)
class Spent:
    """Hours of a pool's nodes since `since`, as far as they are known, and what they cost; None: the price is unknown.

    Counted are nodes that are there, since they came, and those that went while somebody looked.
    """

    pool: str
    since: datetime
    hours: float
    spot_hours: float = 0.0
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """A run that is over: when it began, which command it was, of whom, what it planned, how it ended."""

    at: datetime
    command: str
    who: str
    planned: str
    outcome: str
    ok: bool
    link: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """All of a spec at a moment. `at` is when it was read by the clock of this machine, `now` by Azure's.

    `why` explains pools and jobs in trouble. `left_out` says what was not read because there is too much of it.
    `advisories` are what Azure says of what the spec uses, `unasked` says what of that could not be read
    lately, and why.
    """

    spec: str
    place: str
    at: datetime
    now: datetime
    plan: Plan
    resources: tuple[Resource, ...] = ()
    runs: tuple[Past, ...] = ()
    jobs: tuple[Job, ...] = ()
    pools: tuple[Pool, ...] = ()
    cost: Cost | None = None
    unpriced: str = ""
    spent: tuple[Spent, ...] = ()
    why: tuple[Diagnosis, ...] = ()
    left_out: tuple[str, ...] = ()
    advisories: tuple[Advisory, ...] = ()
    unasked: tuple[str, ...] = ()

    def standing(self) -> dict[str, int]:
        """How many resources stand how, the gravest first."""
        every = [one.standing for one in self.resources]
        return {name: every.count(name) for name in STANDINGS if name in every}


class Round(NamedTuple):
    """A round of a watch that is over: how it ended, and in words what came of it."""

    at: datetime
    end: str
    ok: bool
    seconds: float
    requests: int
    told: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What is known of a spec: the last status that could be read, and why no later one, if so, since when.

    Of a watch, `rounds` are the last ones, the newest first, and `standby` says who leads, if it does not.
    """

    name: str
    status: Status | None = None
    error: str = ""
    tried: datetime | None = None
    rounds: tuple[Round, ...] = ()
    standby: str = ""

    def age(self, now: datetime) -> float | None:
        """Seconds since what is shown was read."""
        return (now - self.status.at).total_seconds() if self.status else None
