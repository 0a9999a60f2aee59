"""What is the rest of a reviewed plan, and what goes beyond it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.model import STAGE, Action, Address, Change, Decision, Diff, Plan, Rule, Why
from reconciler.saved.comparing import differences
from tests.documents import loaded

CASES = loaded((Path(__file__).parents[1] / "cases/saved/comparing.yaml").read_text())
POOL = Address("pool", "p")


def plan(said: Any) -> Plan:
    """A plan of one resource, or of none."""
    if said is None:
        return Plan("spec", (), (), {})
    return of(*said) if isinstance(said, list) else of(said)


def of(action: str, changes: dict[str, list[Any]] | None = None, goes: str = "", why: str = "differs") -> Plan:
    diff = Diff(tuple(Change(path, before, after, Rule.LIVE) for path, (before, after) in (changes or {}).items()))
    return Plan("spec", (Decision(POOL, Action(action), Why(why), "reason", diff, goes=goes),), (), {})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_is_done_now_is_what_was_reviewed_or_its_rest(case: dict[str, Any]) -> None:
    found = differences(
        plan(case["reviewed"]),
        plan(case["now"]),
        counted=lambda address: case.get("counted", ""),
        others=case.get("others", []),
    )

    assert [one.address for one in found] == ([POOL] if case["differs"] else [])
    assert all(case["differs"] in one.how for one in found)


def test_how_far_a_change_has_come_is_no_difference() -> None:
    stage = Decision(POOL, Action.UPDATE, Why.DIFFERS, "", Diff((Change(STAGE, "a", "b", Rule.LIVE),)))
    reviewed, now = of("update"), Plan("spec", (stage,), (), {})
    assert differences(reviewed, now, counted=lambda address: "", others=()) == ()


def test_a_secret_is_not_told() -> None:
    found = differences(
        of("update", {"accountKey": ["old-value-1", "old-value-2"]}),
        of("update", {"accountKey": ["old-value-1", "new-value-3"]}),
        counted=lambda address: "",
        others=(),
    )
    assert "value" not in " ".join(one.how for one in found)
