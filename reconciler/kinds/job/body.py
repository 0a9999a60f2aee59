"""A job's properties: as a spec asks for them, as Batch shows them, and as Batch takes them.

In bodies, environment settings are maps, so that a key that left the spec can be told from one of others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler import marks
from reconciler.azure.durations import canonical
from reconciler.cloud import batch_jobs, pairs
from reconciler.cloud.cloud import Cloud
from reconciler.kind import node_secrets
from reconciler.kinds.job import kept, pool_info, secrets
from reconciler.model import Body
from reconciler.spec import identities, vault_secrets
from reconciler.spec.jobs import AROUND
from reconciler.spec.sections import Job
from reconciler.spec.spec import Spec
from reconciler.spec.tasks import Task

UNLIMITED = "P10675199DT2H48M5.4775807S"
"""How Batch spells a maxWallClockTime without limit, which a body here has as None."""
ENVIRONMENT = "environmentSettings"
LENGTHS = ("maxWallClockTime", "retentionTime")
USUAL = {"maxParallelTasks": -1, "allowTaskPreemption": False}
"""What jobs are by default, in accounts for which Microsoft has not enabled more: it is not asked for."""
MAPS = ("metadata", "commonEnvironmentSettings", *(f"{name}.{ENVIRONMENT}" for name in AROUND))
"""The maps of a job whose keys the spec chooses."""
BESIDE = "jobReleaseTask"
"""That of them whose limits stand beside its other properties, and not in its constraints."""


def wanted(spec: Spec, job: Job) -> dict[str, Any]:
    """The body that a spec asks for; what it does not say is left out."""
    tasks = job.get("tasks", {}).values()
    body: dict[str, Any] = {
        "poolInfo": pool_info.wanted(spec, job),
        "priority": job["priority"],
        "constraints": {
            "maxTaskRetryCount": job["maxTaskRetryCount"],
            "maxWallClockTime": canonical(job["maxWallClockTime"]) if "maxWallClockTime" in job else None,
        },
        "displayName": job.get("displayName"),
        "metadata": dict(job["metadata"]),
        "commonEnvironmentSettings": vault_secrets.plain(job["commonEnvironmentSettings"]),
        "maxParallelTasks": job["maxParallelTasks"],
        "allowTaskPreemption": job["allowTaskPreemption"],
        "state": "active",
        "stage": "enabled",
    }
    options = [option for task in tasks for option in exit_options(task)]
    depending = any(task["dependsOn"] for task in tasks) or any("dependencyAction" in option for option in options)
    body |= {"usesTaskDependencies": True} if job["usesTaskDependencies"] or depending else {}
    if any("jobAction" in option for option in options):
        body["onTaskFailure"] = "performexitoptionsjobaction"
    if "networkConfiguration" in job:
        body["networkConfiguration"] = dict(job["networkConfiguration"])
    return body | {name: _around(spec, job, name) for name in AROUND}


def exit_options(task: Task) -> list[Mapping[str, Any]]:
    """What a task says of its ends, whichever they are."""
    conditions = task.get("exitConditions", {})
    listed = [*conditions.get("exitCodes", ()), *conditions.get("exitCodeRanges", ())]
    others = [conditions[name] for name in ("preProcessingError", "fileUploadError", "default") if name in conditions]
    return [*(entry["exitOptions"] for entry in listed), *others]


def _around(spec: Spec, job: Job, name: str) -> dict[str, Any] | None:
    """A manager, preparation or release task."""
    task: Mapping[str, Any] | None = identities.identified(job.get(name), spec.azure)
    if task is None:
        return None
    apart = ("elevationLevel", "maxTaskRetryCount", "maxWallClockTime", "retentionTime")
    body = {key: value for key, value in task.items() if key not in apart}
    held = spec.pools[job["pool"].split("/")[1]]["identity"]
    settings = secrets.furnished(job, task[ENVIRONMENT])
    who = vault_secrets.reader(spec, held, settings)
    body[ENVIRONMENT] = node_secrets.named(settings, identities.identity_id(who, spec.azure))
    body["userIdentity"] = {"autoUser": {"scope": "pool", "elevationLevel": task["elevationLevel"].lower()}}
    limits = {key: canonical(task[key]) if key in LENGTHS else task[key] for key in apart[1:] if key in task}
    return body | (limits if name == BESIDE else {"constraints": limits})


def observed(raw: Mapping[str, Any], pool: str | None) -> dict[str, Any]:
    """The body as Batch shows it; any generation of the pool that is asked for counts as that pool."""
    metadata, state = pairs.mapped(raw.get("metadata")), raw["state"]
    limits = {"maxWallClockTime": UNLIMITED, "maxTaskRetryCount": 0, **(raw.get("constraints") or {})}
    limits |= {"maxWallClockTime": None} if limits["maxWallClockTime"] == UNLIMITED else {}
    ended = state in batch_jobs.ENDED
    body = {
        **USUAL,
        **raw,
        "poolInfo": pool_info.observed(raw["poolInfo"], pool),
        "constraints": _spelled(limits),
        "metadata": marks.without_mark(metadata),
        "commonEnvironmentSettings": pairs.mapped(raw.get("commonEnvironmentSettings")),
        "state": state if ended else "active",
        "stage": "disabled" if state == "disabled" and marks.MOVING not in metadata else "enabled",
    }
    for name in AROUND:
        if task := raw.get(name):
            limited = {"constraints": _spelled(task["constraints"])} if task.get("constraints") else {}
            found = {**_spelled(task), **limited, ENVIRONMENT: pairs.mapped(task.get(ENVIRONMENT))}
            body[name] = node_secrets.seen(kept.observed(found))
    return body


def _spelled(limits: Mapping[str, Any]) -> dict[str, Any]:
    """With the lengths of time in one spelling."""
    return {key: canonical(value) if key in LENGTHS and value else value for key, value in limits.items()}


def wire(cloud: Cloud, body: Body, metadata: Mapping[str, str], logs: kept.Logs | None) -> dict[str, Any]:
    """The body as Batch takes it; `logs` is where what is printed before and after all tasks is kept."""
    limits = body["constraints"]
    limits = {**limits, "maxWallClockTime": limits["maxWallClockTime"] or UNLIMITED}
    common = {name: value for name, value in body["commonEnvironmentSettings"].items() if value is not None}
    made = {**body, "poolInfo": pool_info.wire(cloud, body["poolInfo"]), "metadata": pairs.listed(metadata)}
    made["constraints"] = limits
    made["commonEnvironmentSettings"] = pairs.listed(common)
    for name in AROUND:
        if task := body.get(name):
            runs = kept.wire(name, node_secrets.wired(task), logs, cloud.container_url)
            settings = {key: value for key, value in runs[ENVIRONMENT].items() if value is not None}
            made[name] = {**runs, ENVIRONMENT: pairs.listed(settings)}
    apart = {"state", "stage", *(key for key, usual in USUAL.items() if body[key] == usual)}
    asked = {key: value for key, value in made.items() if key not in apart and value not in (None, [])}
    return asked | {"metadata": made["metadata"]}
