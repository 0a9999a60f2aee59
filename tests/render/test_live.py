"""A job that is drawn anew in its place: whatever the terminal's size, it fits."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.cells import cell_len
from rich.console import Console

from reconciler.course import Course, Ran
from reconciler.render.live import Drawn, Screen
from reconciler.render.pace import JobView
from tests.render.test_as_text import golden
from tests.render.test_courses import HOSTILE, sample


def shown(view: JobView, width: int, height: int, trouble: str = "") -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, record=True, force_terminal=True)
    console.print(Screen(view, trouble))
    return console.export_text().splitlines()


def view() -> JobView:
    return JobView(sample(), "active", "2 running")


def test_a_screen_reads_like_the_golden_file() -> None:
    lines = shown(view(), 80, 24, "cannot read the job render: no connection")
    golden("live.txt", "\n".join(line.rstrip() for line in lines))


@pytest.mark.parametrize(("width", "height"), [(80, 24), (40, 9), (20, 5), (200, 60), (10, 2), (3, 1)])
def test_a_screen_fits_the_terminal(width: int, height: int) -> None:
    failed = [Ran(f"bad-{n}", "completed", failure=f"{HOSTILE} {n}") for n in range(9)]
    many = JobView(Course(HOSTILE, (*sample().tasks, *failed), sample().now), "active", "2 running")
    lines = shown(many, width, height)
    assert len(lines) <= max(1, height - 1)
    assert max(map(cell_len, lines)) <= max(1, width - 2)
    assert all(char.isprintable() for line in lines for char in line)


@pytest.mark.parametrize("numbers", [(1, 0, 0), (1, 1, 9999), (9999, 1, 1), (3, 3, 3)])
def test_a_bar_is_as_wide_as_there_is_room_and_shows_each_state(numbers: tuple[int, int, int]) -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    good, bad, waiting = numbers
    tasks = [Ran("a", "completed")] * good + [Ran("b", "completed", failure="x")] * bad + [Ran("c", "active")] * waiting
    bar = shown(JobView(Course("job", tasks, now), "active"), 50, 20)[1]
    assert len(bar) == 48
    assert {"█": good, "✗": bad, "░": waiting} == {
        sign: number if sign in bar else 0 for sign, number in zip("█✗░", numbers, strict=True)
    }


def test_the_last_view_stays() -> None:
    out = io.StringIO()
    with Drawn(Console(file=out, width=60, height=20, force_terminal=True, no_color=True)) as drawn:
        drawn.show(view())
        drawn.show(replace(view(), state="completed"))
    assert out.getvalue().rstrip("\n").rpartition("render-g2 is completed")[2].count("slow: ") == 5
    assert out.getvalue().count("\x1b[?25h") == 1, "the cursor is back"


def test_seconds_alone_are_no_news() -> None:
    later = replace(view(), course=replace(sample(), now=sample().now + timedelta(seconds=5)))
    assert later.news() == view().news()
    assert replace(view(), nodes="1 running").news() != view().news()
    begun = (*sample().tasks[:-1], replace(sample().tasks[-1], state="running"))
    assert replace(view(), course=replace(sample(), tasks=begun)).news() != view().news()
