"""The faults that `make mutants` plants are those that it names, and each changes the code."""

from __future__ import annotations

from tests.mutants.__main__ import NEAR, drawn, near
from tests.mutants.lines import Measured, turns
from tests.mutants.planting import count, fault
from tests.mutants.running import ROOT

SOURCE = """
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import x
def pick(a, b):
    assert a == b
    if a < b and b:
        return 1
    return 2 if a in b else 3
"""


def test_each_comparison_branch_and_connection_is_a_fault() -> None:
    planted = [fault(SOURCE, number) for number in range(count(SOURCE))]
    told = [(one.line, one.what) for one in planted]
    assert told == [
        (7, "never taken: if a < b and b: -> if False:"),
        (7, "and for or: a < b and b -> a < b or b"),
        (7, "turned round: a < b -> a >= b"),
        (9, "never taken: 2 if a in b else 3 -> 2 if False else 3"),
        (9, "turned round: a in b -> a not in b"),
    ]
    assert len({one.text for one in planted}) == len(told), "each is another text"
    assert [sorted(one.lines) for one in planted] == [[8], [7], [7], [9], [9]], "of a branch, what it does"


def test_the_quickest_tests_that_run_a_line_are_tried_first_then_all_others_near_it() -> None:
    seconds = {
        "tests/a/test_x.py::slow": 50.0,
        "tests/a/test_x.py::quick": 1.0,
        "tests/b.py::it": 2.0,
        "tests/c.py::far": 1,
    }
    measured = Measured(
        seconds, {("r.py", 7): seconds.keys(), ("r.py", 8): {"tests/b.py::fails"}}, {"tests/b.py::fails"}
    )
    quick_first = ["tests/b.py::it", "tests/a/test_x.py::quick", "tests/a/test_x.py::slow"]
    near_it = ["tests/a", "tests/b.py"]
    assert turns(measured, near_it, "r.py", {7, 8}) == [quick_first]
    assert turns(measured, near_it, "r.py", {8}) == [quick_first], "nobody runs it that passes"
    assert turns(measured, near_it, "r.py", {7}, at_first=20) == [
        ["tests/a/test_x.py::quick", "tests/b.py::it"],
        ["tests/a/test_x.py::slow"],
    ]
    assert turns(measured, ["tests/a/test_x.py"], "r.py", {7}, at_first=0.5) == [
        ["tests/a/test_x.py::quick"],
        ["tests/a/test_x.py::slow"],
    ], "at least one"


def test_the_same_seed_draws_the_same_faults_and_each_has_tests_near_it() -> None:
    some = drawn(7, 5, ["reconciler/engine", "reconciler/diff.py"])
    assert [str(one) for one in some] == [str(one) for one in drawn(7, 5, ["reconciler/engine", "reconciler/diff.py"])]
    assert all(near(one.file) for one in some)


def test_every_room_with_something_to_plant_has_tests_near_it() -> None:
    files = [path.relative_to(ROOT).as_posix() for path in (ROOT / "reconciler").rglob("*.py")]
    assert [file for file in files if not near(file) and count((ROOT / file).read_text())] == []
    assert [room for room in NEAR if not any(file == room or file.startswith(f"{room}/") for file in files)] == []
    assert [test for tests in NEAR.values() for test in tests if not (ROOT / test).exists()] == []
