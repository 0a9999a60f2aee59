"""The verification of a pool: a job that checks its nodes, once for each state of the pool that matters.

Another image, size or list of checks is another verification, with a job of its own; the one before goes. A check
that fails makes it FAILED and its job stays as evidence. An image that waits for it is then let into `latest`.
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
    """One for each pool that has nodes and wants it."""
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
    """The checks, and a name for the job that tells whether they were made on this image and size."""
    pool = before[Address("pool", desired.address.name)]
    machine = pool.body["properties"]["deploymentConfiguration"]["virtualMachineConfiguration"]
    containers, data = machine["containerConfiguration"], desired.data
    names = containers["containerImageNames"] if containers else []
    found = checks.wanted(data["verify"], names, docker=data["docker"] or bool(names), gpu=data["gpu"])
    about = digest([machine["imageReference"], data["vmSize"], [checks.task(one) for one in found]])
    body: dict[str, Any] = {"job": f"verify-{desired.address.name[:40]}-{about[:8]}", "checks": len(found)}
    if data["release"]:
        body["released"] = True
    kept = {**data, "found": found, "version": machine["imageReference"].get("id")}
    return replace(desired, body=body, data=kept)


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    """The job of each wanted verification, and those of others that have had their day."""
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


def observe(cloud: Cloud, wanted: Desired | Observed) -> Observed | None:
    name = wanted.body["job"] if isinstance(wanted, Desired) else wanted.id or wanted.address.name.split("/")[1]
    raw = batch_jobs.get(cloud, name)
    if raw is None or isinstance(wanted, Desired):
        return _observed(cloud, wanted, raw) if raw and isinstance(wanted, Desired) else None
    return replace(_old(raw, wanted.address.name), address=wanted.address)


def _observed(cloud: Cloud, desired: Desired, raw: Mapping[str, Any]) -> Observed:
    tasks = _tasks(cloud, raw["id"])
    found = [checks.result(task) for task in tasks]
    released = _released(cloud, desired)
    body = {"job": raw["id"], "checks": len(tasks), "released": released}
    health, detail = _health(raw, tasks, found)
    mark = marks.mark_of(pairs.mapped(raw.get("metadata")))
    return Observed(desired.address, raw["id"], body, mark, health, detail)


def _tasks(cloud: Cloud, job: str) -> list[dict[str, Any]]:
    """The tasks of a job; none if it has gone meanwhile."""
    return missing_is_none(lambda: [task.as_dict() for task in cloud.batch().list_tasks(job)]) or []


def _health(raw: Mapping[str, Any], tasks: list[dict[str, Any]], found: list[str]) -> tuple[Health, str]:
    if raw["state"] == "deleting":
        return Health.BUSY, "being deleted"
    done = [one for one in found if one != "running"]
    if failed := sorted(task["id"] for task, one in zip(tasks, found, strict=True) if one == "failed"):
        return Health.FAILED, f"{', '.join(failed)} failed; look with: reconcile logs {raw['id']} {failed[0]}"
    if len(done) < len(found):
        return Health.BUSY, f"{len(done)} of {len(found)} checks made"
    counts = {word: found.count(word) for word in ("passed", "not run here") if found.count(word)}
    return Health.READY, ", ".join(f"{number} {word}" for word, number in counts.items())


def _released(cloud: Cloud, desired: Desired) -> bool:
    if not desired.data["release"]:
        return True
    version = arm.get(cloud, desired.data["version"])
    return version is not None and not version["properties"]["publishingProfile"]["excludeFromLatest"]


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    """Make the job; its tasks come next, and then it ends by itself."""
    metadata = {**marks.with_mark({}, mark), marks.VERIFICATION: desired.address.name}
    pool = {"poolId": cloud.pools.get(desired.address.name, desired.address.name)}
    batch_jobs.create(cloud, {"id": desired.body["job"], "poolInfo": pool, "metadata": pairs.listed(metadata)})
    return None


def update(cloud: Cloud, desired: Desired, mark: Mark, found: Observed, diff: Diff) -> Operation | None:
    """Add the tasks; or let a verified image into `latest`; or, after a failure, make room for another attempt."""
    if found.health is Health.FAILED:
        batch_jobs.delete(cloud, found.id)
    elif found.body["checks"] < desired.body["checks"]:
        from azure.batch import models

        tasks = [models.BatchTaskCreateOptions(checks.task(one)) for one in desired.data["found"]]
        cloud.batch().create_tasks(found.id, tasks)
        ending = models.BatchJobUpdateOptions({"onAllTasksComplete": "terminatejob"})
        cloud.batch().update_job(found.id, ending)
    elif not found.body["released"]:
        properties = {"publishingProfile": {"excludeFromLatest": False}, "storageProfile": {}}
        return arm.patch(cloud, desired.data["version"], {"properties": properties})
    return None


def delete(cloud: Cloud, found: Observed) -> Operation | None:
    batch_jobs.delete(cloud, found.id)
    return None


def results(cloud: Cloud, desired: Desired) -> list[tuple[str, str, str]]:
    """(check, result, exit code) of each check that there is."""
    tasks = _tasks(cloud, desired.body["job"])
    codes = [str((task.get("executionInfo") or {}).get("exitCode", "")) for task in tasks]
    found = {task["id"]: (task["id"], checks.result(task), code) for task, code in zip(tasks, codes, strict=True)}
    return [found[one.name] for one in desired.data["found"] if one.name in found]


def report(cloud: Cloud, desired: Desired) -> Report | None:
    """What each of its checks has said."""
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
    takes=lambda decision, desired: timedelta(minutes=1),
    ready_within=timedelta(minutes=30),
    reads=("batch_account",),
    inverse="what is checked is not to be seen",
)
