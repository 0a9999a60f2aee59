"""Reads what the rules judge: a job, its tasks, its pool and nodes, or a pool; in twelve requests, and no write.

Lists are read by their first page only: a job of a million tasks takes as many requests as a small one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from reconciler.cloud import batch_jobs, batch_pools, batch_schedules, job_generations
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import reading
from reconciler.diagnosis import busy, output
from reconciler.diagnosis.asking import Asking
from reconciler.diagnosis.facts import Facts
from reconciler.diagnosis.rules import storage
from reconciler.model import Body

PAGE = 1000
"""The most items of a page. Source: Batch service, maxresults."""
TASK = [
    "id", "state", "creationTime", "executionInfo", "dependsOn", "requiredSlots", "constraints", "exitConditions",
    "multiInstanceSettings", "resourceFiles", "outputFiles", "nodeInfo",
]  # fmt: skip


def of_job(cloud: Cloud, name: str, storages: Iterable[str]) -> Facts:
    """The facts of a job, or of a job schedule and its last job."""
    with reading(f"the job {name}"):
        job = job_generations.current(cloud, name)
    asking = Asking(cloud, used=2 if job and job["id"].lower() == name.lower() else 3)
    facts = Facts(now=cloud.time, about=_about("the job", name, job), job=job)
    if job is None:
        facts = _schedule(asking, facts, name)
    if facts.job is None and facts.schedule is None:
        return _quota(asking, replace(facts, missing=True))
    return _of_work(asking, facts, tuple(storages)) if facts.job else replace(facts, unread=asking.unread)


def of_pool(cloud: Cloud, name: str) -> Facts:
    """The facts of the live pool that serves the pool `name` of the spec."""
    with reading(f"the pool {name}"):
        pool = batch_pools.current(cloud, name)
    asking = Asking(cloud, used=2)
    facts = Facts(now=cloud.time, about=_about("the pool", name, pool), work=False, pool=pool)
    if pool is None:
        return _pools(asking, replace(facts, missing=True))
    nodes = asking.one("the nodes of the pool", partial(_nodes, cloud, pool["id"]))
    return _ended(asking, replace(facts, nodes=nodes), ())


def _about(what: str, name: str, live: Body | None) -> str:
    """What is explained; a later generation has another id than its name in the spec."""
    same = live is None or live["id"].lower() == name.lower()
    return f"{what} {name}" if same else f"{what} {name} ({(live or {})['id']})"


def with_task(cloud: Cloud, facts: Facts, beginning: str) -> Facts:
    """The same facts with the tasks whose ids begin so, where a large job has more tasks than were read."""
    if facts.whole or facts.job is None or "*" in beginning:
        return facts
    text = beginning.replace("'", "''")
    with reading(f"the tasks of {facts.job['id']}"):
        more = _page_of_tasks(cloud, facts.job["id"], f"startswith(id,'{text}')")
    return replace(facts, page=tuple({one["id"]: one for one in (*more, *facts.page)}.values()))


def of_task(facts: Facts, wanted: str) -> Facts:
    """The same facts, of one task of the job."""
    return replace(facts, wanted=wanted, about=f"the task {wanted} of {(facts.job or {}).get('id', '')}")


def _schedule(asking: Asking, facts: Facts, name: str) -> Facts:
    """The schedule of that name, if there is one, and its newest job."""
    cloud = asking.cloud
    schedule = asking.one(f"the job schedule {name}", partial(batch_schedules.get, cloud, name))
    last = (((schedule or {}).get("executionInfo") or {}).get("recentJob") or {}).get("id")
    job = asking.one(f"the job {last}", partial(batch_jobs.get, cloud, last)) if last else None
    return replace(
        facts, schedule=schedule, latest=job, job=job, about=f"the schedule {name}" if schedule else facts.about
    )


def _of_work(asking: Asking, facts: Facts, storages: tuple[str, ...]) -> Facts:
    cloud, job = asking.cloud, facts.job or {}
    pool = str((job.get("executionInfo") or {}).get("poolId") or (job.get("poolInfo") or {}).get("poolId") or "")
    numbers = asking.one("the counts of tasks", lambda: cloud.batch().get_job_task_counts(job["id"]).as_dict())
    counts = (numbers or {}).get("taskCounts")
    total = sum(int((counts or {}).get(state, 0)) for state in ("active", "running", "completed"))
    questions: dict[str, tuple[int, Callable[[], Any]]] = {
        **_tasks(cloud, job["id"], counts, whole=total < PAGE),
        "the jobs of the account": (1, partial(_jobs, cloud)),
    }
    if pool:
        questions["the pool"] = (1, partial(batch_pools.get, cloud, pool))
        questions["the nodes of the pool"] = (1, partial(_nodes, cloud, pool))
    if job.get("jobPreparationTask") and (counts or {}).get("active", 1):  # who waits may wait for that
        questions["how the preparation of the job went"] = (1, partial(_prepared, cloud, job["id"]))
    told = asking.all(questions)
    page = [one for what, answer in told.items() if what.startswith("the tasks") for one in answer or ()]
    facts = replace(
        facts,
        now=cloud.time,
        counts=counts,
        page=tuple({one["id"]: one for one in page}.values()),
        whole=total < PAGE and "the tasks" not in asking.unread,
        pool=told.get("the pool"),
        poolless=pool if told.get("the pool") is None and "the pool" not in asking.unread else "",
        nodes=told.get("the nodes of the pool"),
        jobs=told.get("the jobs of the account"),
        prepared=told.get("how the preparation of the job went") or (),
    )
    return _ended(asking, facts, storages)


def _tasks(cloud: Cloud, job: str, counts: Body | None, *, whole: bool) -> dict[str, tuple[int, Callable[[], Any]]]:
    """The questions for the tasks: all of a small job; of a large one those that wait, and those that have failed."""
    if whole:
        return {"the tasks": (1, partial(_page_of_tasks, cloud, job, None))}
    states = {"active": "state eq 'active'", "failed": "state eq 'completed' and executionInfo/result eq 'failure'"}
    wanted = {state: text for state, text in states.items() if (counts or {}).get(state)}
    return {f"the tasks {state}": (1, partial(_page_of_tasks, cloud, job, text)) for state, text in wanted.items()}


def _ended(asking: Asking, facts: Facts, storages: tuple[str, ...]) -> Facts:
    """What the failed wrote last, and the storage accounts that refused tasks."""
    named = list(dict.fromkeys(name for one in storage.denied(facts) for name in storage.accounts(one, storages)))
    bodies = {
        f"the storage account {name}": (1, partial(_properties, asking.cloud, _STORAGE, name)) for name in named[:2]
    }
    wrote, measured = output.question(asking.cloud, facts), busy.question(asking.cloud, facts)
    more: dict[str, tuple[int, Callable[[], Any]]] = {wrote[0]: (2, wrote[1])} if wrote else {}
    more |= {measured[0]: (busy.REQUESTS, measured[1])} if measured else {}
    told = asking.all({**bodies, **more})
    known = {name: told[f"the storage account {name}"] for name in named if told.get(f"the storage account {name}")}
    written = told.get(wrote[0]) if wrote else None
    node = told.get(measured[0]) if measured else None
    return replace(facts, storage=known, written=written, busy=node, unread=asking.unread)


def _quota(asking: Asking, facts: Facts) -> Facts:
    """What may keep a job from being made: how many the account has and may have, and which of the oldest are done."""
    cloud = asking.cloud
    told = asking.all(
        {
            "the account": (1, partial(_properties, cloud, _ACCOUNT, cloud.account or "")),
            "the jobs of the account": (1, partial(_jobs, cloud)),
            "the job schedules of the account": (1, lambda: _list(cloud.batch().list_job_schedules(max_results=PAGE))),
        }
    )
    jobs = told.get("the jobs of the account") or ()
    oldest = sorted((job for job in jobs if job["state"] == "active"), key=lambda job: str(job.get("creationTime")))
    active = [job["id"] for job in oldest[: asking.left]]
    counts = asking.all({f"the tasks of {name}": (1, partial(batch_jobs.tasks, cloud, name)) for name in active})
    done = {name for name in active if (tasks := counts.get(f"the tasks of {name}")) and tasks.over}
    return replace(
        facts,
        account=told.get("the account"),
        jobs=tuple({**job, "spent": job["id"] in done} for job in jobs),
        schedules=told.get("the job schedules of the account"),
        unread=asking.unread,
    )


def _pools(asking: Asking, facts: Facts) -> Facts:
    """What may keep a pool from being made: how many the account has and may have."""
    cloud = asking.cloud
    told = asking.all(
        {
            "the account": (1, partial(_properties, cloud, _ACCOUNT, cloud.account or "")),
            "the pools of the account": (1, lambda: _list(cloud.batch().list_pools(select=["id"], max_results=PAGE))),
        }
    )
    account, pools = told.get("the account"), told.get("the pools of the account")
    known = None if account is None else {**account, "pools": len(pools or ())}
    return replace(facts, account=known, unread=asking.unread)


_ACCOUNT, _STORAGE = "Microsoft.Batch/batchAccounts", "Microsoft.Storage/storageAccounts"


def _properties(cloud: Cloud, type_: str, name: str) -> Mapping[str, Any]:
    properties: Mapping[str, Any] = cloud.arm("GET", cloud.id_of(type_, name)).body["properties"]
    return properties


def _page_of_tasks(cloud: Cloud, job: str, condition: str | None) -> tuple[Body, ...]:
    return _list(cloud.batch().list_tasks(job, select=TASK, filter=condition, max_results=PAGE))


def _nodes(cloud: Cloud, pool: str) -> tuple[Body, ...]:
    return _list(cloud.batch().list_nodes(pool, max_results=PAGE))


def _jobs(cloud: Cloud) -> tuple[Body, ...]:
    select = ["id", "state", "priority", "creationTime", "poolInfo"]
    return _list(cloud.batch().list_jobs(select=select, max_results=PAGE))


def _prepared(cloud: Cloud, job: str) -> tuple[Body, ...]:
    return _list(cloud.batch().list_job_preparation_and_release_task_status(job, max_results=PAGE))


def _list(items: Any) -> tuple[Body, ...]:
    """The first page of a list, so that it takes one request."""
    return tuple(item.as_dict() for item in next(iter(items.by_page()), ()))
