"""The job that verifies a pool: a task for each check, on the live pool, once for each state that nodes are made from.

It is evidence for a digest: of the image version, VM size and all else that nodes are made from, and of the checks. Who
finds such a job looks at what it did, not at its name: other tasks, another mark, or nodes that are known to have
booted another version make it no evidence, and it is made again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from reconciler import marks
from reconciler.cloud import batch_jobs, pairs
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import missing_is_none
from reconciler.digest import digest
from reconciler.kinds.pool import checks, reading
from reconciler.kinds.pool.checks import Check
from reconciler.model import Desired, Mark

BEGINNING = "verify-"
"""How the ids of these jobs begin."""
APART = ("scaleSettings", "metadata", "displayName")
"""Properties of a pool that its nodes do not differ by."""
TOLD = 3
"""The most checks that are named, or read for why they did not pass."""
URGENT = 1000
"""The highest priority of a job: its tasks come before others that wait."""


class Verdict(StrEnum):
    """What a job says: nothing yet (ABSENT, BEGUN, RUNNING), PASSED or FAILED; VOID: it is no evidence for this.

    FOREIGN: it is not ours, so that it says nothing and must not be touched.
    """

    ABSENT = "absent"
    BEGUN = "begun"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    VOID = "void"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the verification of a pool asks.

    pool      its name in the spec
    digest    of what the checks are evidence for: all that nodes are made from, and the checks
    image     what the nodes boot, in lower case: the id of a version, or publisher:offer:sku
    may_skip  whether a check that cannot be made there does not count
    """

    pool: str
    digest: str
    image: str
    checks: tuple[Check, ...]
    may_skip: bool

    @property
    def job(self) -> str:
        return f"{beginning(self.pool)}{self.digest[:8]}"


@dataclass(frozen=True, slots=True)
class Trial:
    """How far the job is, in words too; the tasks of its checks as Batch reports them, and whose it is."""

    asked: Asked
    verdict: Verdict
    detail: str = ""
    tasks: tuple[Mapping[str, Any], ...] = ()
    mark: Mark | None = None


def beginning(pool: str) -> str:
    """How the ids of the jobs that verify a pool begin, whatever they are evidence for."""
    return f"{BEGINNING}{pool[:40]}-"


def asked(pool: Desired) -> Asked | None:
    """What the verification of a resolved pool asks; None if the spec does not want it verified."""
    verify, properties = pool.data["verify"], pool.body["properties"]
    if verify is False:
        return None
    containers = reading.machine(properties)["containerConfiguration"]
    names = containers["containerImageNames"] if containers else []
    chosen = checks.wanted(verify, names, pool.data["claims"])
    made_from = {name: value for name, value in properties.items() if name not in APART}
    tasks = [checks.task(check) for check in chosen]
    about = digest([made_from, pool.body["identity"], tasks, verify["allowSkipped"]])
    return Asked(pool.address.name, about, reading.image(properties), chosen, verify["allowSkipped"])


def read(cloud: Cloud, wanted: Asked, pool: str = "") -> Trial:
    """How far the job is now. With the id of a live `pool`, its nodes must show that they booted the image."""
    raw = batch_jobs.get(cloud, wanted.job)
    if raw is None:
        return Trial(wanted, Verdict.ABSENT)
    tasks = missing_is_none(lambda: [task.as_dict() for task in cloud.batch().list_tasks(raw["id"])]) or []
    trial = judged(wanted, cloud.owner, raw, tasks)
    if trial.verdict is Verdict.PASSED and pool and (why := unproven(wanted.image, pool, tasks, _images(cloud, pool))):
        return replace(trial, verdict=Verdict.VOID, detail=why)
    return replace(trial, detail=trial.detail + _reasons(cloud, trial))


def judged(wanted: Asked, owner: str, raw: Mapping[str, Any], tasks: Iterable[Mapping[str, Any]]) -> Trial:
    """What the job as Batch reports it says, without the words of its tasks. Pure."""
    by_name, metadata = {task["id"]: task for task in tasks}, pairs.mapped(raw.get("metadata"))
    rows = tuple(by_name[check.name] for check in wanted.checks if check.name in by_name)
    said = Trial(wanted, Verdict.BEGUN, "", rows, marks.mark_of(metadata))
    if not marks.is_ours(owner, metadata):
        return replace(said, verdict=Verdict.FOREIGN, detail=f"the job {wanted.job} is not of this spec")
    if raw["state"] == "deleting":
        return replace(said, verdict=Verdict.RUNNING, detail="the job before is being deleted")
    if why := _void(wanted, raw, metadata, by_name):
        return replace(said, verdict=Verdict.VOID, detail=f"the job {wanted.job} {why}, so it proves nothing")
    closing = str(raw.get("onAllTasksComplete", "")).lower() == "terminatejob"
    return _result(said) if closing and len(rows) == len(wanted.checks) else said


def _void(
    wanted: Asked, raw: Mapping[str, Any], metadata: Mapping[str, str], by_name: Mapping[str, Mapping[str, Any]]
) -> str:
    """Why a job of ours is no evidence for this; empty if it is, or can become it."""
    if metadata.get(marks.CONTENT) != wanted.digest:
        return "was made for something else"
    known = {check.name: check for check in wanted.checks}
    other = [name for name, task in by_name.items() if name not in known or not checks.is_task_of(known[name], task)]
    if other:
        return f"has other tasks ({', '.join(sorted(other)[:TOLD])})"
    return "ended without its tasks" if raw["state"] in batch_jobs.ENDED and len(by_name) < len(known) else ""


