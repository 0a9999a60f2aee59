"""How far a job is, in words and as a document."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from reconciler.course import Course, Ran
from reconciler.render.pace import JobView

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def ran(name: str, state: str, begun: float | None = None, ended: float | None = None, failure: str = "") -> Ran:
    """A task that began and ended so many seconds ago."""
    ago = [None if seconds is None else NOW - timedelta(seconds=seconds) for seconds in (begun, ended)]
    return Ran(name, state, ago[0], ago[1], "node-1" if begun else "", failure)


def view(*tasks: Ran, nodes: str = "") -> JobView:
    return JobView(Course("job-g2", tasks, NOW), "active", nodes)


def test_a_job_without_tasks_says_so() -> None:
    assert view().text(colour=False) == "job-g2 is active: 0 tasks (no tasks)"


def test_pace_and_time_left_are_those_of_the_last_minutes() -> None:
    done = [ran(f"done-{n}", "completed", 120 - n, 100 - n) for n in range(4)]
    waiting = [ran(f"wait-{n}", "active") for n in range(8)]
    old = ran("old", "completed", 7200, 7100)
    seen = view(*done, *waiting)
    assert seen.states() == {"succeeded": 4, "waiting": 8}
    assert seen.pace() == 2.0
    assert seen.left() == 240.0
    assert "2.0 tasks a minute, about 4 min left" in seen.text(colour=False)
    assert view(old, *waiting).pace() == 0.0
    assert view(old, *done).pace() == 0.4, "the window, not the whole life of the job"
    assert view(*done).left() is None


def test_failures_are_grouped_by_their_reason_and_cleaned() -> None:
    bad = [ran(f"bad-{n}", "completed", 20, 10, "exit code 3") for n in range(3)]
    seen = view(ran("x", "completed", 9, 8, "X: \x1b[2J"), *bad, nodes="2 running")
    text = seen.text(colour=False).splitlines()
    assert text[2:5] == ["nodes: 2 running", "3 failed: exit code 3 (such as bad-0)", text[4]]
    assert text[4].startswith("1 failed: X: ")
    assert "\x1b" not in "".join(text)
    assert seen.document()["failures"][0] == {"reason": "exit code 3", "number": 3, "example": "bad-0"}


def test_what_runs_much_longer_than_usual_is_perhaps_stuck() -> None:
    usual = [ran(f"done-{n}", "completed", 100, 80) for n in range(3)]
    short, long = ran("short", "running", 99), ran("long", "running", 101)
    assert view(*usual, short, long).stuck() == [long]
    assert view(short, long).stuck() == [], "nobody knows what is usual"
    assert view(*[ran(f"quick-{n}", "completed", 10, 9) for n in range(3)], ran("a", "running", 59)).stuck() == []
    text = view(*usual, long).text(colour=False)
    assert "perhaps stuck: long, for 2 min on node-1" in text
    assert text.endswith("slowest: long 2 min, done-0 20 s, done-1 20 s, done-2 20 s")


def test_what_was_ended_before_it_began_counts_for_the_pace() -> None:
    assert view(ran("a", "completed", None, 30, "TaskEnded"), ran("b", "active")).pace() == 2.0
