"""The verification of a pool: a job that checks its nodes, once for each combination of image, size and checks.

Another image, size or list of checks is another verification, with a job of its own; the job before is deleted. A
failed check makes the verification FAILED, and its job stays as evidence. After a verification that passes, an image
version that was waiting for it is let into `latest`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from reconciler import marks
from reconciler.azure import images
from reconciler.cloud import arm, batch_jobs, pairs
from reconciler.cloud.cloud import Cloud, Operation
from reconciler.cloud.errors import missing_is_none
from reconciler.digest import digest
from reconciler.kind import Kind
from reconciler.kinds.verification import checks
from reconciler.model import Address, Desired, Diff, Health, Mark, Observed, Report, Rule, Table
from reconciler.spec.spec import Spec

NAME = "verification"
FIELDS = {"job": Rule.REPLACE, "checks": Rule.LIVE, "released": Rule.LIVE}


def expand(spec: Spec) -> Iterable[Desired]:
    """A verification for each pool that has nodes and does not turn it off."""
    for name, pool in spec.pools.items():
        nodes = pool["nodes"]["dedicated"] + pool["nodes"]["spot"]
        if pool["verify"] is False or not (nodes or "autoscale" in pool["nodes"]):
            continue
        built = spec.images.get(images.built(pool["image"]))
        data = {
            "verify": pool["verify"],
            "gpu": built is not None and built["gpu"],
            "release": built is not None and built["excludeFromLatest"] == "untilVerified",
            "vmSize": pool["vmSize"],
            "docker": built is not None,
        }
        yield Desired(Address(NAME, name), {}, (Address("pool", name),), data=data)


def resolve(cloud: Cloud, desired: Desired, before: Mapping[Address, Desired]) -> Desired:
    """The checks, and a name for their job that differs for each image, size and list of checks."""
    pool = before[Address("pool", desired.address.name)]
    machine = pool.body["properties"]["deploymentConfiguration"]["virtualMachineConfiguration"]
    containers, data = machine["containerConfiguration"], desired.data
    names = containers["containerImageNames"] if containers else []
    chosen = checks.wanted(data["verify"], names, docker=data["docker"] or bool(names), gpu=data["gpu"])
    about = digest([machine["imageReference"], data["vmSize"], [checks.task(check) for check in chosen]])
    body: dict[str, Any] = {"job": f"verify-{desired.address.name[:40]}-{about[:8]}", "checks": len(chosen)}
    if data["release"]:
        body["released"] = True
    data = {**data, "chosen": chosen, "version": machine["imageReference"].get("id")}
    return replace(desired, body=body, data=data)


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    """The job of each wanted verification, and the jobs of earlier ones, which are to be deleted."""
    known = {desired.body["job"].lower(): desired for desired in wanted}
    for raw in batch_jobs.listing(cloud):
        pool = pairs.mapped(raw.get("metadata")).get(marks.VERIFICATION)
        if pool is None:
            continue
        desired = known.get(raw["id"].lower())
        yield _observed(cloud, desired, raw) if desired else _old(raw, pool)


def _old(raw: Mapping[str, Any], pool: str) -> Observed:
    mark = marks.mark_of(pairs.mapped(raw.get("metadata")))
    deleting = raw["state"] == "deleting"
    health = Health.BUSY if deleting else Health.READY
    detail = "being deleted" if deleting else ""
    surplus = f"{pool} is verified by another job now"
    return Observed(Address(NAME, f"{pool}/{raw['id']}"), raw["id"], {}, mark, health, detail, surplus=surplus)


def observe(cloud: Cloud, resource: Desired | Observed) -> Observed | None:
    name = resource.body["job"] if isinstance(resource, Desired) else resource.id or resource.address.name.split("/")[1]
    raw = batch_jobs.get(cloud, name)
    if raw is None or isinstance(resource, Desired):
        return _observed(cloud, resource, raw) if raw and isinstance(resource, Desired) else None
    return replace(_old(raw, resource.address.name), address=resource.address)


def _observed(cloud: Cloud, desired: Desired, raw: Mapping[str, Any]) -> Observed:
    tasks = _tasks(cloud, raw["id"])
    outcomes = [checks.result(task) for task in tasks]
    released = _released(cloud, desired)
    body = {"job": raw["id"], "checks": len(tasks), "released": released}
    health, detail = _health(raw, tasks, outcomes)
    mark = marks.mark_of(pairs.mapped(raw.get("metadata")))
    return Observed(desired.address, raw["id"], body, mark, health, detail)


def _tasks(cloud: Cloud, job: str) -> list[dict[str, Any]]:
    """The tasks of a job; none if it has been deleted meanwhile."""
    return missing_is_none(lambda: [task.as_dict() for task in cloud.batch().list_tasks(job)]) or []


def _health(raw: Mapping[str, Any], tasks: list[dict[str, Any]], outcomes: list[str]) -> tuple[Health, str]:
    if raw["state"] == "deleting":
        return Health.BUSY, "being deleted"
    done = [outcome for outcome in outcomes if outcome != "running"]
    if failed := sorted(task["id"] for task, outcome in zip(tasks, outcomes, strict=True) if outcome == "failed"):
        return Health.FAILED, f"{', '.join(failed)} failed; look with: reconcile logs {raw['id']} {failed[0]}"
    if len(done) < len(outcomes):
        return Health.BUSY, f"{len(done)} of {len(outcomes)} checks made"
    counts = {word: outcomes.count(word) for word in ("passed", "not run here") if outcomes.count(word)}
    return Health.READY, ", ".join(f"{number} {word}" for word, number in counts.items())


def _released(cloud: Cloud, desired: Desired) -> bool:
    if not desired.data["release"]:
        return True
    version = arm.get(cloud, desired.data["version"])
    return version is not None and not version["properties"]["publishingProfile"]["excludeFromLatest"]


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    """Make the job; the next update adds its tasks, and then it ends by itself."""
    metadata = {**marks.with_mark({}, mark), marks.VERIFICATION: desired.address.name}
    pool = {"poolId": cloud.pools.get(desired.address.name, desired.address.name)}
    batch_jobs.create(cloud, {"id": desired.body["job"], "poolInfo": pool, "metadata": pairs.listed(metadata)})
    return None


def update(cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, diff: Diff) -> Operation | None:
    """Add the tasks; or let a verified image into `latest`; or delete a failed job so that it can be made again."""
    if observed.health is Health.FAILED:
        batch_jobs.delete(cloud, observed.id)
    elif observed.body["checks"] < desired.body["checks"]:
        from azure.batch import models

        tasks = [models.BatchTaskCreateOptions(checks.task(check)) for check in desired.data["chosen"]]
        cloud.batch().create_tasks(observed.id, tasks)
        ending = models.BatchJobUpdateOptions({"onAllTasksComplete": "terminatejob"})
        cloud.batch().update_job(observed.id, ending)
    elif not observed.body["released"]:
        properties = {"publishingProfile": {"excludeFromLatest": False}, "storageProfile": {}}
        return arm.patch(cloud, desired.data["version"], {"properties": properties})
    return None


def delete(cloud: Cloud, observed: Observed) -> Operation | None:
    batch_jobs.delete(cloud, observed.id)
    return None


def results(cloud: Cloud, desired: Desired) -> list[tuple[str, str, str]]:
    """(check, result, exit code) of each check that has a task."""
    tasks = _tasks(cloud, desired.body["job"])
    codes = [str((task.get("executionInfo") or {}).get("exitCode", "")) for task in tasks]
    rows = {task["id"]: (task["id"], checks.result(task), code) for task, code in zip(tasks, codes, strict=True)}
    return [rows[check.name] for check in desired.data["chosen"] if check.name in rows]


def report(cloud: Cloud, desired: Desired) -> Report | None:
    """A table with the result of each check."""
    rows = tuple(results(cloud, desired))
    return Report(desired.address, tables=(Table(("CHECK", "RESULT", "EXIT"), rows),)) if rows else None


KIND = Kind(
    name=NAME,
    fields=FIELDS,
    expand=expand,
    list=list_,
    observe=observe,
    create=create,
    update=update,
    delete=delete,
    resolve=resolve,
    report=report,
    job_of=lambda desired: str(desired.body["job"]),
    takes=lambda decision, desired: timedelta(minutes=1),
    ready_within=timedelta(minutes=30),
    reads=("batch_account",),
    inverse="what is checked is not to be seen",
)
