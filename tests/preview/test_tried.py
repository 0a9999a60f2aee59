"""What a preview has come to: which results are the same one, what counts as lacking, and how all of it is shown."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from reconciler import tried
from reconciler.course import Course
from reconciler.course import Ran as Task
from reconciler.render import views
from reconciler.render.previews import PreviewView, verdict
from reconciler.tried import Costs, Failure, Key, Output, Ran, Tried, Verdict, key
from tests.render.test_as_text import golden

NOON = datetime(2030, 1, 31, 12, tzinfo=UTC)
EVERY = (
    Output("storage/sa/results", "a.txt", Verdict.EQUAL, 5, 5),
    Output("storage/sa/results", "b|<b>.txt", Verdict.DIFFERS, 5, 1_234_567),
    Output("storage/sa/results", "sum.txt", Verdict.DIFFERS, 5, 7, partial=True),
    Output("storage/sa/results", "big.bin", Verdict.SAME_SIZE, 60_000_000, 60_000_000),
    Output("storage/sa/results", "gone\x1b[31m.txt", Verdict.MISSING, 5, None),
    Output("storage/sa/results", "@ann.txt", Verdict.NEW, None, 3),
)
WHOLE = Tried(
    "pr-12",
    "specs/farm.yaml",
    "2030-02-01T12:00:00Z",
    (Ran("j", "each", 5, 1, 61.2, 59.0), Ran("j", "sum", 1, 0, 2.0, None)),
    1,
    (Failure("j", "each-abc-123", "exit code 1: #7 `rm`"),),
    EVERY,
    Costs("at most $0.1920 an hour while tasks run, and $4.61 if they did until it expires", "about $280/month"),
    ("Not tried here, but part of the change: identity/id-new (create)",),
)


@pytest.mark.parametrize("shape", ["txt", "md", "json"])
def test_it_is_shown(shape: str) -> None:
    view = PreviewView(WHOLE)
    shown = {"txt": view.text(colour=False), "md": view.markdown(), "json": views.shown(view, "json")}[shape]
    golden(f"preview.{shape}", shown)


def test_a_program_gets_all_of_it() -> None:
    document = json.loads(views.shown(PreviewView(WHOLE), "json"))
    assert document["counts"] == {"equal": 1, "differs": 2, "same size": 1, "missing": 1, "new": 1}
    assert len(document["outputs"]) == 6
    assert document["outputs"][0]["verdict"] == "missing", "what needs a look comes first"


def test_what_is_too_much_to_tell_is_counted() -> None:
    many = tuple(Output("storage/sa/results", f"{n}.txt", Verdict.NEW, None, 3) for n in range(25))
    view = PreviewView(Tried("pr-1", "x.yaml", "", outputs=many))
    assert "and 5 more" in view.text(colour=False)
    assert "and 5 more" in view.markdown()
    assert "24.txt" in views.shown(view, "json")


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (Tried("p", "s", ""), "there are no results to compare"),
        (Tried("p", "s", "", outputs=EVERY[5:]), "1 result, and none is live yet to compare with"),
        (Tried("p", "s", "", outputs=EVERY[:1]), "of 1 result 1 is equal"),
        (Tried("p", "s", "", outputs=EVERY[:1] * 2 + EVERY[1:2]), "of 3 results 2 are equal and 1 differs"),
        (Tried("p", "s", "", unended=2, outputs=EVERY[:1]), "2 tasks have not ended; of 1 result 1 is equal"),
        (WHOLE, "1 task failed; 1 task has not ended; of 6 results 1 is equal, 2 differ, 1 has the same size, too large"
                " to compare, 1 is missing and 1 is new"),
    ],
)  # fmt: skip
def test_the_verdict_in_a_line(told: Tried, says: str) -> None:
    assert verdict(told) == says


def test_what_is_lacking() -> None:
    assert WHOLE.lacking == 3
    assert Tried("p", "s", "", outputs=(*EVERY[:4], EVERY[5])).lacking == 0


def test_names_with_the_id_of_a_task_are_the_same_result_whatever_the_task_does() -> None:
    mine = key("p", "j/each-abc-0123456789ab/out.txt", "each-abc-0123456789ab", "each-abc-")
    assert mine == key("p", "j/each-abc-fedcba987654/out.txt", "each-abc-fedcba987654", "each-abc-")
    assert mine.fits("j/each-abc-fedcba987654/out.txt")
    for other in ("j/each-abd-fedcba987654/out.txt", "j/each-abc-fedcba987654/out.txt.x", "j/each-abc-/out.txt"):
        assert not mine.fits(other)
    assert key("p", "a.txt", "each-abc-0123456789ab", "each-abc-") == Key("p", "a.txt")
    assert key("p", "a/theirs/b", "theirs", "theirs") == Key("p", "a/theirs/b")
    assert Key("p", "a.txt").fits("a.txt")
    assert not Key("p", "a.txt").fits("a.txtx")


def test_tasks_that_nobody_asks_for_any_more_do_not_count() -> None:
    def task(name: str, seconds: int, failure: str = "") -> Task:
        return Task(name, "completed", NOON, NOON + timedelta(seconds=seconds), "n", failure)

    course = Course("j", [task("e-1", 4), task("e-2", 8), task("o-3", 2, "exit code 1")], NOON, lambda name: name[0])
    kept = tried.asked(course, {"e-2"}, lambda name: name[:1] if name.startswith("e") else name)
    assert [each.id for each in kept.tasks] == ["e-2", "o-3"]
    live = Course("j", [task("e-9", 6)], NOON, lambda name: name[0])
    assert tried.ran("j", kept, live) == [Ran("j", "e", 1, 0, 8.0, 6.0), Ran("j", "o", 1, 1, 2.0, None)]
    assert tried.ran("j", kept, None)[0].live is None
    assert tried.failures("j", kept) == [Failure("j", "o-3", "exit code 1")]
