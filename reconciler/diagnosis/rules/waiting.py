"""Tasks that wait although nodes work: slots, dependencies, limits, and who goes first.

Source: Batch service, Task - Create (requiredSlots, dependsOn, multiInstanceSettings), Job - Create (maxParallelTasks,
priority, jobPreparationTask).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.azure import ends
from reconciler.diagnosis.facts import Facts, Found, code, failure, ids, said, verb
from reconciler.model import Body
from reconciler.words import count, some


def preparation(facts: Facts) -> Found | None:
    """A node where it failed is out for this job only. Source: Batch service, JobPreparationTask (waitForSuccess)."""
    task = (facts.job or {}).get("jobPreparationTask") or {}
    ran = {item["nodeId"]: item.get("jobPreparationTaskExecutionInfo") or {} for item in facts.prepared}
    bad = [node for node in facts.able if ran.get(node["id"], {}).get("result") == "failure"]
    if not facts.waiting or not bad or task.get("waitForSuccess") is False:
        return None
    info = ran[bad[0]["id"]]
    evidence = [f"exit code {info['exitCode']}"] if "exitCode" in info else [said(info.get("failureInfo") or {})]
    rest = "which is all that work" if len(bad) == len(facts.able) else f"of {len(facts.able)} that work"
    return Found(f"the preparation task of the job failed on {count(len(bad), 'node')}, {rest}", (*evidence, ids(bad)))


def slots(facts: Facts) -> Found | None:
    large = [task for task in facts.waiting if int(task.get("requiredSlots") or 1) > facts.slots]
    if not large or facts.pool is None:
        return None
    most = max(int(task["requiredSlots"]) for task in large)
    what = f"{_tasks(large)} up to {most} slots of one node, and the nodes of {facts.pool['id']} have {facts.slots}"
    return Found(what, (ids(large),))


def instances(facts: Facts) -> Found | None:
    """Such a task stays active without an error. Source: Batch, multi-instance tasks."""
    pool = facts.pool or {}
    many = [task for task in facts.waiting if task.get("multiInstanceSettings")]
    there = len(facts.nodes or ())
    wants = max((int(task["multiInstanceSettings"].get("numberOfInstances") or 1) for task in many), default=0)
    lacks = [] if pool.get("enableInterNodeCommunication") else ["interNodeCommunication"]
    lacks += ["taskSlotsPerNode 1"] if facts.slots != 1 else []
    lacks += [f"{count(wants, 'node')} (it has {there})"] if there < wants else []
    if not many or not lacks:
        return None
    return Found(f"{_tasks(many)} several nodes at once, and the pool lacks {', '.join(lacks)}", (ids(many),))


def dependency_failed(facts: Facts) -> Found | None:
    needs = _dependencies(facts)
    bad = [(task, dead) for task in facts.waiting for dead in needs(task) if _blocks(dead)]
    if not bad:
        return None
    waiting = list({task["id"]: task for task, _ in bad}.values())
    dead = list({one["id"]: one for _, one in bad}.values())
    what = f"{_tasks(waiting)} what has failed for good, and will never run: {ids(waiting)}"
    return Found(what, tuple(f"{one['id']}: {_how(one)}" for one in dead[:3]))


def dependency_ended(facts: Facts) -> Found | None:
    """Apply ends what Batch would leave waiting for ever."""
    lost = list(filter(ended_with(facts), facts.failed))
    if not lost:
        return None
    needs = _dependencies(facts)
    dead = {one["id"]: one for task in lost for one in needs(task) if _blocks(one)}
    what = f"{_tasks(lost)} what has failed for good, and was ended with it: {ids(lost)}"
    return Found(what, tuple(f"{name}: {_how(one)}" for name, one in list(dead.items())[:3]))


def ended_with(facts: Facts) -> Callable[[Body], bool]:
    """What tells whether a task was ended that could never have begun, as what it depends on had failed."""
    needs = _dependencies(facts)
    return lambda task: failure(task)["code"] == "TaskEnded" and any(map(_blocks, needs(task)))


def _how(task: Body) -> str:
    return f"exit code {code(task)}" if code(task) is not None else said(failure(task))


def dependency_missing(facts: Facts) -> Found | None:
    known = {str(task["id"]).lower() for task in facts.page}
    lost = {
        name: task
        for task in facts.waiting
        for name in (task.get("dependsOn") or {}).get("taskIds") or ()
        if name.lower() not in known
    }
    if not lost or not facts.whole:
        return None
    tasks = list({task["id"]: task for task in lost.values()}.values())
    return Found(f"{_tasks(tasks)} what is not in the job: {some(sorted(lost))}", (ids(tasks),))


def dependency_range(facts: Facts) -> Found | None:
    """4, 04 and 004 are all task 4. Source: Batch, task dependencies."""
    if not facts.whole:
        return None
    numbers = {int(task["id"]) for task in facts.page if str(task["id"]).isdecimal()}
    for task in facts.waiting:
        for bounds in (task.get("dependsOn") or {}).get("taskIdRanges") or ():
            start, end = int(bounds["start"]), int(bounds["end"])
            inside = sum(start <= number <= end for number in numbers)
            if inside <= end - start:
                there = f"{inside or 'none'} of these {end - start + 1} are there"
                what = f"{task['id']} needs the tasks {start} to {end}, and {there}"
                others = [one for one in facts.page if not str(one["id"]).isdecimal() and one is not task]
                more = (f"ids that are no integers match no range: {ids(others)}",) if others else ()
                return Found(what, more)
    return None


def parallel(facts: Facts) -> Found | None:
    most, running = int((facts.job or {}).get("maxParallelTasks", -1)), int((facts.counts or {}).get("running", 0))
    if not facts.waiting or most < 0 or running < most:
        return None
    now = f"{count(running, 'task')} of the job {verb(running, 'runs', 'run')}"
    return Found(f"{now}, and maxParallelTasks lets no more run at once than {most}")


def priority(facts: Facts) -> Found | None:
    """Who runs is told by the nodes, which show their recent tasks."""
    mine = int((facts.job or {}).get("priority", 0))
    first = {job["id"]: int(job.get("priority", 0)) for job in facts.jobs or () if int(job.get("priority", 0)) > mine}
    running = [name for name in _running(facts) if name in first]
    if not facts.waiting or not running or not crowded(facts):
        return None
    names = list(dict.fromkeys(running))
    told = tuple(f"{name}: priority {first[name]}, {count(running.count(name), 'task')} at work" for name in names[:3])
    return Found(
        f"jobs of higher priority go first, and take all slots of {(facts.pool or {}).get('id')}", told, inferred=True
    )


def evicted(facts: Facts) -> Found | None:
    """Eviction puts tasks back without counting as a retry. Source: Batch, Spot VMs."""
    back = [task for task in facts.waiting if (task.get("executionInfo") or {}).get("requeueCount")]
    spot = [node for node in facts.nodes or () if node.get("isDedicated") is False]
    if not back or not (spot or facts.state("preempted")):
        return None
    times = sum(task["executionInfo"]["requeueCount"] for task in back)
    what = f"{count(len(back), 'task')} that had begun {verb(len(back), 'waits', 'wait')} again, as nodes were taken"
    return Found(what, (ids(back), f"put back {count(times, 'time')}"), inferred=True)


def retrying(facts: Facts) -> Found | None:
    """Batch runs a task again after any exit code but 0. Source: Batch service, TaskConstraints."""
    again = [task for task in facts.tasks if task["state"] != "completed" and _tries(task)]
    if not again:
        return None
    most = max(again, key=_tries)
    number = len(again)
    what = f"{count(number, 'task')} {verb(number, 'has', 'have')} failed and {verb(number, 'is', 'are')} tried again"
    limit = (most.get("constraints") or {}).get("maxTaskRetryCount")
    of = "" if limit in (None, -1) else f" of {limit}"
    return Found(what, (f"{most['id']}: retry {_tries(most)}{of}",))


def _tries(task: Body) -> int:
    return int((task.get("executionInfo") or {}).get("retryCount") or 0)


def free(facts: Facts) -> list[int]:
    """The free slots of each node that works."""
    taken = [int(node.get("runningTaskSlotsCount") or node.get("runningTasksCount") or 0) for node in facts.able]
    return [max(0, facts.slots - slots) for slots in taken]


def needed(facts: Facts) -> int:
    """The slots that the smallest of the waiting tasks needs on one node."""
    return min((int(task.get("requiredSlots") or 1) for task in facts.waiting), default=1)


def crowded(facts: Facts) -> bool:
    """Whether no node that works has room for any of the waiting tasks."""
    return max(free(facts), default=0) < needed(facts)


def _running(facts: Facts) -> Iterator[str]:
    """The job of each task that nodes say runs on them."""
    for node in facts.nodes or ():
        for task in node.get("recentTasks") or ():
            if task.get("taskState") in ("running", "preparing"):
                yield task["jobId"]


def _dependencies(facts: Facts) -> Callable[[Body], list[Body]]:
    """What tells the tasks that one depends on, as far as they were read; each of those is looked at once for all."""
    page = facts.page
    named = {str(other["id"]).lower(): place for place, other in enumerate(page)}
    numbered = sorted((int(name), place) for name, place in named.items() if name.isdecimal())

    def of(task: Body) -> list[Body]:
        wanted = task.get("dependsOn") or {}
        places = {named[name.lower()] for name in wanted.get("taskIds") or () if name.lower() in named}
        for bounds in wanted.get("taskIdRanges") or ():
            start = bisect_left(numbered, (int(bounds["start"]), 0))
            end = bisect_left(numbered, (int(bounds["end"]) + 1, 0))
            places |= {place for _, place in numbered[start:end]}
        return [page[place] for place in sorted(places)]

    return of


def _blocks(task: Mapping[str, Any]) -> bool:
    if task.get("state") != "completed":
        return False
    return ends.blocks(task.get("exitConditions") or {}, ends.of(task.get("executionInfo") or {}))


def held(facts: Facts) -> list[Body]:
    """The tasks that wait for others that have yet to end."""
    needs = _dependencies(facts)
    return [task for task in facts.waiting if any(other.get("state") != "completed" for other in needs(task))]


def _tasks(tasks: list[Body]) -> str:
    """`3 tasks need`, `1 task needs`."""
    return f"{count(len(tasks), 'task')} need{'s' if len(tasks) == 1 else ''}"
