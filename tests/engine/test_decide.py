"""Decisions as a table: what is wanted and what is there give what to do, and the closed reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.engine.decide import decide, decide_stray
from reconciler.engine.decide import mark as mark_of
from reconciler.model import Address, Decision, Desired, Health, Mark, Observed, Why
from tests.documents import loaded
from tests.engine.world import kind

CASES: list[dict[str, Any]] = loaded((Path(__file__).parents[1] / "cases" / "engine" / "decisions.yaml").read_text())
ADDRESS = Address("store", "a")


def desired(case: dict[str, Any]) -> Desired:
    known = ("protect", "obstacle", "vacates", "waits", "pending", "unreadable", "renews", "existing")
    more = {key: case[key] for key in known if key in case}
    return Desired(ADDRESS, case["wanted"], **more)


def observed(case: dict[str, Any]) -> Observed | None:
    live = case.get("live")
    if live is None:
        return None
    mark = Mark(live["owner"], "x", live.get("protect", case.get("protect", False))) if "owner" in live else None
    if live.get("applied"):
        mark = mark_of(kind("store"), live["owner"], desired(case))
    return Observed(
        ADDRESS,
        "id",
        live["body"],
        mark,
        Health(live.get("health", "ready")),
        live.get("detail", ""),
        occupants=tuple(live.get("occupants", ())),
        surplus=live.get("surplus", ""),
        held=live.get("held", ""),
        stalled=live.get("stalled", ""),
        ended=live.get("ended", ""),
    )


def decided(case: dict[str, Any]) -> Decision:
    live = observed(case)
    if "wanted" in case:
        return decide(kind("store"), "me", desired(case), live, {ADDRESS} if case.get("adopt") else frozenset())
    assert live is not None
    return decide_stray(live, Why.DESTROYED if case.get("destroy") else Why.LEFT_SPEC)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["says"])
def test_a_decision_and_its_reason(case: dict[str, Any]) -> None:
    decision = decided(case)
    assert (str(decision.action), str(decision.why)) == (case["action"], case["why"])
    assert decision.reason == case["reason"]


def test_every_reason_has_a_case() -> None:
    of_others = {Why.NEEDED, Why.IN_USE}  # decided of one resource for the sake of another: test_law.py
    assert {case["why"] for case in CASES} == {str(why) for why in Why if why not in of_others}
