"""The course of a job for people and programs: tasks by state and nodes over time, and how long tasks took. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len, set_cell_size

from reconciler.course import NODES, STATES, Course, Ran, bins, sampled
from reconciler.render.chart import bar, columns, times
from reconciler.render.plain import clean, table
from reconciler.words import count, duration

LEFT = 18
"""Columns before those of a chart: what is drawn, and the most there was of it."""
NARROWEST, WIDEST = 20, 100
"""Columns of a chart."""
HEIGHTS = {"waiting": 3, "running": 3, "succeeded": 3, "failed": 2, NODES: 2}
"""Lines of each chart."""
SLOWEST = 10
ENTRIES = 10
"""How many slow tasks, and entries of a spec, are shown."""
LONGEST = 40
"""Columns of a name."""
POINTS = 100
"""At how many moments a document tells how many there were."""


@dataclass(frozen=True, slots=True)
class CourseView:
    """`width` is how many columns charts have with what is before them; `cut`: no line is longer."""

    course: Course
    width: int = 80
    cut: bool = False

    def text(self, *, colour: bool) -> str:
        return "\n".join(_short(line.rstrip(), self.width if self.cut else None) for line in self._lines())

    def document(self) -> Any:
        course = self.course
        seconds, steps = course.seconds(), course.steps()
        return {
            "id": course.job,
            "begin": course.begin().isoformat(),
            "end": course.end().isoformat(),
            "states": course.states(),
            "nodeHours": round(course.node_hours(), 4),
            "repeated": course.repeated(),
            "secondsApart": seconds / POINTS,
            "overTime": {name: sampled(each, seconds, POINTS) for name, each in steps.items()},
            "took": [each._asdict() for each in bins(course.took())],
            "entries": [entry._asdict() for entry in course.entries()],
            "slowest": [
                {"id": task.id, "title": task.title, "node": task.node, "seconds": task.seconds(course.now)}
                for task in course.slowest(SLOWEST)
            ],
        }

    def _lines(self) -> Iterator[str]:
        course = self.course
        if not course.tasks:
            yield f"{clean(course.job)} has no task to draw."
            return
        begin, end = course.begin(), course.end()
        last = f"{end:%H:%M:%S}" if end.date() == begin.date() else f"{end:%Y-%m-%d %H:%M:%S}"
        yield f"{clean(course.job)}, {begin:%Y-%m-%d %H:%M:%S} to {last} UTC ({duration(course.seconds())})"
        yield ""
        yield from self._over_time()
        if number := course.repeated():
            last = "its last run is" if number == 1 else "their last runs are"
            yield f"{count(number, 'task', ',')} ran more than once: {last} drawn"
        if course.took():
            yield from self._took()
        if course.slowest(1):
            yield from self._slowest()

    def _over_time(self) -> Iterator[str]:
        width = min(WIDEST, max(NARROWEST, self.width - LEFT - 1))
        seconds = self.course.seconds()
        steps = self.course.steps()
        for name in (*STATES, NODES):
            values = sampled(steps[name], seconds, width)
            if any(values):
                first, *rest = columns(values, HEIGHTS[name])
                yield f"{name:<9} {max(values):>7,} {first}"
                yield from (f"{'':{LEFT}}{line}" for line in rest)
        yield from (f"{'':{LEFT}}{line}" for line in times(self.course.begin(), seconds, width))

    def _took(self) -> Iterator[str]:
        counted = bins(self.course.took())
        most = max(each.number for each in counted)
        rows = [(f"{exact(each.low)} to {exact(each.high)}", each.number) for each in counted]
        left, right = max(len(row[0]) for row in rows), max(len(f"{each.number:,}") for each in counted)
        width = min(WIDEST, max(NARROWEST // 2, self.width - left - right - 4))
        yield ""
        yield f"how long {count(sum(each.number for each in counted), 'task', ',')} took"
        for words, number in rows:
            yield f"{words:>{left}}  {number:>{right},} {bar(number, most, width)}"

    def _slowest(self) -> Iterator[str]:
        course = self.course
        entries = [entry for entry in course.entries() if entry.name]
        if len(entries) > 1:
            yield ""
            rows = [(clean(e.name), f"{e.tasks:,}", f"{e.failed:,}", exact(e.usual), exact(e.longest)) for e in entries]
            yield from table(("ENTRY", "TASKS", "FAILED", "USUALLY", "LONGEST"), rows[:ENTRIES]).split("\n")
        yield ""
        slow = course.slowest(SLOWEST)
        named = [(clean(task.id), exact(task.seconds(course.now)), _what(task), clean(task.node)) for task in slow]
        yield from table(("SLOWEST", "TOOK", "WHAT", "NODE"), named).split("\n")


def exact(seconds: float) -> str:
    """`0.4 s`, `45 s`, `2 min 30 s`, `1 h 20 min`: with two units where one would say too little."""
    if seconds < 10 and seconds != int(seconds):
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if 60 <= whole < 3600 and whole % 60:
        return f"{whole // 60} min {whole % 60} s"
    return duration(whole).removesuffix(" 0 min")


def _what(task: Ran) -> str:
    """What a task is for, and how it ended if not well."""
    runs = {"failed": "failed", "running": "still runs"}.get(task.outcome, "")
    return ", ".join(filter(None, (_short(clean(task.title), LONGEST), runs)))


def _short(text: str, most: int | None) -> str:
    """As much of a text as `most` columns of a terminal hold; some characters need two."""
    if most is None or cell_len(text) <= most:
        return text
    return f"{set_cell_size(text, most - 1).rstrip()}…"
