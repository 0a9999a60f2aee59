"""The tasks of a job: each that the spec asks for is submitted once, and known again by its id.

What is done is decided from what is live: a task that is there is not submitted again, whatever became of it, until
what it does or what it is for has changed, which makes it another task. There is nothing to delete: tasks go with
their job.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from reconciler import marks
from reconciler.cloud import batch_jobs, batch_tasks, identities, kept, pairs
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import tolerated
from reconciler.cloud.operations import Operation
from reconciler.kind import Kind, Result, permissions
from reconciler.kind.permissions import Permissions
from reconciler.kinds.tasks import (
    blobs,
    chunks,
    inverse,
    live,
    looking,
    manifest,
    reach,
    record,
    rerun,
    runs,
    sweep,
    wanted,
    wording,
)
from reconciler.kinds.tasks.effort import Nodes
from reconciler.kinds.tasks.group import Group, Member, entry_of, stem
from reconciler.kinds.tasks.live import State
from reconciler.kinds.tasks.rerun import Rerun
from reconciler.kinds.tasks.wire import Surroundings, target, wire
from reconciler.model import Action, Address, Decision, Desired, Diff, Mark, Observed, Rule
from reconciler.report import Report
from reconciler.spec import jobs, log_places, order
from reconciler.spec.identities import identified
from reconciler.spec.spec import Spec
from reconciler.spec.tasks import Task, before, definite
from reconciler.spec.vault_secrets import plain

NAME = "tasks"
FIELDS = {
    "pending": Rule.LIVE,
    "ending": Rule.LIVE,
    "again": Rule.LIVE,
    "onAllTasksComplete": Rule.LIVE,
    "tasks": Rule.IGNORE,
}
AT_ONCE = 64
"""How many tasks are made ready at a time."""


def expand(spec: Spec) -> Iterable[Desired]:
    alone = {name: _desired(spec, name) for name, job in spec.jobs.items() if job.get("tasks")}
    for name, desired in alone.items():
        before = sorted(order.before(jobs.needs(spec), name))
        others = tuple(alone[other] for other in before if other in alone)
        yield replace(desired, data={**desired.data, "before": others, "known": wanted.Known()})


def _desired(spec: Spec, name: str) -> Desired:
    job, follows = spec.jobs[name], jobs.followed(spec, name)
    tasks = job.get("tasks", {})
    data = {
        "tasks": {task: _identified(spec, reach.furnished(job, entry)) for task, entry in tasks.items()},
        "places": reach.places(job),
        "staging": job.get("staging", ""),
        "wait": jobs.awaited(spec, name),
        "identities": reach.identities(spec, job),
        "logs": log_places.of_job(spec, job),
        "variables": plain(job["commonEnvironmentSettings"]),
        "folder": str(spec.folder),
        "rerun": Rerun(),
        "alone": "convert" not in job,
        "nodes": Nodes.of(spec.pools[job["pool"].split("/")[1]]),
        "before": (),
        "known": wanted.Known(),
    }
    body = {"pending": 0, "ending": 0, "again": 0, "tasks": _many(tasks, spec.folder)}
    body |= {"onAllTasksComplete": looking.TERMINATE} if job["onAllTasksComplete"] == "TerminateJob" else {}
    refs = tuple(dict.fromkeys([*reach.refs(spec, name, job), *follows]))
    return Desired(Address(NAME, name), body, refs, data=data, follows=follows)


def _identified(spec: Spec, entry: Task) -> Task:
    """An entry with the ids of the identities that its resource files name."""
    if "resourceFiles" not in entry:
        return entry
    return {**entry, "resourceFiles": identified(entry["resourceFiles"], spec.azure)}


def _many(tasks: Mapping[str, Task], folder: Path) -> str:
    """How many tasks a job is to have, as far as the spec says it."""
    each = [wording.each(entry) for entry in tasks.values() if "forEach" in entry]
    known = sum(
        chunks.count(entry, sweep.count(entry["sweep"], folder)) if "sweep" in entry else 1
        for entry in tasks.values()
        if "forEach" not in entry
    )
    return wording.asked(known, each)


def keep(cloud: Cloud, desired: Desired) -> None:
    """Keep which tasks have succeeded, before their job goes."""
    if desired.data["staging"]:
        record.keep(cloud, desired.data["staging"], desired.address.name)


def settle(cloud: Cloud, desired: Desired) -> None:
    """Keep which tasks have succeeded, once all have ended."""
    if desired.data["staging"]:
        record.settle(cloud, desired.data["staging"], desired.address.name)


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    """Nothing: once the job and the containers exist, the tasks can be submitted."""
    return None


def update(cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, diff: Diff) -> Operation | None:
    """End the tasks that nobody asks for or that can never begin, and submit those that are not there.

    What has succeeded and runs again is deleted first, and then is not there either, wherever this breaks off. Only
    when none is to follow, the job may be told to end with its tasks: it would end too early.
    """
    state, job = observed.state, observed.id
    assert isinstance(state, State)
    batch_tasks.terminate(cloud, job, state.ending)
    batch_tasks.reactivate(cloud, job, state.again)
    batch_tasks.delete(cloud, job, state.anew)
    told = {marks.SUBMITTED: _submit(cloud, desired, job, state)} if state.counts.pending or state.anew else {}
    _told(cloud, job, told, None if state.counts.later else desired.body.get("onAllTasksComplete"))
    if state.own:
        keep(cloud, desired)
    return None


def _submit(cloud: Cloud, desired: Desired, job: str, state: State) -> str:
    """Submit the tasks that are not there; what the job keeps of that (see live.counted)."""
    around = _surroundings(cloud, desired, job, state.done)
    submitted, own, known = live.Digest(), 0, state.there | state.done | state.held

    def new() -> Iterator[tuple[Group, Member]]:
        nonlocal own
        for group, members in wanted.groups(cloud, desired):
            for member in members:
                submitted.add(member.id)
                own += member.id not in state.done
                if member.id not in known and group.name not in state.kept and not member.lacks:
                    yield group, member

    batch_tasks.submit(cloud, job, _wired(cloud, around, new()))
    return str(submitted) if state.kept or state.held else f"{submitted}:{own}"


def _wired(cloud: Cloud, around: Surroundings, tasks: Iterable[tuple[Group, Member]]) -> Iterator[Mapping[str, Any]]:
    """Tasks as the data plane takes them; what tells them their items is uploaded before."""
    left = iter(tasks)
    while some := list(itertools.islice(left, AT_ONCE)):
        manifests = [items for group, member in some if (items := manifest.of(group.entry, member.item))]
        if manifests:
            blobs.keep(cloud, around.staging, manifests)
        yield from (wire(group, member, around) for group, member in some)


def _told(cloud: Cloud, name: str, told: Mapping[str, str], then: str | None) -> None:
    """Keep with the job what is known of its tasks, so that a plan need not list them, and what follows at their end.

    Where the job has changed meanwhile, the next look sees what is missing.
    """
    from azure.batch import models
    from azure.core import MatchConditions

    job = batch_jobs.get(cloud, name) if told or then else None
    if job is None:
        return
    metadata = {**pairs.mapped(job.get("metadata")), **told}
    body = models.BatchJobUpdateOptions(
        {"metadata": pairs.listed(metadata), **({"onAllTasksComplete": then} if then else {})}
    )
    with tolerated(404, 409, 412):
        cloud.batch().update_job(name, body, etag=job["eTag"], match_condition=MatchConditions.IfNotModified)


def asks(cloud: Cloud, desired: Desired) -> Iterator[str]:
    for _, members in wanted.groups(cloud, desired):
        yield from (member.id for member in members)


def results(cloud: Cloud, desired: Desired) -> Iterator[Result]:
    """What each task writes that succeeds, under the names that are known."""
    entries: Mapping[str, Task] = desired.data["tasks"]
    for group, members in wanted.groups(cloud, desired):
        written = [each for each in group.entry["outputs"] if each["when"] != "failure" and definite(each)]
        others = before(entries, group.name) if group.name in entries else ()
        partial = any("sample" in entries[other] for other in others)
        for member in members:
            for output in written:
                yield Result(output["to"], target(output, member, desired.address.name), member.id, partial)


def _surroundings(cloud: Cloud, desired: Desired, job: str, done: frozenset[str]) -> Surroundings:
    data, folder = desired.data, Path(desired.data["folder"])
    files = {path: digest for entry in data["tasks"].values() for path, digest in blobs.digests(folder, entry).items()}
    if files:
        blobs.upload(cloud, data["staging"], folder, files)
    urls = {place: cloud.container_url(place) for place in data["places"]}
    known = {name: _identity(cloud, name) for name in set(data["identities"].values()) if name}
    acting = {entry: known[name] for entry, name in data["identities"].items() if name}
    logs = kept.printing(cloud, data["logs"], job)
    return Surroundings(desired.address.name, acting, urls, data["staging"], blobs.staged(files), done, logs)


def _identity(cloud: Cloud, name: str) -> dict[str, str]:
    raw = identities.read(cloud, name)
    return {"id": raw["id"], "client": raw["properties"]["clientId"]}


def disturbs(cloud: Cloud, desired: Desired, observed: Observed, decision: Decision) -> str:
    """The tasks that are ended because nobody asks for them any more, some may run; the records of those that go."""
    if decision.action is not Action.UPDATE or not isinstance(observed.state, State):
        return ""
    counts = observed.state.counts
    told = [wording.leaving(counts.leaving)] * bool(counts.leaving)
    return "; ".join([*told, *[wording.repeated(counts.repeated)] * bool(counts.repeated)])


def delete(cloud: Cloud, observed: Observed) -> Operation | None:
    return None


def report(cloud: Cloud, desired: Desired) -> Report | None:
    """How far its tasks are, and how many have failed."""
    observed = looking.observe(cloud, desired)
    if observed is None:
        return None
    assert isinstance(observed.state, State)
    counts = observed.state.counts
    return Report(desired.address, observed.detail, (), counts.failed + counts.retried, wording.end(counts))


def _permissions(desired: Desired) -> Permissions:
    """Its containers are looked at, and the one for staging is written to."""
    if not desired.data["places"]:
        return Permissions()
    writes = (f"{permissions.BLOBS}/write",) if desired.data["staging"] else ()
    return Permissions(reads=(permissions.STORAGE, f"{permissions.BLOBS}/read"), writes=writes)


KIND = Kind(
    name=NAME,
    fields=FIELDS,
    expand=expand,
    list=looking.list_,
    observe=looking.observe,
    create=create,
    update=update,
    delete=delete,
    ready_within=timedelta(hours=2),
    reads=("container", "job", "batch_account"),
    attempts=3,
    deletable=False,
    report=report,
    resolve=rerun.resolve,
    work=looking.work,
    job_of=lambda desired: desired.address.name,
    entry_of=entry_of,
    stem_of=stem,
    asks=asks,
    results=results,
    past=runs.past,
    rerun=rerun.chosen,
    noun="task list",
    usual={"pending": 0, "ending": 0, "again": 0, "onAllTasksComplete": "noaction"},
    disturbs=disturbs,
    renewed=looking.renewed,
    keep=keep,
    settle=settle,
    counts="jobs",
    permissions=Permissions(
        reads=(f"{permissions.JOBS}/read",),
        writes=(f"{permissions.JOBS}/write", f"{permissions.JOBS}/delete"),
        of=_permissions,
    ),
    summarised=True,
    inverse=inverse.INVERSE,
)
