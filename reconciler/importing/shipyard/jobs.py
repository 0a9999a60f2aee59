"""The jobs of Batch Shipyard as `jobs` of a spec."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from reconciler.importing.shipyard import names, tasks
from reconciler.importing.shipyard.around import Around, Numbering
from reconciler.importing.shipyard.commands import Unsayable
from reconciler.importing.shipyard.factories import MOST
from reconciler.importing.shipyard.part import Note, Part
from reconciler.words import some

BLANK = re.compile(r"<[A-Za-z][\w. -]*>")
"""What stands in an example for something to be filled in."""
Places = dict[tuple[str, ...], Note]
"""The keys that lead to a section of a spec → where it came from."""
MANAGED = {"environmentSettings", "resourceFiles", "containerSettings", "maxTaskRetryCount", "requiredSlots"}
MANAGED |= {"maxWallClockTime", "retentionTime", "elevationLevel"}
"""The keys of an entry that a jobManagerTask has, too."""


def sections(parts: Iterable[tuple[Part, Around]], places: Places) -> dict[str, Any]:
    """Jobs by name, each with what is around it."""
    made: dict[str, Any] = {}
    for number, (part, around) in enumerate(parts, 1):
        text = part.text("id")
        name = names.resource(text, f"job-{number}")
        name = names.unique(name, {other.lower() for other in made}, 64)
        if name != text:
            part.change("id", words=f"written {name}" + ("" if text else ", as it has none"))
        places["jobs", name] = part.at()
        if job := _Job(part, around, places, name).section():
            made[name] = job
    return made


class _Job:
    """One job: its tasks get their names in order."""

    def __init__(self, part: Part, around: Around, places: Places, name: str) -> None:
        self.part, self.around, self.places, self.name = part, around, places, name
        self.ids: dict[str, str] = {}
        self.number = 0

    def section(self) -> dict[str, Any]:
        entries = self._entries()
        if not entries:
            self.part.rest()
            self.part.leave(why="none of its tasks is in the spec")
            return {}
        job = {"pool": f"pools/{self.around.pool}", **_settings(self.part, self.around)}
        ended = self.part.flag("auto_complete") or self.part.flag("multi_instance_auto_complete")
        recurrence = self.part.part("recurrence")
        managed = self._managed(entries, recurrence) if self.part.has("recurrence") else {}
        return {
            **job,
            **({"onAllTasksComplete": "TerminateJob"} if ended and not managed else {}),
            **(managed or {"tasks": entries}),
        }

    def _entries(self) -> dict[str, Any]:
        made: dict[str, Any] = {}
        needs: dict[str, Part] = {}
        for task in self.part.parts("tasks"):
            if found := self._entry(task, self.around.numbering, made):
                needs[found] = task
        for name, task in needs.items():
            made[name] |= self._depends(name, task)
        if self.part.has("merge_task"):
            before, self.number = list(made), 0
            numbering = replace(self.around.numbering, prefix=f"merge-{self.around.numbering.prefix}")
            name = self._entry(self.part.part("merge_task"), numbering, made)
            if name and before:
                made[name]["dependsOn"] = before
        return made

    def _entry(self, task: Part, numbering: Numbering, made: dict[str, Any]) -> str:
        """Add the entry of a task; its name, or nothing if it is left out."""
        text = task.text("id")
        number, self.number = self.number, self.number + (not text)
        whole = text or numbering.name(number)
        name = names.unique(names.entry(whole), {other.lower() for other in made}, 30)
        try:
            entry = tasks.entry(task, self.part, self.around)
        except Unsayable as reason:
            task.ignore()
            task.leave(why=str(reason))
            return ""
        self.number += 0 if text else entry.count - 1
        if text and name != text:
            task.change("id", words=f"written {name}")
        self.ids.setdefault(whole, name)
        self.places["jobs", self.name, "tasks", name] = task.at()
        made[name] = entry.value
        if blank := BLANK.search(json.dumps(entry.value["command"], ensure_ascii=False)):
            task.told.open[f"jobs.{self.name}.tasks.{name}.command"] = f"holds {blank[0]}, which stands for something"
        return name

    def _depends(self, name: str, task: Part) -> dict[str, Any]:
        asked = {"depends_on": task.texts("depends_on"), "depends_on_range": [str(number) for number in _range(task)]}
        found: list[str] = []
        for key, texts in asked.items():
            known = [text for text in texts if self.ids.get(text, name) != name]
            found += [self.ids[text] for text in known]
            if missing := [text for text in texts if text not in known]:
                task.leave(key, why=f"the job has no task {some(missing)} that it could wait for")
        return {"dependsOn": list(dict.fromkeys(found))} if found else {}

    def _managed(self, entries: dict[str, Any], recurrence: Part) -> dict[str, Any]:
        """A schedule whose jobs do the one task as their manager; nothing if there is more to do."""
        schedule, manager = _schedule(recurrence.part("schedule")), recurrence.part("job_manager")
        name, entry = next(iter(entries.items()))
        more = sorted(entry.keys() - MANAGED - {"command"})
        if len(entries) > 1 or more or not schedule:
            what = "several tasks" if len(entries) > 1 else f"a task with {', '.join(more)}" if more else "no interval"
            recurrence.ignore()
            self.part.leave("recurrence", why=f"a schedule has one jobManagerTask, and this has {what}; it runs once")
            return {}
        flags = {"runExclusive": manager.flag("run_exclusive")}
        flags["allowLowPriorityNode"] = manager.flag("allow_low_priority_node")
        command = entry["command"]
        line = f"/bin/sh -c {shlex.quote(command)}" if isinstance(command, str) else shlex.join(command)
        task = {"id": name, "commandLine": line, **{key: entry[key] for key in entry if key in MANAGED}}
        task |= {key: flag for key, flag in flags.items() if flag is not None}
        self.places["jobs", self.name, "jobManagerTask"] = self.places["jobs", self.name, "tasks", name]
        self.part.change("recurrence", words="its one task is the jobManagerTask of each job")
        return {"schedule": schedule, "jobManagerTask": task}


def _settings(part: Part, around: Around) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if (priority := part.number("priority")) is not None:
        made["priority"] = priority
    if (often := part.number("max_task_retries")) is not None:
        made["maxTaskRetryCount"] = often
    if wall := tasks.span(part, "max_wall_time"):
        made["maxWallClockTime"] = wall
    variables = {name: around.volumes.path(text) for name, text in part.pairs("environment_variables").items()}
    return made | ({"commonEnvironmentSettings": variables} if variables else {})


def _range(task: Part) -> Iterator[int]:
    """The ids of depends_on_range, which are numbers."""
    ends = task.texts("depends_on_range")
    if not ends:
        return
    if len(ends) != 2 or not all(end.isdecimal() and len(end) < 7 for end in ends):
        task.leave("depends_on_range", why="it is no pair of numbers")
    elif (many := int(ends[1]) - int(ends[0]) + 1) > MOST:
        task.leave("depends_on_range", why=f"it is of {many:,} tasks; make them by a sweep, and depend on that")
    else:
        yield from range(int(ends[0]), int(ends[1]) + 1)


def _schedule(part: Part) -> dict[str, Any]:
    """The schedule; nothing without an interval."""
    made: dict[str, str] = {}
    for key, name in (("recurrence_interval", "recurrenceInterval"), ("start_window", "startWindow")):
        if text := tasks.span(part, key):
            made[name] = text
    for key, name in (("do_not_run_until", "doNotRunUntil"), ("do_not_run_after", "doNotRunAfter")):
        text = part.text(key)
        try:
            time = datetime.fromisoformat(text) if text else None
        except ValueError:
            part.leave(key, why="it is no time such as 2026-01-31T02:00:00Z")
            continue
        if time:
            made[name] = (time if time.tzinfo else time.replace(tzinfo=UTC)).isoformat(timespec="seconds")
    return made if "recurrenceInterval" in made else {}
