"""The tasks of every job by what they do, so that nobody looks at all tasks to find the few that matter now.

The store tells of every change of a task. What is here is not kept: it is built from the store at the start, and again
when the store has taken changes back.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable
from typing import Any

from azure_local.nodes.exit_conditions import satisfies

Task = dict[str, Any]
KINDS = ("active", "running", "succeeded", "failed")


class JobTasks:
    """The tasks of a job, all of them and by kind, as key → task; the oldest come first, and those that came back last.

    slots    kind → the slots of its tasks
    done     the ids, in small letters, of tasks that those wait for no more that depend on them
    numbers  those of them that are numbers, sorted; 4 and 04 are one
    """

    def __init__(self) -> None:
        self.all: dict[str, Task] = {}
        self.by: dict[str, dict[str, Task]] = {kind: {} for kind in KINDS}
        self.slots = dict.fromkeys(KINDS, 0)
        self.done: set[str] = set()
        self.numbers: list[int] = []
        self._named: Counter[int] = Counter()

    @property
    def over(self) -> bool:
        """Whether all tasks have ended."""
        return not self.by["active"] and not self.by["running"]

    def put(self, key: str, task: Task) -> None:
        kind = _kind(task)
        self.all[key] = task
        if key not in self.by[kind]:
            self._leave(key, task)
            self.by[kind][key] = task
            self.slots[kind] += task["requiredSlots"]
        self._mark(task, done=task["state"] == "completed" and satisfies(task))

    def remove(self, key: str) -> None:
        """The task is gone; if it had ended as those need it that depend on it, it stays so."""
        task = self.all.pop(key)
        self._leave(key, task)

    def _leave(self, key: str, task: Task) -> None:
        for kind in KINDS:
            if self.by[kind].pop(key, None) is not None:
                self.slots[kind] -= task["requiredSlots"]

    def _mark(self, task: Task, *, done: bool) -> None:
        task_id = task["id"].lower()
        if done and task_id not in self.done:
            self.satisfy(task_id)
        elif not done and task_id in self.done:
            self.done.remove(task_id)
            if task_id.isdecimal():
                self._named[int(task_id)] -= 1
                if not self._named[int(task_id)]:
                    del self.numbers[bisect_left(self.numbers, int(task_id))]

    def satisfy(self, task_id: str) -> None:
        """The task, which may be gone, has ended as those need it that depend on it."""
        self.done.add(task_id)
        if task_id.isdecimal():
            if not self._named[int(task_id)]:
                insort(self.numbers, int(task_id))
            self._named[int(task_id)] += 1


class TaskIndex:
    def __init__(self) -> None:
        self._jobs: dict[str, JobTasks] = {}

    def of(self, job: dict[str, Any]) -> JobTasks:
        """The tasks of a job."""
        known = self._jobs.get(_group(job["account"], job["id"])) or JobTasks()
        for task_id in job.get("satisfied") or ():
            if task_id not in known.done:
                known.satisfy(task_id)
        return known

    def begin(self, tasks: Iterable[tuple[str, Task]]) -> None:
        """Begin anew with these tasks."""
        self._jobs.clear()
        for key, task in tasks:
            self.note(key, task)

    def note(self, key: str, task: Task | None) -> None:
        """A task was made or has changed, or is gone."""
        group = key.rpartition("/")[0]
        if task is not None:
            self._jobs.setdefault(group, JobTasks()).put(key, task)
        elif group in self._jobs:
            self._jobs[group].remove(key)
            if not self._jobs[group].all:
                del self._jobs[group]


def _group(account: str, job: str) -> str:
    return f"{account}/{job}".lower()


def _kind(task: Task) -> str:
    if task["state"] != "completed":
        return "active" if task["state"] == "active" else "running"
    return "succeeded" if task["executionInfo"].get("result") == "success" else "failed"
