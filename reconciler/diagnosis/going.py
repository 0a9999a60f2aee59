"""What goes on, in a few words, whether something is wrong or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from reconciler.diagnosis.facts import Facts, code, failure, ids, verb
from reconciler.diagnosis.rules import waiting
from reconciler.words import count


def told(facts: Facts, *, stuck: bool) -> str:
    """The state of what is asked about, and what it waits for, unless it is `stuck` for a cause."""
    if facts.missing:
        return "it is not there"
    if not facts.work:
        return "; ".join(_pool(facts))
    parts = _task(facts) if facts.wanted else (*_schedule(facts), *_job(facts))
    return "; ".join([*parts, *(() if stuck else _waits(facts))])


def _schedule(facts: Facts) -> Iterator[str]:
    if facts.schedule is None:
        return
    yield f"the schedule is {facts.schedule.get('state')}"
    due = (facts.schedule.get("executionInfo") or {}).get("nextRunTime")
    if due:
        yield f"its next job is due at {due}"
    yield f"its last job is {facts.latest['id']}" if facts.latest else "it has made no job so far"


def _job(facts: Facts) -> Iterator[str]:
    if facts.job is None:
        return
    yield f"the job is {facts.job.get('state')}"
    numbers = facts.counts or {}
    words = {"running": "at work", "active": "waiting", "succeeded": "succeeded", "failed": "failed"}
    counted = [f"{numbers[name]:,} {word}" for name, word in words.items() if numbers.get(name)]
    if facts.counts is not None:
        yield f"tasks: {', '.join(counted)}" if counted else "it has no task"


def _task(facts: Facts) -> Iterator[str]:
    for task in facts.tasks[:1]:
        info = task.get("executionInfo") or {}
        ended = code(task)
        more = f" with exit code {ended}" if ended is not None else ""
        how = "failed" if failure(task) else f"{info.get('result', '')}".replace("success", "succeeded")
        yield f"the task {how}{more}" if task.get("state") == "completed" else f"the task is {task.get('state')}"
        if info.get("retryCount"):
            yield f"it was tried again {count(info['retryCount'], 'time')}"


def _pool(facts: Facts) -> Iterator[str]:
    pool = facts.pool or {}
    yield f"the pool is {pool.get('state')} and {pool.get('allocationState')}"
    states = Counter(str(node["state"]) for node in facts.nodes or ())
    yield (
        f"nodes: {', '.join(f'{number} {state}' for state, number in sorted(states.items()))}" if states else "no nodes"
    )
    if facts.deed and not facts.deed.gone:
        yield f"last {facts.deed.sentence}"


def _waits(facts: Facts) -> Iterator[str]:
    """What those wait for that wait in the course of things."""
    if not facts.waiting:
        return
    held = waiting.held(facts)
    if held:
        them = f"{count(len(held), 'task')} {verb(len(held), 'waits', 'wait')}"
        yield f"{them} for others that have yet to end ({ids(held)})"
    rest = len(facts.waiting) - len(held)
    if rest and facts.nodes is not None and facts.pool is not None:
        yield f"{count(rest, 'task')} {verb(rest, 'waits', 'wait')} for {_place(facts)}"


def _place(facts: Facts) -> str:
    pool, able, coming = (facts.pool or {}).get("id"), facts.able, facts.coming
    if able and waiting.crowded(facts):
        need = waiting.needed(facts)
        room = "a free slot on" if need == 1 else f"{need} free slots of one of"
        taken = "which are all taken" if not any(waiting.free(facts)) else "of which too few are free"
        return f"{room} {count(len(able), 'node')} of {pool} with {count(facts.slots, 'slot')} each, {taken}"
    if able:
        free = sum(waiting.free(facts))
        return f"its turn, as {count(free, 'slot')} of {pool} {verb(free, 'is', 'are')} free"
    if coming:
        return f"{count(len(coming), 'node')} of {pool} that {verb(len(coming), 'is', 'are')} on the way"
    if (facts.pool or {}).get("allocationState") == "resizing":
        return f"nodes, as {pool} is being resized"
    return f"a node of {pool} that takes tasks"
