"""The conversion that a job is for: every input blob has an output made from its current content.

It is not a resource of Azure but the state of data, compared like a resource. `pending` counts inputs whose output is
missing or outdated, and an update submits tasks for exactly the Work that was observed. It is BUSY while its tasks run,
whoever submitted them. There is nothing to delete: the data is the user's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from reconciler.azure import roles
from reconciler.cloud import arm, blob_containers, job_generations
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import missing_is_none
from reconciler.cloud.operations import Operation
from reconciler.kind import Kind, Result, permissions, unread
from reconciler.kind.permissions import Permissions
from reconciler.kinds.conversion import again, containers, failing, nodes, records, submission, tables, wording
from reconciler.kinds.conversion.again import Again
from reconciler.kinds.conversion.records import Failed
from reconciler.kinds.conversion.work import Work, outputs
from reconciler.kinds.conversion.work import chosen as chosen_of
from reconciler.model import Address, Desired, Diff, Health, Mark, Observed, Rule
from reconciler.report import Report
from reconciler.spec import jobs, log_places, role_targets
from reconciler.spec.pools import Pool
from reconciler.spec.spec import Spec
from reconciler.words import count

NAME = "conversion"
FIELDS = {"pending": Rule.LIVE, "orphans": Rule.LIVE}


def expand(spec: Spec) -> Iterable[Desired]:
    for name, job in spec.jobs.items():
        if "convert" not in job:
            continue
        convert = job["convert"]
        pool = spec.pools[job["pool"].split("/")[1]]
        identity = pool["identity"][0].split("/")[1]
        containers = [place.removeprefix("storage/") for place in (convert["from"], convert["to"], convert["scripts"])]
        accounts = {Address("storage_account", container.split("/")[0]) for container in containers}
        follows = jobs.followed(spec, name)
        slots = (pool["nodes"]["dedicated"] + pool["nodes"]["spot"]) * pool["taskSlotsPerNode"]
        body: dict[str, Any] = {"pending": 0}
        if convert["deleteOrphans"]:
            body["orphans"] = 0
        yield Desired(
            Address(NAME, name),
            body,
            (
                Address("job", name),
                *dict.fromkeys(Address("container", container) for container in containers),
                *role_targets.reaching(spec, identity, accounts, roles.BLOB_WRITERS),
                *log_places.refs(spec, job),
                *follows,
            ),
            follows=follows,
            data={
                "from": containers[0],
                "to": containers[1],
                "scripts": containers[2],
                "suffixes": tuple(convert["suffixes"]),
                "prefix": convert["prefix"],
                "sample": convert.get("sample", 0),
                "tasks": convert.get("tasks", max(1, slots)),
                "nodes": slots,
                "identity": identity,
                "logs": log_places.of_job(spec, job),
                "maker": f"{spec.name}/{name}",
                "overwriteForeign": convert["overwriteForeign"],
                "pool": job["pool"].split("/")[1],
                "formula": _formula(pool),
                "again": Again(alone="tasks" not in job),
            },
        )


@dataclass(frozen=True, slots=True)
class State:
    """The work that is left, and of its inputs those that the last run could not convert."""

    work: Work
    in_vain: Mapping[str, Failed]


def _formula(pool: Pool) -> str:
    """The formula that says how many nodes a pool has; empty where their number is fixed."""
    scale = pool["nodes"].get("autoscale")
    if scale is None:
        return ""
    from reconciler.spec import trial

    return trial.formula(scale, pool["taskSlotsPerNode"])


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    for desired in wanted:
        observed = unread.observed(observe, cloud, desired, f"the blobs of {desired.address}")
        if observed is not None:
            yield observed


def observe(cloud: Cloud, desired: Desired | Observed) -> Observed | None:
    """The work that is left, or the progress of running tasks. None while the containers or the job do not exist."""
    assert isinstance(desired, Desired)
    if not _places_exist(cloud, desired):
        return None
    job = job_generations.live_id(cloud, desired.address.name)
    tasks = missing_is_none(lambda: submission.unfinished(cloud, job))
    if tasks is None:
        return None
    waiting, running = tasks
    stalled = nodes.none_for(cloud, desired, job) if waiting and not running else ""
    if waiting + running and not stalled:
        return _busy(cloud, desired, job, waiting + running)
    return _left(cloud, desired, job, f"{count(waiting, 'task')} waiting: {stalled}" if stalled else "")


def _left(cloud: Cloud, desired: Desired, job: str, stalled: str) -> Observed:
    """The work that is left, while no task is at it. `stalled` is why tasks wait in vain, if so."""
    name, scripts = desired.address.name, containers.client(cloud, desired.data["scripts"])
    backlog = containers.look(cloud, desired)
    pending = backlog.pending
    in_vain = records.in_vain(scripts, name, pending) if pending else {}
    reason = submission.failure(cloud, job) if pending and not stalled else None
    if len(in_vain) == len(pending) and backlog.up_to_date:
        reason = None  # tasks could work; the inputs have reasons of their own
    pool = "" if desired.data["nodes"] or desired.data["formula"] else desired.data["pool"]
    deletes = "orphans" in desired.body
    described = wording.describe(backlog, in_vain, pool, deletes=deletes)
    detail = "; ".join(part for part in (described, reason) if part)
    return Observed(
        desired.address,
        job,
        {"pending": len(pending), "orphans": len(backlog.orphans)},
        Mark(cloud.owner, ""),
        Health.FAILED if reason else Health.READY,
        detail,
        state=State(backlog, in_vain),
        stalled=stalled,
        employs=(Address("job", name),) if pending else (),
        unmet=wording.unmet(backlog, in_vain, orphans=deletes),
        lacks=wording.lacking(backlog),
    )


def _places_exist(cloud: Cloud, desired: Desired) -> bool:
    if cloud.account is None:
        return False
    if not blob_containers.exist(cloud, {desired.data[key] for key in ("from", "to", "scripts")}):
        return False
    return cloud.account_id is not None and arm.get(cloud, cloud.account_id) is not None


def _busy(cloud: Cloud, desired: Desired, job: str, unfinished: int) -> Observed:
    """Progress of the current run, from one listing of its results."""
    progress = records.progress(containers.client(cloud, desired.data["scripts"]), desired.address.name)
    detail = f"{count(unfinished, 'task')} at work"
    body = {"pending": progress.total - progress.done - progress.failed if progress else 0}
    mark = Mark(cloud.owner, "")
    return Observed(desired.address, job, body, mark, Health.BUSY, detail, progress=progress)


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    """Nothing: once the containers and the job exist, the conversion does too."""
    return None


def update(cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, diff: Diff) -> Operation | None:
    """Submit tasks for the work that is left, and delete orphans if the spec says so."""
    state = observed.state
    assert isinstance(state, State)
    if "orphans" in desired.body:
        containers.delete_orphans(cloud, desired, state.work)
    containers.outdate(cloud, desired, (item.output for item in state.work.again))
    if pending := state.work.pending:
        scripts = containers.client(cloud, desired.data["scripts"])
        before = records.current(scripts, desired.address.name) if len(state.in_vain) == len(pending) else None
        submission.submit(cloud, desired, observed.id, pending, before.runs if before else ())
    return None


def chosen(cloud: Cloud, desired: Desired, patterns: tuple[str, ...]) -> Desired:
    """With the inputs that match to be converted again, if that was done before now."""
    since = containers.now(containers.client(cloud, desired.data["to"]))
    meant = replace(again.of(desired), patterns=patterns, since=since)
    return replace(desired, data={**desired.data, "again": meant})


def delete(cloud: Cloud, observed: Observed) -> Operation | None:
    return None


def results(cloud: Cloud, desired: Desired) -> Iterator[Result]:
    """The output of each input."""
    data = desired.data
    inputs = containers.inputs(containers.client(cloud, data["from"]), data["prefix"])
    for output in chosen_of(outputs(inputs, data["suffixes"]), data["sample"]).values():
        yield Result(f"storage/{data['to']}", output)


def report(cloud: Cloud, desired: Desired) -> Report | None:
    """Its counts, the results of its last run, and the inputs that were not converted."""
    observed = observe(cloud, desired)
    if observed is None:
        return None
    scripts = containers.client(cloud, desired.data["scripts"])
    tasks, unread = records.results(scripts, desired.address.name)
    inputs, unread_markers = _failed(desired, observed, scripts)
    shown = [tables.results(tasks)] if tasks else []
    shown += [tables.failures(inputs)] if inputs else []
    unread += unread_markers
    hint = f"; {count(unread, 'record')} in {desired.data['scripts']} cannot be read" if unread else ""
    lacking, state, end = len(inputs) + unread_markers, observed.state, None
    if isinstance(state, State) and not observed.stalled:
        end = wording.end(state.work, state.in_vain, Counter(failure.code for failure in inputs), lacking)
    return Report(desired.address, observed.detail + hint, tuple(shown), lacking, end)


def _failed(desired: Desired, observed: Observed, scripts: Any) -> tuple[list[Failed], int]:
    """The inputs that were not converted, and how many more there are whose markers cannot be read."""
    state = observed.state
    if not isinstance(state, State):
        return [], 0
    prefix = containers.failed_prefix(desired)
    lasting, unread = records.markers(scripts, [f"{prefix}{name}" for name in state.work.failed])
    refused = (
        Failed(item.name, item.etag, "foreign", f"{item.output} is there and was made by {maker or 'others'}")
        for item, maker in state.work.refused
    )
    return [*lasting, *refused, *state.in_vain.values()], unread


def _permissions(desired: Desired) -> Permissions:
    return Permissions(writes=(f"{permissions.BLOBS}/delete",) if "orphans" in desired.body else ())


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
    undoable=failing.first,
    job_of=lambda desired: desired.address.name,
    rerun=chosen,
    results=results,
    permissions=Permissions(
        reads=(permissions.STORAGE, f"{permissions.BLOBS}/read", f"{permissions.JOBS}/read"),
        writes=(f"{permissions.BLOBS}/write", f"{permissions.JOBS}/write"),
        of=_permissions,
    ),
    counts="jobs",
    summarised=True,
)
