"""What of a plan a watch does by itself: a table of cases, and what holds for all plans."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cloud.pauses import Pause
from reconciler.model import STAGE, Action, Address, Change, Decision, Diff, Plan, Rule, Step, Why
from reconciler.watch import judging
from reconciler.watch.judging import Ground, Hold
from reconciler.watch.memory import Failure, Memory
from tests.documents import loaded

CASES = loaded((Path(__file__).parents[1] / "cases/watch/judging.yaml").read_text())
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
CLOCK = 1000.0
WATCH = {"onDrift": "correct", "onLeave": "report", "resources": {}}


def decision(name: str, text: str) -> Decision:
    action, why, *more = text.split()
    path = STAGE if "stage" in more else "properties.vmSize"
    diff = Diff((Change(path, 1, 2, Rule.LIVE),)) if action in ("update", "replace") else Diff()
    made = Decision(Address.parse(name), Action(action), Why(why), "so", diff)
    return Decision(made.address, made.action, made.why, made.reason, diff, summarised="summarised" in more)


def plan(decisions: dict[str, str]) -> Plan:
    made = tuple(decision(name, text) for name, text in decisions.items())
    acting = (one for one in made if one.action in (*judging.MAKING, Action.DELETE, Action.WAIT))
    return Plan("spec", made, tuple(Step(str(one.address), one.address, one.action) for one in acting), {})


def addresses(names: Any) -> frozenset[Address]:
    return frozenset(map(Address.parse, names))


def ground(case: dict[str, Any]) -> Ground:
    pauses = tuple(Pause(name, NOW + timedelta(hours=1), "a test", "ann") for name in case.get("pauses", ()))
    failures = {
        Address.parse(name): Failure(times, again, digest, "no quota")
        for name, (times, again, digest) in case.get("failures", {}).items()
    }
    present = {Address.parse(name): digest for name, digest in case.get("present", {}).items()}
    memory = Memory(left=addresses(case.get("left", ())), present=present, failures=failures)
    asked = {Address.parse(name): "new" for name, text in case["decisions"].items() if "left_spec" not in text}
    watch: Any = WATCH | case.get("watch", {})
    return Ground(watch, pauses, memory, asked, addresses(case.get("ended", ())), NOW, CLOCK)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_what_is_held(case: dict[str, Any]) -> None:
    made = plan(case["decisions"])
    judgement = judging.judge(made, ground(case))
    held = {str(one.address): f"{one.hold}{' usable' if one.usable else ''}" for one in judgement.held}
    assert held == case["held"]
    assert [str(address) for address in judgement.drifted] == case.get("drifted", [])
    assert all(one.reason for one in judgement.held)
    counts = judging.counts(made, judgement)
    assert sum(counts.values()) == len(made.decisions)
    assert counts.keys() == set(judging.STATES)


def test_the_reasons_name_the_moment_and_the_cause() -> None:
    case = {
        "decisions": {"pool/p": "update differs", "pool/q": "update failed", "pool/r": "update drifted"},
        "pauses": ["pool/p"],
        "failures": {"pool/q": [3, CLOCK + 90, "new"]},
        "watch": {"windows": [{"start": "22:00", "lasts": "PT1H", "timeZone": "UTC"}]},
    }
    reasons = [one.reason for one in judging.judge(plan(case["decisions"]), ground(case)).held]  # type: ignore[arg-type]
    assert reasons == [
        "paused until 2026-11-27 13:00 UTC by ann: a test",
        "has failed 3 times in a row, and is tried again in 2 min: no quota",
        "was changed outside the spec; waits for its maintenance window, which opens on Friday 2026-11-27 22:00 UTC",
    ]


DUE = ["create absent", "update differs", "update drifted", "replace differs", "replace drifted", "delete left_spec"]
REST = ["none as_desired", "wait busy", "defer occupied", "refuse protected", "keep needed", "unknown unreadable"]
KINDS_OF_DECISION = st.sampled_from([*DUE, *REST])
NAMES = st.sampled_from([f"pool/{letter}" for letter in "abcdef"])
GROUNDS = st.fixed_dictionaries(
    {
        "decisions": st.dictionaries(NAMES, KINDS_OF_DECISION, max_size=6),
        "pauses": st.lists(NAMES, max_size=2),
        "left": st.lists(NAMES, max_size=3),
        "present": st.dictionaries(NAMES, st.sampled_from(["new", "old"]), max_size=4),
        "failures": st.dictionaries(NAMES, st.just([1, CLOCK + 5, "new"]), max_size=2),
        "watch": st.fixed_dictionaries(
            {"onDrift": st.sampled_from(["correct", "report"]), "onLeave": st.sampled_from(["report", "delete"])}
        ),
    }
)


@given(GROUNDS)
def test_whatever_the_plan_nothing_goes_by_drift_and_no_drift_is_corrected_that_is_to_be_told(case: Any) -> None:
    made = plan(case["decisions"])
    judgement = judging.judge(made, ground(case))
    held = {str(one.address) for one in judgement.held}
    for name, text in case["decisions"].items():
        action, why = text.split()
        if action == "delete" and name not in held:
            assert case["watch"]["onLeave"] == "delete"
            assert name in case["left"]
        if why == "drifted" and name not in held:
            assert (action, case["watch"]["onDrift"]) == ("update", "correct")
        if action == "refuse" or (name in case["pauses"] and action in ("create", "update", "replace", "delete")):
            assert name in held
        if action in ("none", "defer", "keep", "unknown"):
            assert name not in held
    assert not set(judgement.choice.excludes) & set(judgement.choice.still)


def test_what_is_held_is_told_once_and_that_it_is_not_any_more() -> None:
    first = judging.judge(plan({"pool/a": "refuse protected", "pool/b": "refuse protected"}), ground(CASES[0])).held
    again = judging.Held(first[0].address, Hold.PAUSED, "paused")
    fresh, gone = judging.news(first, [again])
    assert (fresh, gone) == ([again], [first[1].address])
    assert judging.news(first, first) == ([], [])


def test_a_resource_that_the_section_names_and_the_spec_lacks_is_told() -> None:
    watch: Any = WATCH | {"resources": {"pool/p": {"onDrift": "report"}, "pool/x": {"onDrift": "report"}}}
    assert judging.unknown(watch, plan({"pool/p": "none as_desired"})) == ["pool/x"]
