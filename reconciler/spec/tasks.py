"""The tasks of a job in a spec, as kinds get them: in one form, with every default."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, NotRequired, TypedDict

from reconciler.spec import order

Input = TypedDict("Input", {"from": str, "prefix": NotRequired[str]})


class Output(TypedDict):
    """`pattern`, `to` and `path` as in the spec; `when` is success, failure or completion."""

    pattern: str
    to: str
    path: NotRequired[str]
    when: str
    required: bool


class Secret(TypedDict):
    """A variable whose value a node fetches: `keyVaults/VAULT/NAME`, perhaps with a version."""

    secret: str


Environment = Mapping[str, str | Secret]
"""Variable → value."""


class JobReleaseTask(TypedDict):
    commandLine: str
    environmentSettings: Environment
    resourceFiles: Sequence[Mapping[str, Any]]
    containerSettings: NotRequired[Mapping[str, Any]]
    elevationLevel: str
    maxWallClockTime: NotRequired[str]
    retentionTime: NotRequired[str]


class JobPreparationTask(JobReleaseTask):
    maxTaskRetryCount: int
    waitForSuccess: bool
    rerunOnNodeRebootAfterSuccess: bool


class JobManagerTask(JobReleaseTask):
    id: str
    maxTaskRetryCount: int
    requiredSlots: int
    killJobOnCompletion: bool
    runExclusive: bool
    allowLowPriorityNode: bool


class PackageReference(TypedDict):
    applicationId: str
    version: NotRequired[str]


class AutoUser(TypedDict, total=False):
    scope: str
    elevationLevel: str


class UserIdentity(TypedDict, total=False):
    username: str
    autoUser: AutoUser


class MultiInstance(TypedDict):
    numberOfInstances: int
    coordinationCommandLine: str
    commonFiles: Sequence[str]


class Chosen(TypedDict):
    """Some tasks of an entry: the name of a value → what it must be."""

    task: str
    where: Mapping[str, Any]


class Chunk(TypedDict, total=False):
    count: int
    bytes: int | str


class Task(TypedDict):
    """One task, or with `sweep` or `forEach` one for each point or blob; at most one of the two is there.

    `rerun` is changed, failed or all.
    """

    command: str | Sequence[str]
    sweep: NotRequired[str | Sequence[Mapping[str, Any]] | Mapping[str, Any]]
    forEach: NotRequired[str]
    prefix: NotRequired[str]
    patterns: NotRequired[Sequence[str]]
    chunk: NotRequired[Chunk]
    pack: NotRequired[int | str]
    sample: NotRequired[int]
    limit: int
    dependsOn: Sequence[str | Chosen]
    environmentSettings: Environment
    files: Sequence[str]
    inputs: Sequence[Input]
    resourceFiles: NotRequired[Sequence[Mapping[str, Any]]]
    applicationPackageReferences: NotRequired[Sequence[PackageReference]]
    outputs: Sequence[Output]
    exitConditions: NotRequired[Mapping[str, Any]]
    containerSettings: NotRequired[Mapping[str, Any]]
    elevationLevel: str
    userIdentity: NotRequired[UserIdentity]
    identity: NotRequired[str]
    maxTaskRetryCount: int
    retryOn: NotRequired[Sequence[int]]
    maxWallClockTime: NotRequired[str]
    retentionTime: NotRequired[str]
    requiredSlots: int
    rerun: str
    multiInstanceSettings: NotRequired[MultiInstance]


def definite(output: Output) -> bool:
    """Whether an output is one file, whose blob has a name of its own, and not all that match a pattern."""
    return not re.search(r"[*?\[]", output["pattern"])


def path(output: Output) -> str:
    """Where an output goes, as the spec says it or by default. Batch takes the path of one file as its blob's name."""
    name = f"/{output['pattern'].rpartition('/')[2]}" if definite(output) else ""
    return output.get("path", f"{{{{job}}}}/{{{{task}}}}{name}")


def proving(entry: Task) -> list[Output]:
    """The outputs by which it is known that a task of this entry has succeeded; none if they do not say so."""
    written = [output for output in entry["outputs"] if output["when"] != "failure"]
    sure = all(map(definite, written)) and any(output["when"] == "success" for output in written)
    return written if sure else []


def required(entry: Task) -> list[Output]:
    """The outputs without which a task of this entry is not done."""
    return [output for output in entry["outputs"] if output["required"]]


def identity(entry: Task, held: Sequence[str]) -> str:
    """`identities/NAME` as which its tasks act on a pool that has the identities `held`; empty if there is none."""
    return entry.get("identity") or next(iter(held), "")


def chunked(entry: Task) -> bool:
    """Whether a task of an entry is for several items."""
    return "chunk" in entry or "pack" in entry


def local_files(entry: Task) -> tuple[str, ...]:
    """The local files that its tasks bring with them, as paths seen from the spec's folder."""
    several = entry.get("multiInstanceSettings")
    return tuple(dict.fromkeys([*entry["files"], *(several["commonFiles"] if several else ())]))


class Need(NamedTuple):
    """An entry that another one depends on: on all of its tasks, or on those whose values are as `where` says."""

    name: str
    where: Mapping[str, Any]


def needs(tasks: Mapping[str, Task], name: str) -> Iterator[Need]:
    """What an entry depends on directly."""
    for need in tasks[name]["dependsOn"]:
        text, where = (need, {}) if isinstance(need, str) else (need["task"], need["where"])
        yield from (Need(other, where) for other in meant(tasks, name, text))


def meant(tasks: Mapping[str, Task], name: str, text: str) -> list[str]:
    """The entries that a name or pattern in `dependsOn` of an entry means; a pattern never means the entry itself."""
    if text in tasks:
        return [text]
    return [other for other in tasks if other != name and fnmatchcase(other, text)]


def before(tasks: Mapping[str, Task], name: str) -> frozenset[str]:
    """The entries that an entry depends on, directly or through others."""
    return order.before({other: [need.name for need in needs(tasks, other)] for other in tasks}, name)


def fillers(tasks: Mapping[str, Task], name: str) -> list[str]:
    """The entries whose outputs go to the container that the tasks of an entry are made for."""
    place = tasks[name].get("forEach")
    return [other for other, entry in tasks.items() if place in [output["to"] for output in entry["outputs"]]]


def places_filled(tasks: Mapping[str, Task]) -> frozenset[str]:
    """The containers that the outputs of entries go to."""
    return frozenset(output["to"] for entry in tasks.values() for output in entry["outputs"])
