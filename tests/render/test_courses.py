"""The course of a job as text, compared with a golden file, and as pictures."""

from __future__ import annotations

import io
import itertools
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image
from rich.cells import cell_len

from reconciler.course import Course, Ran, Run
from reconciler.render import chart, jobplot
from reconciler.render.courses import CourseView, exact
from reconciler.render.history import HistoryView
from tests.render.test_as_text import golden

BEGIN = datetime(2026, 6, 1, 11, 50, tzinfo=UTC)
HOSTILE = "\x1b[2J\u202e$\\frac{1}{</svg><script>&\u7530\U0001f600" + "x" * 99


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def sample() -> Course:
    """Two nodes; a sweep of forty tasks of which every tenth fails, one that takes long, and one that waits."""
    tasks = []
    for number in range(40):
        begun = number // 2 * 20 + 5
        why = "exit code 3" if number % 10 == 9 else ""
        ended = at(begun + 12 + number % 7)
        made = Ran(
            f"frame-{number:02}", "completed", at(begun), ended, f"node-{number % 2}", why, BEGIN, f"frame n={number}"
        )
        tasks.append(made)
    tasks.append(Ran("long", "running", at(100), None, "node-1", "", at(60), HOSTILE, before=1))
    tasks.append(Ran(HOSTILE, "active", made=at(60)))
    return Course("render-g2", tasks, at(600), lambda task: task.partition("-")[0])


def test_a_course_reads_like_the_golden_file() -> None:
    text = CourseView(sample()).text(colour=False)
    golden("course.txt", text)
    assert all(char.isprintable() for char in text.replace("\n", ""))


def test_no_line_of_a_course_is_longer_than_a_terminal() -> None:
    text = CourseView(sample(), width=60, cut=True).text(colour=False)
    assert max(map(cell_len, text.splitlines())) <= 60
    assert max(map(len, CourseView(sample(), width=200, cut=True).text(colour=False).splitlines())) <= 200


def test_a_job_without_tasks_has_nothing_to_draw() -> None:
    empty = replace(sample(), tasks=())
    assert CourseView(empty).text(colour=False) == "render-g2 has no task to draw."
    assert jobplot.plot(empty, "svg").startswith(b"<?xml")
    waiting = replace(sample(), tasks=sample().tasks[-1:])
    assert "SLOWEST" not in CourseView(waiting).text(colour=False)


def test_programs_get_the_numbers() -> None:
    told = CourseView(sample()).document()
    assert told["states"] == {"waiting": 1, "running": 1, "succeeded": 36, "failed": 4}
    assert (len(told["overTime"]["nodes"]), max(told["overTime"]["nodes"])) == (100, 2)
    assert told["secondsApart"] == 6
    assert told["slowest"][0] == {"id": "long", "title": HOSTILE, "node": "node-1", "seconds": 500}
    assert sum(each["number"] for each in told["took"]) == 40
    assert told["entries"][0] == {"name": "long", "tasks": 1, "failed": 0, "usual": 500, "longest": 500}


def test_an_svg_has_an_area_for_each_state_and_names_the_slow() -> None:
    found = jobplot.plot(sample(), "svg")
    tree = ElementTree.fromstring(found)
    assert {"succeeded", "failed", "running", "waiting", "nodes"} <= {each.get("id") for each in tree.iter()}
    texts = [str(text.text) for text in tree.iter("{http://www.w3.org/2000/svg}text")]
    assert "render-g2: 42 tasks in 10 min, 0.24 node-hours" in texts
    assert "frame n=6  18 s" in texts
    assert {"36 succeeded", "4 failed", "1 running", "1 waiting"} <= set(texts)
    (slowest,) = [text for text in texts if text.startswith("\\x1b[2J")]
    assert slowest == "\\x1b[2J\\x202e$\\frac{1}{</svg><s…  8 min 20 s"
    assert b"<script" not in found
    assert found == jobplot.plot(sample(), "svg"), "equal courses give equal files"


def test_a_picture_is_also_a_png() -> None:
    with Image.open(io.BytesIO(jobplot.plot(sample(), "png"))) as image:
        assert (image.format, image.width) == ("PNG", 1200)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.44, "0.4 s"),
        (59.7, "1 min"),
        (90, "1 min 30 s"),
        (3600, "1 h"),
        (3660, "1 h 1 min"),
        (45, "45 s"),
    ],
)
def test_durations_have_two_units_at_most(seconds: float, words: str) -> None:
    assert exact(seconds) == words


def test_what_there_is_of_something_is_seen_however_little() -> None:
    assert chart.columns([0, 1, 1000], 2) == ["  █", " ▁█"]
    assert chart.bar(1, 1000, 10) == "▏"
    assert chart.bar(1000, 1000, 10) == "█" * 10
    assert chart.bar(0, 1000, 10) == ""


@pytest.mark.parametrize("seconds", [1.0, 45.0, 600.0, 5000.0, 86400.0, 40 * 86400.0, 900 * 86400.0])
def test_marks_of_time_are_where_they_belong(seconds: float) -> None:
    marks, words = chart.times(BEGIN, seconds, 60)
    places = [index for index, char in enumerate(marks) if char == "│"]
    assert places or seconds < 45
    assert all(later - earlier >= chart.ROOM - 1 for earlier, later in itertools.pairwise(places))
    assert len(words) <= 60


def test_a_history_has_a_line_for_each_run_and_a_dash_for_what_is_not_known() -> None:
    old = Run("k1", "render", "gone", {"succeeded": 7}, kept=at(0))
    runs = [old, Run.of("k2", sample(), "active", BEGIN)]
    assert HistoryView("render", runs).text(colour=False).splitlines() == [
        "RUN  JOB        MADE (UTC)        TASKS  SUCCEEDED  FAILED  TOOK    NODE-H  NOW",
        "1    render     -                 -      7          -       -       -       gone",
        "2    render-g2  2026-06-01 11:50  42     36         4       10 min  0.24    active",
    ]
    assert HistoryView("x\x1b", []).text(colour=False) == "x\\x1b has not run yet, as far as is known."
    first, second = HistoryView("render", runs).document()
    assert (first["made"], first["kept"], first["seconds"]) == (None, "2026-06-01T11:50:00+00:00", None)
    assert (second["run"], second["states"]["failed"], second["seconds"]) == (2, 4, 600)
