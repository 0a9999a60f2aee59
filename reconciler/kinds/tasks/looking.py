"""How far the tasks of a job are, as a plan sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from reconciler.cloud import batch_jobs, blob_containers, job_generations
from reconciler.cloud.cloud import Cloud
from reconciler.cost.use import Build, Case
from reconciler.errors import WrongUsage
from reconciler.kind import unread
from reconciler.kinds.tasks import comparing, effort, live, rerun, wanted, wording
from reconciler.kinds.tasks.effort import Nodes
from reconciler.kinds.tasks.live import State
from reconciler.kinds.tasks.past import Kept
from reconciler.kinds.tasks.wording import Counts
from reconciler.model import Action, Address, Desired, Health, Mark, Observed, Progress
from reconciler.spec.tasks import Task, before, fillers, proving
from reconciler.words import some

PAGE = 1_000
"""So many tasks Batch lists in one answer."""
TERMINATE = "terminatejob"


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    read = (unread.observed(observe, cloud, desired, f"the tasks of {desired.address.name}") for desired in wanted)
    return [observed for observed in read if observed]


def observe(cloud: Cloud, desired: Desired | Observed) -> Observed | None:
    """How far the tasks are. None while the job or a container does not exist, of theirs or of those before them."""
    assert isinstance(desired, Desired)
    job = job_generations.current(cloud, desired.address.name)
    asked = (want.data["places"] for want in (desired, *desired.data["before"]))
    places = (place.removeprefix("storage/") for those in asked for place in those)
    if job is None or not blob_containers.exist(cloud, places):
        return None
    entries: Mapping[str, Task] = desired.data["tasks"]
    ordered = any(entry["dependsOn"] for entry in entries.values())
    filled = {name: before(entries, name).intersection(fillers(entries, name)) for name in entries}
    state = None
    if rerun.counted(desired):
        ids = partial(wanted.digest, cloud, desired)
        state = live.counted(cloud, job, ids, ordered=ordered, retried=rerun.retries(desired))
    if state and state.counts.running and len(entries) > 1 and state.counts.total <= PAGE:
        there = live.listed(cloud, job["id"]).tasks
        stages = comparing.compared(wanted.groups(cloud, desired), there, filled, live.Whole()).stages
        state = replace(state, stages=stages)
    if state is None:
        listing, past = live.listed(cloud, job["id"], rerun.of(desired).since), Kept(cloud, desired, job)
        state = comparing.compared(wanted.groups(cloud, desired), listing.tasks, filled, past, rerun.of(desired))
        took = past.took() if state.counts.pending else {}
        state = _lasting(desired, replace(state, took={**took, **effort.usual(listing.seconds)}))
    if state.unknown and desired.data["alone"]:
        names = some(list(entries))
        raise WrongUsage(f"--rerun: the job {job['id']} is to have no task {state.unknown[0]}; it has {names}")
    return _observed(cloud, desired, state, job)


def _observed(cloud: Cloud, desired: Desired, state: State, raw: Mapping[str, Any]) -> Observed:
    counts, ended = state.counts, raw["state"] in batch_jobs.ENDED
    left = counts.pending or counts.ending or counts.again
    waits = desired.data["wait"] and not left and counts.running
    progress = Progress(counts.succeeded, counts.failed, counts.total, "tasks") if counts.running else None
    return Observed(
        desired.address,
        raw["id"],
        {
            "pending": counts.pending,
            "ending": counts.ending,
            "again": counts.again,
            "onAllTasksComplete": TERMINATE if ended or counts.later else str(raw["onAllTasksComplete"]).lower(),
        },
        Mark(cloud.owner, ""),
        Health.BUSY if waits else Health.READY,
        _detail(state),
        progress=progress,
        parts=wording.stages(state.stages),
        state=state,
        employs=(Address("job", desired.address.name),) if (counts.pending or counts.again) and ended else (),
        lacks=wording.lacking(counts),
    )


def _lasting(desired: Desired, state: State) -> State:
    """With what the tasks that are to run will take, as far as that is known."""
    expected = effort.effort(state.stages, desired.data["tasks"], state.took, desired.data["nodes"])
    return replace(state, effort=expected)


def _detail(state: State) -> str:
    return wording.describe(state.counts) + (f"; {state.effort}" if state.effort else "")


def renewed(desired: Desired, observed: Observed) -> Observed:
    """How it will be once the job is made anew: only what succeeded is known then, if that is kept."""
    state = observed.state
    assert isinstance(state, State)
    stages = {name: _anew(desired, counts) for name, counts in state.stages.items()}
    counts = _anew(desired, state.counts)
    body = {**observed.body, "pending": counts.pending, "ending": 0, "again": 0}
    proven = not desired.data["staging"] and any(map(proving, desired.data["tasks"].values()))
    after = _lasting(desired, State(counts, stages=stages, took=state.took))
    detail = _detail(after) + ("; fewer, as far as their outputs are there" if proven else "")
    parts = wording.stages(stages)
    return replace(observed, body=body, health=Health.READY, detail=detail, progress=None, parts=parts, state=after)


def _anew(desired: Desired, counts: Counts) -> Counts:
    kept = counts.succeeded if desired.data["staging"] else 0
    return Counts(new=counts.total - kept, succeeded=kept)


def work(case: Case) -> Build | None:
    """What the nodes of its pool do for the tasks that a plan submits; None if not known, or if their price is not."""
    state: Any = case.observed.state if case.observed else None
    if case.action is not Action.UPDATE or case.desired is None or not isinstance(state, State) or not state.effort:
        return None
    nodes: Nodes = case.desired.data["nodes"]
    if bool(nodes.dedicated) == bool(nodes.spot):
        return None
    seconds, spot = state.effort.node_seconds, bool(nodes.spot)
    return Build(case.address, nodes.size, case.region, seconds, what="work", spot=spot)
