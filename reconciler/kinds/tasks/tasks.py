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
from functools import partial
from pathlib import Path
from typing import Any

from reconciler import marks
from reconciler.cloud import batch_jobs, batch_tasks, blob_containers, identities, pairs
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import tolerated
from reconciler.cloud.operations import Operation
from reconciler.kind import Kind, unread
from reconciler.kinds.tasks import blobs, chunks, live, manifest, reach, record, sweep, wanted, wording
from reconciler.kinds.tasks.group import Group, Member
from reconciler.kinds.tasks.live import State
from reconciler.kinds.tasks.wire import Surroundings, wire
from reconciler.kinds.tasks.wording import Counts
from reconciler.model import Action, Address, Decision, Desired, Diff, Health, Mark, Observed, Progress, Rule
from reconciler.report import Report
from reconciler.spec.identities import identified
from reconciler.spec.spec import Spec
from reconciler.spec.tasks import Task, before, fillers

NAME = "tasks"
FIELDS = {
    "pending": Rule.LIVE,
    "ending": Rule.LIVE,
    "unrecorded": Rule.LIVE,
    "onAllTasksComplete": Rule.LIVE,
    "tasks": Rule.IGNORE,
}
TERMINATE = "terminatejob"
AT_ONCE = 64
"""How many tasks are made ready at a time."""


def expand(spec: Spec) -> Iterable[Desired]:
    for name, job in spec.jobs.items():
        if tasks := job.get("tasks"):
            data = {
                "tasks": {task: _identified(spec, entry) for task, entry in tasks.items()},
                "places": reach.places(job),
                "staging": job.get("staging", ""),
                "wait": job["wait"],
                "identities": reach.identities(spec, job),
                "folder": str(spec.folder),
            }
            body = {"pending": 0, "ending": 0, "tasks": _many(tasks, spec.folder)}
            body |= {"unrecorded": 0} if job["wait"] and "staging" in job else {}
            body |= {"onAllTasksComplete": TERMINATE} if job["onAllTasksComplete"] == "TerminateJob" else {}
            yield Desired(Address(NAME, name), body, tuple(dict.fromkeys(reach.refs(spec, name, job))), data=data)


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


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    read = (unread.observed(observe, cloud, desired, f"the tasks of {desired.address.name}") for desired in wanted)
    return [observed for observed in read if observed]


def observe(cloud: Cloud, desired: Desired | Observed) -> Observed | None:
    """How far the tasks are. None while the job or one of the containers does not exist."""
    assert isinstance(desired, Desired)
    job = batch_jobs.get(cloud, desired.address.name)
    places = (place.removeprefix("storage/") for place in desired.data["places"])
    if job is None or not blob_containers.exist(cloud, places):
        return None
    entries: Mapping[str, Task] = desired.data["tasks"]
    ordered = any(entry["dependsOn"] for entry in entries.values())
    ids = (member.id for _, members in wanted.groups(cloud, desired) for member in members)
    state = live.counted(cloud, job, ids, ordered=ordered)
    if state is None:
        filled = {name: before(entries, name).intersection(fillers(entries, name)) for name in entries}
        there, staging = live.listed(cloud, job["id"]), desired.data["staging"]
        done = partial(record.before, cloud, staging, desired.address.name, job) if staging else frozenset
        state = live.compared(wanted.groups(cloud, desired), there, filled, done)
    return _observed(cloud, desired, state, job)


def _observed(cloud: Cloud, desired: Desired, state: State, raw: Mapping[str, Any]) -> Observed:
    counts, job, ended = state.counts, desired.address.name, raw["state"] in batch_jobs.ENDED
    waits = desired.data["wait"] and not counts.pending and not counts.ending and counts.running
    progress = Progress(counts.succeeded, counts.failed, counts.total, "tasks") if counts.running else None
    return Observed(
        desired.address,
        job,
        {
            "pending": counts.pending,
            "ending": counts.ending,
            "unrecorded": _unrecorded(cloud, desired, state, raw),
            "onAllTasksComplete": TERMINATE if ended or counts.later else str(raw["onAllTasksComplete"]).lower(),
        },
        Mark(cloud.owner, ""),
        Health.BUSY if waits else Health.READY,
        wording.describe(counts),
        progress=progress,
        state=state,
        employs=(Address("job", job),) if counts.pending and ended else (),
    )


def _unrecorded(cloud: Cloud, desired: Desired, state: State, job: Mapping[str, Any]) -> int:
    """How many tasks have succeeded since that was recorded last, once all have ended, where apply waits for that."""
    if "unrecorded" not in desired.body or state.counts.running or state.counts.pending:
        return 0
    recorded = record.number(cloud, desired.data["staging"], job)
    return 0 if recorded is None else abs(state.own - recorded)


