"""The tasks of a job in a spec, as kinds get them: in one form, with every default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

Input = TypedDict("Input", {"from": str, "prefix": NotRequired[str]})


class Output(TypedDict):
    """`pattern`, `to` and `path` as in the spec; `when` is success, failure or completion."""

    pattern: str
    to: str
    path: NotRequired[str]
    when: str


class JobReleaseTask(TypedDict):
    commandLine: str
    environmentSettings: Mapping[str, str]
    resourceFiles: Sequence[Mapping[str, Any]]
    containerSettings: NotRequired[Mapping[str, Any]]
    elevationLevel: str
    maxWallClockTime: NotRequired[str]
    retentionTime: NotRequired[str]


class JobPreparationTask(JobReleaseTask):
    maxTaskRetryCount: int
    waitForSuccess: bool
    rerunOnNodeRebootAfterSuccess: bool


class Task(TypedDict):
    """One task, or with `sweep` or `forEach` one for each point or blob; at most one of the two is there."""

    command: str | Sequence[str]
    sweep: NotRequired[str | Sequence[Mapping[str, Any]] | Mapping[str, Any]]
    forEach: NotRequired[str]
    prefix: NotRequired[str]
    patterns: NotRequired[Sequence[str]]
    limit: int
    dependsOn: Sequence[str]
    environmentSettings: Mapping[str, str]
    files: Sequence[str]
    inputs: Sequence[Input]
    outputs: Sequence[Output]
    exitConditions: NotRequired[Mapping[str, Any]]
    containerSettings: NotRequired[Mapping[str, Any]]
    elevationLevel: str
    maxTaskRetryCount: int
    maxWallClockTime: NotRequired[str]
    retentionTime: NotRequired[str]
    requiredSlots: int
