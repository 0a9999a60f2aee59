"""What was read of a job, a task or a pool and of what it needs; and what was found in that. Bodies are wire JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reconciler.azure.activity import Deed
from reconciler.azure.advisories import Advisory
from reconciler.model import Body
from reconciler.nodelogs.telemetry import Sample
from reconciler.words import some


@dataclass(frozen=True, slots=True)
class Written:
    """The last lines that somebody wrote to stderr: a task, or a start task on a node."""

    by: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Busy:
    """What a node measured in the two minutes before a task on it ended."""

    task: str
    node: str
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What Azure says; None: not asked, not readable, or not there.

    about: what is explained, in words. missing: whether it is not in the account. wanted: the task that is asked about,
    by its id; empty if it is all of a job, or a pool. page: tasks of the job, active and failed ones before others.
    whole: whether these are all. counts: Batch's taskCounts. jobs, schedules: those of the account. prepared: how the
    job's preparation went, by node. account: properties of the Batch account. storage: name of a storage account →
    properties, as far as failures name it. latest: the newest job of a schedule. unread: what could not be read → why.
    """

    now: datetime
    about: str
    work: bool = True
    missing: bool = False
    wanted: str = ""
    job: Body | None = None
    schedule: Body | None = None
    latest: Body | None = None
    counts: Body | None = None
    page: tuple[Body, ...] = ()
    whole: bool = True
    pool: Body | None = None
    poolless: str = ""
    """The id of the pool that the job names and that is not there."""
    nodes: tuple[Body, ...] | None = None
    jobs: tuple[Body, ...] | None = None
    schedules: tuple[Body, ...] | None = None
    prepared: tuple[Body, ...] = ()
    account: Body | None = None
    storage: Mapping[str, Body] = field(default_factory=dict)
    written: Written | None = None
    busy: Busy | None = None
    unread: Mapping[str, str] = field(default_factory=dict)
    undoable: tuple[str, ...] = ()
    """The first items of the work of the job that cannot be done, each with its reason."""
    deed: Deed | None = None
    """The last that was written or deleted over ARM of the pool that is asked about, or that the job names."""
    logged: bool = False
    """Whether the activity log was read for that."""
    advisories: tuple[Advisory, ...] = ()
    """What Azure says of resources and services that the spec uses."""
    unasked: Mapping[str, str] = field(default_factory=dict)
    """What Azure says of itself and could not be read → why; it is told, and that is all."""

    @property
    def tasks(self) -> tuple[Body, ...]:
        """The tasks that are asked about, as far as they were read."""
        mine = self.wanted.lower()
        return tuple(task for task in self.page if not mine or task["id"].lower() == mine)

    @property
    def waiting(self) -> tuple[Body, ...]:
        return tuple(task for task in self.tasks if task.get("state") == "active")

    @property
    def failed(self) -> tuple[Body, ...]:
        return tuple(task for task in self.tasks if failure(task))

    @property
    def pending(self) -> bool:
        """Whether something needs nodes: a pool by itself always does, work while a task of it waits."""
        return not self.work or bool(self.waiting)

    @property
    def slots(self) -> int:
        """The task slots of each node of the pool."""
        return int((self.pool or {}).get("taskSlotsPerNode") or 1)

    def state(self, *states: str) -> list[Body]:
        """The nodes in one of these states."""
        return [node for node in self.nodes or () if str(node.get("state", "")).lower() in states]

    @property
    def able(self) -> list[Body]:
        """The nodes that take tasks now."""
        return [node for node in self.state("idle", "running") if node.get("schedulingState") != "disabled"]

    @property
    def coming(self) -> list[Body]:
        """The nodes that will be there by themselves."""
        return self.state("creating", "starting", "rebooting", "waitingforstarttask", "reimaging", "upgradingos")


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule found: in words, with lines of evidence. `remedy` is instead of the rule's own.

    inferred: Azure does not say so itself, it follows from what it shows.
    """

    what: str
    evidence: tuple[str, ...] = ()
    remedy: str = ""
    inferred: bool = False


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause, by the name of the rule that found it, and what to do about it."""

    rule: str
    what: str
    remedy: str
    evidence: tuple[str, ...] = ()
    inferred: bool = False


def failure(task: Body) -> Mapping[str, Any]:
    """The failureInfo of a task that has failed for good; empty if it has not."""
    info = task.get("executionInfo") or {}
    if task.get("state") != "completed" or info.get("result") == "success":
        return {}
    return info.get("failureInfo") or ({"code": "", "message": ""} if info.get("result") == "failure" else {})


def code(task: Body) -> int | None:
    """The exit code of a task, if it has one."""
    return (task.get("executionInfo") or {}).get("exitCode")


def said(error: Mapping[str, Any]) -> str:
    """An error of Azure in one line: code, message and its details."""
    details = [
        f"{item.get('name') or item.get('code') or ''}: {item.get('value') or item.get('message') or ''}"
        for item in error.get("details") or error.get("errorDetails") or error.get("values") or ()
    ]
    more = f" ({'; '.join(details)})" if details else ""
    return f"{error.get('code', '')}: {error.get('message', '')}{more}"


def moment(text: str) -> datetime:
    """A time as Azure writes it."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def verb(number: int, one: str, more: str) -> str:
    return one if number == 1 else more


def ids(items: Sequence[Body]) -> str:
    """The first few ids, and how many more there are."""
    names = [str(item.get("id") or item.get("nodeId") or "") for item in items]
    return some(names)