def _result(said: Trial) -> Trial:
    """`said`, with the results of all its checks."""
    wanted, rows = said.asked, said.tasks
    names = {word: [row["id"] for row in rows if checks.result(row) == word] for word in checks.RESULTS}
    if failed := names["failed"]:
        text = f"{', '.join(failed)} failed; look with: reconcile logs {wanted.job} {failed[0]}"
        return replace(said, verdict=Verdict.FAILED, detail=text)
    if names["running"]:
        made = f"{len(rows) - len(names['running'])} of {len(rows)} checks made"
        return replace(said, verdict=Verdict.RUNNING, detail=made)
    passed, skipped = f"{len(names['passed'])} passed", ", ".join(names["skipped"])
    if not skipped:
        return replace(said, verdict=Verdict.PASSED, detail=passed)
    if wanted.may_skip:
        return replace(said, verdict=Verdict.PASSED, detail=f"{passed}, {skipped} skipped")
    counts = "what is skipped is not verified, unless the spec says verify: {allowSkipped: true}"
    return replace(said, verdict=Verdict.FAILED, detail=f"{passed}, {skipped} skipped; {counts}")


def _reasons(cloud: Cloud, trial: Trial) -> str:
    """Why checks did not pass, as far as their nodes still tell: ` (gpu: this machine has no GPU)`."""
    rows = [row for row in trial.tasks if checks.result(row) in ("failed", "skipped")]
    if trial.verdict not in (Verdict.PASSED, Verdict.FAILED):
        return ""
    told = [(row["id"], said) for row in rows[:TOLD] if (said := reason(cloud, trial.asked.job, row))]
    return f" ({'; '.join(f'{name}: {said}' for name, said in told)})" if told else ""


def reason(cloud: Cloud, job: str, row: Mapping[str, Any]) -> str:
    """The last line that a check wrote, or else why Batch says that it failed."""
    from azure.core.exceptions import HttpResponseError

    for stream in ("stderr.txt", "stdout.txt"):
        try:
            text = b"".join(cloud.batch().download_task_file(job, row["id"], stream))[-8192:].decode(errors="replace")
        except HttpResponseError:
            break  # its node is gone
        if lines := [line.strip() for line in text.splitlines() if line.strip()]:
            return lines[-1][:200]
    info = row.get("executionInfo") or {}
    code = info.get("exitCode")
    return str((info.get("failureInfo") or {}).get("message", "")) if code is None else f"exit code {code}"


def _images(cloud: Cloud, pool: str) -> dict[str, str]:
    """Id of a live node → the image that it booted, in lower case; empty where Azure does not show it.

    Inferred from the schema: `virtualMachineInfo` is what the node's machine was made from. No recording has it.
    """
    nodes = missing_is_none(
        lambda: [node.as_dict() for node in cloud.batch().list_nodes(pool, select=["id", "virtualMachineInfo"])]
    )
    shown = {node["id"]: (node.get("virtualMachineInfo") or {}).get("imageReference") or {} for node in nodes or ()}
    return {node: str(image.get("virtualMachineImageId") or "").lower() for node, image in shown.items()}


def unproven(image: str, pool: str, tasks: Iterable[Mapping[str, Any]], booted: Mapping[str, str]) -> str:
    """Why it is not certain that the nodes that ran these tasks had booted `image`; empty if it is. Pure.

    `booted` are the live nodes of the pool. A pool that has nodes cannot change its image, so a node that does not
    show its own booted that of the pool, which is the one that is asked for when the job is made. Only versions of a
    gallery count: `latest` opens for nothing else.
    """
    if "/versions/" not in image:
        return ""
    for task in tasks:
        info = task.get("nodeInfo") or {}
        node = str(info.get("nodeId", ""))
        if str(info.get("poolId", "")).lower() != pool.lower() or node not in booted:
            return f"the node that ran {task['id']} is gone, so what it had booted is not certain"
        if "/versions/" in booted[node] and booted[node] != image:
            return f"{task['id']} ran on a node that had booted version {booted[node].rsplit('/', 1)[-1]}"
    return ""


def make(cloud: Cloud, wanted: Asked, pool: str, mark: Mark) -> None:
    """Make the job on the live pool of that id; `fill` adds its tasks, and then it ends by itself."""
    metadata = {**marks.with_mark({}, mark), marks.VERIFICATION: wanted.pool, marks.CONTENT: wanted.digest}
    body = {"id": wanted.job, "poolInfo": {"poolId": pool}, "metadata": pairs.listed(metadata), "priority": URGENT}
    batch_jobs.create(cloud, body)
    cloud.runs[wanted.job] = "verification"


def fill(cloud: Cloud, trial: Trial) -> None:
    """Add the tasks that are missing, and let the job end when all have."""
    from azure.batch import models

    there = {row["id"] for row in trial.tasks}
    missing = [checks.task(check) for check in trial.asked.checks if check.name not in there]
    if missing:
        cloud.batch().create_tasks(trial.asked.job, [models.BatchTaskCreateOptions(body) for body in missing])
    ending = models.BatchJobUpdateOptions({"onAllTasksComplete": "terminatejob"})
    cloud.batch().update_job(trial.asked.job, ending)


def made_here(cloud: Cloud, trial: Trial) -> bool:
    """Whether this run has made the job, so that what it says is news."""
    return trial.asked.job in cloud.runs