def renewed(desired: Desired, observed: Observed) -> Observed:
    """How it will be once the job is made anew: only what succeeded is known then, if that is kept."""
    state = observed.state
    assert isinstance(state, State)
    kept = state.counts.succeeded if desired.data["staging"] else 0
    counts = Counts(new=state.counts.total - kept, succeeded=kept)
    body = {**observed.body, "pending": counts.pending, "ending": 0}
    detail = wording.describe(counts)
    return replace(observed, body=body, health=Health.READY, detail=detail, progress=None, state=State(counts))


def keep(cloud: Cloud, desired: Desired) -> None:
    """Keep which tasks have succeeded, before their job goes."""
    if desired.data["staging"]:
        record.keep(cloud, desired.data["staging"], desired.address.name)


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    """Nothing: once the job and the containers exist, the tasks can be submitted."""
    return None


def update(cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, diff: Diff) -> Operation | None:
    """End the tasks that nobody asks for or that can never begin, and submit those that are not there.

    Only then, and when none is to follow, the job may be told to end with its tasks: it would end too early.
    """
    state, name = observed.state, desired.address.name
    assert isinstance(state, State)
    batch_tasks.terminate(cloud, name, state.ending)
    told = {marks.SUBMITTED: _submit(cloud, desired, state)} if state.counts.pending else {}
    _told(cloud, name, told, None if state.counts.later else desired.body.get("onAllTasksComplete"))
    if state.own:
        keep(cloud, desired)
    return None


def _submit(cloud: Cloud, desired: Desired, state: State) -> str:
    """Submit the tasks that are not there; what the job keeps of that (see live.counted)."""
    around = _surroundings(cloud, desired, state.done)
    submitted, own, known = live.Digest(), 0, state.there | state.done | state.held

    def new() -> Iterator[tuple[Group, Member]]:
        nonlocal own
        for group, members in wanted.groups(cloud, desired):
            for member in members:
                submitted.add(member.id)
                own += member.id not in state.done
                if member.id not in known and group.name not in state.kept and not member.lacks:
                    yield group, member

    batch_tasks.submit(cloud, desired.address.name, _wired(cloud, around, new()))
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


def _surroundings(cloud: Cloud, desired: Desired, done: frozenset[str]) -> Surroundings:
    data, folder = desired.data, Path(desired.data["folder"])
    files = {path: digest for entry in data["tasks"].values() for path, digest in blobs.digests(folder, entry).items()}
    if files:
        blobs.upload(cloud, data["staging"], folder, files)
    urls = {place: blobs.url(cloud, place) for place in data["places"]}
    known = {name: _identity(cloud, name) for name in set(data["identities"].values()) if name}
    acting = {entry: known[name] for entry, name in data["identities"].items() if name}
    return Surroundings(desired.address.name, acting, urls, data["staging"], blobs.staged(files), done)


def _identity(cloud: Cloud, name: str) -> dict[str, str]:
    raw = identities.read(cloud, name)
    return {"id": raw["id"], "client": raw["properties"]["clientId"]}


def disturbs(cloud: Cloud, desired: Desired, observed: Observed, decision: Decision) -> str:
    """The tasks that are ended because nobody asks for them any more: some may run."""
    if (
        decision.action is not Action.UPDATE
        or not isinstance(observed.state, State)
        or not observed.state.counts.leaving
    ):
        return ""
    return wording.leaving(observed.state.counts.leaving)


def delete(cloud: Cloud, observed: Observed) -> Operation | None:
    return None


def report(cloud: Cloud, desired: Desired) -> Report | None:
    """How far its tasks are, and how many have failed."""
    observed = observe(cloud, desired)
    if observed is None:
        return None
    assert isinstance(observed.state, State)
    return Report(desired.address, observed.detail, (), observed.state.counts.failed)


KIND = Kind(
    name=NAME,
    fields=FIELDS,
    expand=expand,
    list=list_,
    observe=observe,
    create=create,
    update=update,
    delete=delete,
    ready_within=timedelta(hours=2),
    reads=("container", "job", "batch_account"),
    attempts=3,
    deletable=False,
    report=report,
    job_of=lambda desired: desired.address.name,
    noun="task list",
    usual={"pending": 0, "ending": 0, "unrecorded": 0, "onAllTasksComplete": "noaction"},
    disturbs=disturbs,
    renewed=renewed,
    keep=keep,
    volatile=True,
    summarised=True,
)
