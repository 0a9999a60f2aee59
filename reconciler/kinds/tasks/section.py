"""The tasks in the section `jobs` of a spec: checks that no schema can say."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.azure import durations
from reconciler.errors import Problem
from reconciler.kinds.tasks import acting_checks, chunks, command, order_checks, previewed, sweep
from reconciler.spec import container_pools
from reconciler.spec.document import Document
from reconciler.spec.family import Section
from reconciler.spec.pools import Pool
from reconciler.spec.schema import Path_
from reconciler.spec.sections import Job
from reconciler.spec.spec import Spec
from reconciler.spec.tasks import Task, chunked, definite, local_files
from reconciler.words import count

MOST = 1_000_000_000
"""Tasks of a sweep beyond which no limit can be meant."""


def check(document: Document, spec: Spec) -> Iterator[Problem]:
    for name, job in spec.jobs.items():
        yield from _around(document, ("jobs", name), job)
        tasks = job.get("tasks", {})
        for task, entry in tasks.items():
            path: Path_ = ("jobs", name, "tasks", task)
            yield from _task(document, spec, path, entry)
            yield from order_checks.problems(document, path, tasks, spec.folder)
            named = _named(spec, entry)
            yield from _inputs(document, spec, path, entry, job)
            yield from _prefixes(document, path, entry, named or ())
            yield from _outputs(document, path, entry, named)
            pool = spec.pools.get(job["pool"].removeprefix("pools/"))
            if pool is not None:
                yield from _pool(document, spec, path, entry, job, pool)
        yield from order_checks.circle(document, ("jobs", name, "tasks"), tasks)


def _around(document: Document, path: Path_, job: Job) -> Iterator[Problem]:
    """What is done before and after all tasks. Source: Batch service, Job - Create."""
    early = job["onAllTasksComplete"] == "TerminateJob" and "schedule" not in job
    if early and ("convert" in job or not job.get("tasks")):
        message = "ends a job whose tasks are not all in the spec too early; take it out"
        yield document.problem((*path, "onAllTasksComplete"), message, at_key=True)
    if "jobReleaseTask" not in job:
        return
    here = (*path, "jobReleaseTask")
    if "jobPreparationTask" not in job:
        message = "has no meaning without a jobPreparationTask; add one, such as {commandLine: /bin/true}"
        yield document.problem(here, message, at_key=True)
    limit = job["jobReleaseTask"].get("maxWallClockTime", "PT15M")
    if (durations.seconds(limit) or 0) > 15 * 60:
        message = "is longer than 15 minutes, which Batch does not take; shorten it"
        yield document.problem((*here, "maxWallClockTime"), message)


def _task(document: Document, spec: Spec, path: Path_, entry: Task) -> Iterator[Problem]:
    """Which tasks there are, and what they run."""
    if "sweep" in entry and "forEach" in entry:
        yield document.problem((*path, "forEach"), "stands beside sweep; take one of them out", at_key=True)
    for key in ("prefix", "patterns"):
        if key in entry and "forEach" not in entry:
            yield document.problem((*path, key), "has no meaning without forEach", at_key=True)
    yield from _chunks(document, path, entry)
    if "sweep" in entry:
        if reason := sweep.fault(entry["sweep"], spec.folder):
            yield document.problem((*path, "sweep"), reason)
            return
        if (number := chunks.count(entry, sweep.count(entry["sweep"], spec.folder))) > entry["limit"]:
            meant = f"makes {number:,} tasks; if that many are meant, write limit: {number}"
            message = meant if number <= MOST else f"makes more than {MOST:,} tasks; take fewer points"
            yield document.problem((*path, "sweep"), message)
    yield from _runs(document, path, entry, sweep.given(entry, spec.folder))


def _chunks(document: Document, path: Path_, entry: Task) -> Iterator[Problem]:
    """Tasks for several items."""
    for key in ("chunk", "pack", "sample"):
        if key in entry and not ("sweep" in entry or "forEach" in entry):
            yield document.problem((*path, key), "has no meaning without sweep or forEach", at_key=True)
    if "chunk" in entry and "pack" in entry:
        message = "stands beside chunk; take one of them out: chunk gives a command many items, pack runs it for each"
        yield document.problem((*path, "pack"), message, at_key=True)
    chunk = entry.get("chunk", {})
    if "bytes" in chunk and "sweep" in entry:
        message = "has no meaning for the points of a sweep; write count"
        yield document.problem((*path, "chunk", "bytes"), message, at_key=True)
    if chunk.get("count", 0) > chunks.MOST and "forEach" in entry:
        message = f"is more than {chunks.MOST:,}, the most blobs that a task can take in; make it less"
        yield document.problem((*path, "chunk", "count"), message)


def _runs(document: Document, path: Path_, entry: Task, values: tuple[str, ...]) -> Iterator[Problem]:
    """What its tasks run, and how often."""
    if reason := command.fault(entry["command"], values, packed="pack" in entry):
        yield document.problem((*path, "command"), reason)
    if "retryOn" in entry and not entry["maxTaskRetryCount"]:
        message = "means nothing while it runs once only; say how often it may run again: maxTaskRetryCount: 3"
        yield document.problem((*path, "retryOn"), message, at_key=True)
    for variable in entry["environmentSettings"]:
        if variable.startswith(command.PREFIX):
            message = f"is a name of reconcile's: variables that begin with {command.PREFIX} hold the values of a task"
            yield document.problem((*path, "environmentSettings", variable), f"{message}; use another", at_key=True)


def _named(spec: Spec, entry: Task) -> tuple[str, ...] | None:
    """The values that the inputs and outputs of each task may be named after; None if there is one task only."""
    if not ("sweep" in entry or "forEach" in entry):
        return None
    return () if chunked(entry) else sweep.given(entry, spec.folder)


def _inputs(document: Document, spec: Spec, path: Path_, entry: Task, job: Job) -> Iterator[Problem]:
    """Local files, and where they are uploaded to."""
    names: dict[tuple[object, str], str] = {}
    for here, file in _local(path, entry):
        if not (spec.folder / file).is_file():
            yield document.problem(here, f"there is no file {file} beside the spec")
        if (first := names.setdefault((here[-2], file.rpartition("/")[2]), file)) != file:
            yield document.problem(here, f"has the name of {first}, and both go into one folder; rename one of them")
    if chunked(entry) and "staging" not in job:
        key = "pack" if "pack" in entry else "chunk"
        message = "needs a container for lists of items; write staging: storage/ACCOUNT/CONTAINER in the job"
        yield document.problem((*path, key), message, at_key=True)
    if local_files(entry) and "staging" not in job:
        message = "need a container that they are uploaded to; write staging: storage/ACCOUNT/CONTAINER in the job"
        yield document.problem(next(_local(path, entry))[0][:-1], message, at_key=True)


def _prefixes(document: Document, path: Path_, entry: Task, values: tuple[str, ...]) -> Iterator[Problem]:
    """Values in the names of the blobs that come in."""
    for index, taken in enumerate(entry["inputs"]):
        unknown = next((name for name in command.names(taken.get("prefix", "")) if name not in values), None)
        if unknown is not None:
            yield document.problem((*path, "inputs", index, "prefix"), command.unknown(unknown, values))


def _local(path: Path_, entry: Task) -> Iterator[tuple[Path_, str]]:
    """Each local file of a task, with its place."""
    yield from (((*path, "files", index), file) for index, file in enumerate(entry["files"]))
    if several := entry.get("multiInstanceSettings"):
        here = (*path, "multiInstanceSettings", "commonFiles")
        yield from (((*here, index), file) for index, file in enumerate(several["commonFiles"]))


def _outputs(document: Document, path: Path_, entry: Task, named: tuple[str, ...] | None) -> Iterator[Problem]:
    values = named or ()
    for index, output in enumerate(entry["outputs"]):
        here = (*path, "outputs", index, "path")
        asked = command.names(output.get("path", "{{task}}"))
        unknown = next((name for name in asked if name not in (*values, "job", "task")), "")
        if unknown:
            there = ", ".join(("job", "task", *values))
            yield document.problem(here, f"asks for {{{{{unknown}}}}}, which nothing gives it; there are {there}")
        elif output["required"] and not (definite(output) and output["when"] != "failure"):
            why = "is not written by a task that succeeds" if definite(output) else "may be any number of files"
            yield document.problem(
                (*here[:-1], "required"), f"{why}, so it cannot be required; take it out", at_key=True
            )
        elif named is not None and not ({"task", "item", "url"} & {*asked} or (values and set(values) <= {*asked})):
            message = "is the same for several tasks, so that they overwrite one another; add {{task}}"
            yield document.problem(here, message)


def _pool(document: Document, spec: Spec, path: Path_, entry: Task, job: Job, pool: Pool) -> Iterator[Problem]:
    """What the nodes of its pool must have."""
    slots, name = entry["requiredSlots"], job["pool"]
    if slots > pool["taskSlotsPerNode"]:
        message = f"is {slots}, but a node of {name} has taskSlotsPerNode: {pool['taskSlotsPerNode']}, so it never runs"
        yield document.problem((*path, "requiredSlots"), message)
    if "containerSettings" in entry and not container_pools.only(spec, pool):
        message = f"{name} runs no containers; write containers: {{images: [...]}} there, or preload some in its image"
        yield document.problem((*path, "containerSettings"), message, at_key=True)
    if "containerSettings" not in entry and container_pools.only(spec, pool):
        message = f"{name} runs tasks in containers only; write containerSettings: {{imageName: ...}}"
        yield document.problem(path, message, at_key=True)
    if "multiInstanceSettings" in entry:
        yield from _several(document, path, entry, name, pool)
    yield from acting_checks.problems(document, spec, path, entry, job, pool)


def _several(document: Document, path: Path_, entry: Task, name: str, pool: Pool) -> Iterator[Problem]:
    """What a task on several nodes needs. Source: learn.microsoft.com, batch-mpi."""
    here, many = (*path, "multiInstanceSettings"), entry["multiInstanceSettings"]["numberOfInstances"]
    if pool.get("interNodeCommunication") != "Enabled":
        message = f"the nodes of {name} do not reach each other; write interNodeCommunication: Enabled there"
        yield document.problem(here, message, at_key=True)
    if pool["taskSlotsPerNode"] != 1:
        message = f"a node of {name} has taskSlotsPerNode: {pool['taskSlotsPerNode']}, and Batch asks for 1"
        yield document.problem(here, message, at_key=True)
    nodes = pool["nodes"]
    fixed = nodes.get("dedicated", 0) + nodes.get("spot", 0)
    if "autoscale" not in nodes and 0 < fixed < many:
        message = f"is {many}, but {name} has {count(fixed, 'node')}, so it never runs"
        yield document.problem((*here, "numberOfInstances"), message)


def advice(spec: Spec) -> Iterator[tuple[Path_, str]]:
    """What Microsoft has to enable for an account. Source: Batch service, Job - Create."""
    for name, job in spec.jobs.items():
        for key, usual in (("maxParallelTasks", -1), ("allowTaskPreemption", False)):
            if job[key] != usual:  # type: ignore[literal-required]
                yield ("jobs", name, key), "works only in accounts for which Microsoft has enabled it on request"


def files(spec: Spec) -> Iterator[str]:
    """What tasks bring with them, and the files of their sweeps."""
    for job in spec.jobs.values():
        for entry in job.get("tasks", {}).values():
            yield from local_files(entry)
            if isinstance(rows := entry.get("sweep"), str):
                yield rows


SECTION = Section(key="jobs", check=check, advice=advice, files=files, preview=previewed.preview, fills=previewed.fills)
