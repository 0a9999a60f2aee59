"""The index of tasks says the same as a look at all tasks, after any changes."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from azure_local.nodes.exit_conditions import waits
from azure_local.nodes.task_index import TaskIndex

JOB = {"account": "ba", "id": "Job"}
ENDS: list[tuple[str, dict[str, Any]]] = [
    ("active", {}),
    ("preparing", {}),
    ("running", {}),
    ("completed", {"exitCode": 0, "result": "success"}),
    ("completed", {"exitCode": 1, "result": "failure"}),
]
CHANGES = st.lists(st.tuples(st.sampled_from(["1", "01", "2", "x"]), st.sampled_from([*ENDS, None])), max_size=20)


@given(CHANGES)
def test_it_counts_what_is_there(changes: list[tuple[str, tuple[str, dict[str, Any]] | None]]) -> None:
    index, there = TaskIndex(), dict[str, dict[str, Any]]()
    for name, change in changes:
        key = f"ba/job/{name}"
        if change is None:
            if there.pop(key, None):
                index.note(key, None)
            continue
        task = there.setdefault(key, {"id": name, "requiredSlots": 2})
        task["state"], task["executionInfo"] = change
        index.note(key, task)
    anew = TaskIndex()
    anew.begin(iter(there.items()))
    for one in (index, anew):
        tasks = one.of(JOB)
        assert set(tasks.all) == set(there)
        states = [task["state"] for task in there.values()]
        results = [task["executionInfo"].get("result") for task in there.values()]
        assert {kind: len(tasks.by[kind]) for kind in tasks.by} == {
            "active": states.count("active"),
            "running": states.count("preparing") + states.count("running"),
            "succeeded": results.count("success"),
            "failed": results.count("failure"),
        }
        assert all(tasks.slots[kind] == 2 * len(tasks.by[kind]) for kind in tasks.by)
    done = {task["id"] for task in there.values() if task["executionInfo"].get("result") == "success"}
    tasks = anew.of(JOB)
    assert tasks.done == done
    first = {"dependsOn": {"taskIdRanges": [{"start": 1, "end": 1}]}}
    both = {"dependsOn": {"taskIdRanges": [{"start": 1, "end": 2}]}}
    assert waits(first, tasks.done, tasks.numbers) == (not done & {"1", "01"})
    assert waits(both, tasks.done, tasks.numbers) == (not done & {"1", "01"} or "2" not in done)
