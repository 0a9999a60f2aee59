"""The verification of a pool: a job that checks its nodes, once for each state that they are made from, image included.

It waits until the pool is what the spec asks for, so that it never runs on the nodes of another version. A pass is kept
with the image version (`evidence.py`), and lets it into `latest` if it was waiting for that. A failed or skipped check
makes the verification FAILED, and its job stays as evidence, as do those of earlier states until a new one has passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from reconciler import marks
from reconciler.azure import images
from reconciler.cloud import arm, batch_jobs, pairs
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.kind import Kind, accounts, permissions
from reconciler.kind.arm import Verbs
from reconciler.kind.permissions import Permissions
from reconciler.kinds.pool import checks, evidence, live, pool, readiness, trial
from reconciler.kinds.pool.nodes import live_id
from reconciler.kinds.pool.state import state_of
from reconciler.kinds.pool.trial import Asked, Trial, Verdict
from reconciler.model import Address, Decision, Desired, Diff, Health, Mark, Observed, Rule
from reconciler.report import Report, Table
from reconciler.spec.spec import Spec

NAME = "verification"
FIELDS = {"verified": Rule.NEW_NODES, **dict.fromkeys(("job", "checks", "older", "recorded", "released"), Rule.LIVE)}
HEALTH = {
    Verdict.RUNNING: Health.BUSY,
    Verdict.FAILED: Health.FAILED,
    Verdict.VOID: Health.FAILED,
    Verdict.FOREIGN: Health.FAILED,
}
"""The health that a verdict means, where it is not READY."""


@dataclass(frozen=True, slots=True)
class State:
    """How far the job is, and the older jobs of the pool, which go when it has passed."""

    trial: Trial
    older: tuple[str, ...] = ()


def expand(spec: Spec) -> Iterable[Desired]:
    """A verification for each pool that does not turn it off; one without nodes has to wait."""
    for name, entry in spec.pools.items():
        if entry["verify"] is False:
            continue
        built = spec.images.get(images.built(entry["image"]))
        release = built is not None and built["excludeFromLatest"] == "untilVerified"
        data = {"own": built is not None, "release": release}
        nodes = "autoscale" in entry["nodes"] or entry["nodes"]["dedicated"] + entry["nodes"]["spot"]
        gate = f"; {entry['image']} stays out of latest until then" if release else ""
        waits = "" if nodes else f"pools/{name} has no node to make the checks on (nodes: 0){gate}"
        yield Desired(Address(NAME, name), {}, (Address(pool.NAME, name),), data=data, waits=waits)


def resolve(cloud: Cloud, desired: Desired, before: Mapping[Address, Desired]) -> Desired:
    """The checks, and a name for their job that differs for each state of the pool."""
    checked = before[Address(pool.NAME, desired.address.name)]
    asked = trial.asked(checked)
    assert asked is not None
    body: dict[str, Any] = {"job": asked.job, "checks": len(asked.checks), "verified": True, "older": 0}
    own, release = desired.data["own"], desired.data["release"]
    body |= {"recorded": True} if own else {}
    body |= {"released": True} if release else {}
    return replace(desired, body=body, data={**desired.data, "asked": asked, "pool": checked})


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterator[Observed]:
    """Each wanted verification, and the jobs of pools that the spec no longer verifies."""
    jobs: dict[str, list[dict[str, Any]]] = {}
    for raw in batch_jobs.listing(cloud, trial.BEGINNING):
        metadata = pairs.mapped(raw.get("metadata"))
        if marks.VERIFICATION in metadata and marks.is_ours(cloud.owner, metadata):
            jobs.setdefault(metadata[marks.VERIFICATION], []).append(raw)
    for desired in wanted:
        mine = jobs.pop(desired.address.name, [])
        checked = desired.data["pool"]
        standing = cloud.standing.pop(checked.address.name, None)
        if seen := _seen(cloud, desired, mine, standing, planned=True):
            pools = [str(raw["poolInfo"].get("poolId")) for raw in mine] or [checked.address.name]
            yield replace(seen, uses=tuple(_uses(cloud, pools)))
    for name, left in jobs.items():
        for raw in left:
            yield replace(_old(raw, name), uses=tuple(_uses(cloud, [str(raw["poolInfo"].get("poolId"))])))


def _uses(cloud: Cloud, pools: Iterable[str]) -> Iterator[str]:
    """The ids of the account, and of the pools that are verified."""
    yield str(cloud.account_id)
    yield from (f"{cloud.account_id}/pools/{name}" for name in pools)


def _old(raw: Mapping[str, Any], name: str) -> Observed:
    mark = marks.mark_of(pairs.mapped(raw.get("metadata")))
    deleting = raw["state"] == "deleting"
    health, detail = (Health.BUSY, "being deleted") if deleting else (Health.READY, "")
    return Observed(Address(NAME, f"{name}/{raw['id']}"), raw["id"], {}, mark, health, detail)


def observe(cloud: Cloud, resource: Desired | Observed) -> Observed | None:
    if isinstance(resource, Observed):
        raw = batch_jobs.get(cloud, resource.id or resource.address.name.split("/")[-1])
        return replace(_old(raw, resource.address.name), address=resource.address) if raw else None
    asked: Asked = resource.data["asked"]
    mine = [raw for raw in batch_jobs.listing(cloud, trial.beginning(asked.pool)) if _is_for(cloud, asked, raw)]
    standing = live.observe(cloud, resource.data["pool"], pool.KIND.rule)
    return _seen(cloud, resource, mine, standing, planned=False)


def _is_for(cloud: Cloud, asked: Asked, raw: Mapping[str, Any]) -> bool:
    metadata = pairs.mapped(raw.get("metadata"))
    return metadata.get(marks.VERIFICATION) == asked.pool and marks.is_ours(cloud.owner, metadata)


def _seen(
    cloud: Cloud, desired: Desired, jobs: Iterable[Mapping[str, Any]], standing: Observed | None, *, planned: bool
) -> Observed | None:
    """The verification as it is. `jobs` are ours for the pool, `standing` is the live pool.

    `planned`: the pool may still change before the checks are made. A job that has passed is then not yet held against
    what its nodes had booted.
    """
    asked: Asked = desired.data["asked"]
    tags, released = _version(cloud, desired)
    when = evidence.passed(tags, asked)
    known = planned or when or standing is None or state_of(standing).marks.get(marks.VERIFIED) == asked.digest
    run = trial.read(cloud, asked, "" if known or standing is None else live_id(standing))
    before = [raw for raw in jobs if raw["id"].lower() != asked.job.lower()]
    older = tuple(raw["id"] for raw in before if raw["state"] != "deleting")
    body = {"job": asked.job, "checks": len(run.tasks), "verified": True, "older": len(older)}
    body |= {"recorded": bool(when), "released": released}
    mark = Mark(cloud.owner, "") if run.verdict is Verdict.ABSENT else run.mark
    health = HEALTH.get(run.verdict, Health.READY)
    seen = Observed(desired.address, asked.job, body, mark, health, run.detail, state=State(run, older))
    if run.verdict is Verdict.RUNNING and standing is not None and not standing.occupants:
        return replace(seen, detail=f"{run.detail}; the pool has no node yet")
    if run.verdict is Verdict.ABSENT and when and released:
        detail = f"passed on {when[:10]}, as its image version says"
        seen = replace(seen, body={**body, "checks": len(asked.checks)}, detail=detail)
    elif run.verdict in (Verdict.ABSENT, Verdict.BEGUN):
        why = readiness.missing(cloud, desired.data["pool"], standing, pool.KIND.rule, planned=planned)
        return _held(desired, seen, why) if why else seen if run.verdict is Verdict.BEGUN else None
    if len(before) > len(older) and seen.health is Health.READY and not planned:
        return replace(seen, health=Health.BUSY, detail="older jobs are being deleted")
    return seen


def _held(desired: Desired, seen: Observed, why: str) -> Observed:
    """A verification that cannot be made now: all of it waits for the pool."""
    body = {**desired.body, "verified": False}
    return replace(seen, body=body, detail=f"not verified: {why}", held=why, occupants=(why,))


def _version(cloud: Cloud, desired: Desired) -> tuple[Mapping[str, str], bool]:
    """The tags of the image version of this spec that the pool boots, and whether it is where it is to be let into."""
    if not desired.data["own"]:
        return {}, True
    version = arm.get(cloud, desired.data["asked"].image)
    if version is None:
        return {}, not desired.data["release"]
    excluded = (version["properties"].get("publishingProfile") or {}).get("excludeFromLatest", False)
    return version.get("tags") or {}, not (desired.data["release"] and excluded)


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    """Make the job; the next update adds its tasks, and then it ends by itself."""
    asked: Asked = desired.data["asked"]
    trial.make(cloud, asked, cloud.pools.get(asked.pool, asked.pool), mark)
    return None


def update(cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, diff: Diff) -> Operation | None:
    """Make the next step: the tasks, then the evidence and the way into `latest`, then older jobs go.

    A job that failed, or is no evidence, goes, so that it can be made again.
    """
    assert isinstance(observed.state, State)
    run, older = observed.state.trial, observed.state.older
    if observed.health is Health.FAILED:
        batch_jobs.delete(cloud, observed.id)
    elif run.verdict is Verdict.BEGUN:
        trial.fill(cloud, run)
    elif run.verdict is Verdict.PASSED and not _is_let_in(desired, observed):
        return _let_in(cloud, desired)
    else:
        for job in older:
            batch_jobs.delete(cloud, job)
    return None


def _is_let_in(desired: Desired, observed: Observed) -> bool:
    return all(observed.body[key] for key in ("recorded", "released") if key in desired.body)


def _let_in(cloud: Cloud, desired: Desired) -> Operation | None:
    """Write the evidence to the image version and, where it waits for that, let it into `latest`: one request."""
    asked: Asked = desired.data["asked"]
    version = arm.get(cloud, asked.image)
    if version is None:
        return None
    properties: dict[str, Any] = {"storageProfile": {}}  # required, and an empty one changes nothing
    if desired.data["release"]:
        properties["publishingProfile"] = {"excludeFromLatest": False}
    tags = evidence.added(version.get("tags") or {}, asked, cloud.time)
    return arm.patch(cloud, asked.image, {"tags": tags, "properties": properties})


def disturbs(cloud: Cloud, desired: Desired, observed: Observed, decision: Decision) -> str:
    """What becomes of the checks before, when they are made again."""
    if observed.health is not Health.FAILED:
        return ""
    return f"the records and logs of the failed checks go first; until then, see: reconcile logs {observed.address}"


def delete(cloud: Cloud, observed: Observed) -> Operation | None:
    batch_jobs.delete(cloud, observed.id)
    return None


def report(cloud: Cloud, desired: Desired) -> Report | None:
    """A table with the result of each check, and why it did not pass."""
    asked: Asked = desired.data["asked"]
    rows = []
    for task in trial.read(cloud, asked).tasks:
        result = checks.result(task)
        why = trial.reason(cloud, asked.job, task) if result in ("failed", "skipped") else ""
        rows.append((task["id"], result, str((task.get("executionInfo") or {}).get("exitCode", "")), why))
    return Report(desired.address, tables=(Table(("CHECK", "RESULT", "EXIT", ""), tuple(rows)),)) if rows else None


def _permissions(desired: Desired) -> Permissions:
    """A pass is kept with the version of an image that this spec builds."""
    version = "Microsoft.Compute/galleries/images/versions"
    return Permissions(writes=(f"{version}/read", f"{version}/write") if desired.data["own"] else ())


VERBS: Verbs = {"list": list_, "observe": observe, "create": create, "update": update, "delete": delete}
KIND = Kind(
    name=NAME,
    fields=FIELDS,
    expand=expand,
    **accounts.everywhere(VERBS, 2),
    resolve=resolve,
    report=report,
    disturbs=disturbs,
    job_of=lambda desired: str(desired.body["job"]),
    takes=lambda decision, desired: timedelta(minutes=1),
    ready_within=timedelta(minutes=30),
    summarised=True,
    reads=("batch_account", pool.NAME),
    permissions=Permissions(
        sees=(f"{permissions.JOBS}/read",),
        writes=(permissions.ACCOUNT, f"{permissions.JOBS}/write", f"{permissions.JOBS}/delete"),
        deletes=(f"{permissions.JOBS}/delete",),
        of=_permissions,
    ),
    inverse="what is checked is not to be seen",
)
