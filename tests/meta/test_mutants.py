"""The faults that `make mutants` plants are those that it names, and each changes the code."""

from __future__ import annotations

from tests.mutants.__main__ import NEAR, ROOT, drawn, near
from tests.mutants.planting import count, fault

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


def test_the_same_seed_draws_the_same_faults_and_each_has_tests_near_it() -> None:
    some = drawn(7, 5, ["reconciler/engine", "reconciler/diff.py"])
    assert [str(one) for one in some] == [str(one) for one in drawn(7, 5, ["reconciler/engine", "reconciler/diff.py"])]
    assert all(near(one.file) for one in some)


def test_every_room_with_something_to_plant_has_tests_near_it() -> None:
    files = [path.relative_to(ROOT).as_posix() for path in (ROOT / "reconciler").rglob("*.py")]
    assert [file for file in files if not near(file) and count((ROOT / file).read_text())] == []
    assert [room for room in NEAR if not any(file == room or file.startswith(f"{room}/") for file in files)] == []
    assert [test for tests in NEAR.values() for test in tests if not (ROOT / test).exists()] == []
