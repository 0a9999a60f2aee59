"""Exceptions hold for rules of their own file until their day; no policy weakens another; expressions have bounds."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.kinds import load
from reconciler.policy import reading, running
from reconciler.policy.matching import matches
from reconciler.policy.policy import Exempt, Policy
from reconciler.policy.subject import Subject
from reconciler.verdict import Level
from tests.documents import dumped
from tests.policy.judged import HEAD, TODAY, judge, said, subject, written

SPEC: dict[str, Any] = {
    "storage": {"sa01": {}, "sa02": {"publicNetworkAccess": "Disabled"}},
    "batchAccount": {"name": "ba01"},
    "pools": {"p": {"vmSize": "Standard_D2s_v3", "image": "ubuntu-24.04", "nodes": 2}},
}


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    return subject(tmp_path_factory.mktemp("spec"), {"spec": SPEC})


def exception(address: str, rule: str, days: int) -> dict[str, str]:
    expires = str(TODAY + timedelta(days=days))
    return {"address": address, "rule": rule, "reason": f"ticket {days}", "expires": expires}


def test_an_exception_holds_to_the_end_of_its_last_day(plan: Subject, tmp_path: Path) -> None:
    rules = {"publicNetwork": None, "spotOnly": {"level": "warn"}}
    exceptions = {
        "ends-today": exception("pool/*", "spotOnly", 0),
        "long": exception("storage_account/*", "publicNetwork", 90),
    }
    judged = judge(plan, written(tmp_path, {"rules": rules, "exceptions": exceptions}))
    told = {(one.address, one.rule): (one.refuses, one.exception) for one in judged.verdicts}
    assert told == {
        ("storage_account/sa01", "publicNetwork"): (False, "long, until 2027-02-25: ticket 90"),
        ("batch_account/ba01", "publicNetwork"): (True, ""),
        ("pool/p", "publicNetwork"): (True, ""),
        ("pool/p", "spotOnly"): (False, "ends-today, until 2026-11-27: ticket 0"),
    }
    assert judged.notes == (
        f"policy: the exception ends-today of {tmp_path}/org.yaml ends in 0 days, on 2026-11-27; then spotOnly warns",
    )
    tomorrow = replace(plan, today=TODAY + timedelta(days=1))
    judged = judge(tomorrow, written(tmp_path, {"rules": rules, "exceptions": exceptions}))
    assert said(judged)[-1].endswith("the exception ends-today ended on 2026-11-27 and holds no longer")
    assert judged.verdicts[-1].exception == ""


def test_exceptions_of_a_spec_that_do_nothing_are_told_of(plan: Subject, tmp_path: Path) -> None:
    exceptions = {
        "gone": exception("pool/p", "spotOnly", -1),
        "misspelt": exception("pool/pp", "spotOnly", 50),
        "fine": exception("pool/*", "spotOnly", 50),
    }
    path = tmp_path / "spec.yaml"
    path.write_text(dumped({**HEAD, "policy": {"rules": {"spotOnly": None}, "exceptions": exceptions}}))
    [own] = reading.of_spec(load(path, {}))
    judged = judge(plan, own)
    assert judged.notes == (
        "policy: the exception gone ended on 2026-11-26 and holds no longer; take it away",
        "policy: the exception misspelt is for pool/pp, which is not in this spec (did you mean pool/p?); correct it",
    )
    assert [one.place for one in judged.verdicts] == [f"{path} policy.rules.spotOnly"]
    assert judge(plan, replace(own, own=False)).notes == ()


RULES = st.sampled_from(["publicNetwork", "spotOnly", "protect", "tags", "own"])
PATTERNS = st.sampled_from(["*", "pool/*", "storage_account/sa01", "*/*", "identity/x"])
EXEMPT = st.builds(
    Exempt,
    st.text("abc", min_size=1, max_size=3),
    PATTERNS,
    RULES,
    st.text(max_size=5),
    st.integers(-30, 300).map(lambda days: TODAY + timedelta(days=days)),
)
LEVELS = st.sampled_from([Level.WARN, Level.REFUSE])


@st.composite
def policies(draw: Callable[..., Any], *, own: bool) -> Policy:
    names = draw(st.sets(RULES))
    options = {"tags": {"names": ["owner"]}}
    rules = {name: {"level": draw(LEVELS), **options.get(name, {})} for name in names - {"own"}}
    mine = {"cel": "decision.address != 'pool/p'", "about": "decision", "text": "no", "level": draw(LEVELS)}
    made = Policy("f", rules, {"own": mine} if "own" in names else {}, (), own)
    return exempting(made, draw(st.lists(EXEMPT, max_size=3)))


def exempting(policy: Policy, exempt: list[Exempt]) -> Policy:
    """The policy with more exceptions; one for a rule that it lacks is refused where a policy is read."""
    fitting = [one for one in exempt if one.rule in {**policy.rules, **policy.written}]
    return replace(policy, exempt=(*policy.exempt, *fitting))


@settings(max_examples=60, deadline=None)
@given(policies(own=False), policies(own=True), st.lists(EXEMPT, max_size=4))
def test_no_policy_of_a_spec_makes_a_refused_plan_pass(
    plan: Subject, org: Policy, own: Policy, more: list[Exempt]
) -> None:
    before = judge(plan, org).verdicts
    after = judge(plan, org, exempting(own, more)).verdicts
    assert set(before) <= set(after)
    assert any(one.refuses for one in before) <= any(one.refuses for one in after)


@settings(max_examples=60, deadline=None)
@given(policies(own=True), st.lists(EXEMPT, max_size=4))
def test_exceptions_add_no_violation(plan: Subject, own: Policy, more: list[Exempt]) -> None:
    without = judge(plan, replace(own, exempt=())).verdicts
    with_them = judge(plan, exempting(replace(own, exempt=()), more)).verdicts
    assert [(one.address, one.rule, one.level) for one in with_them] == [
        (one.address, one.rule, one.level) for one in without
    ]


@given(st.text("ab*", max_size=8), st.text("ab", max_size=12))
def test_a_star_stands_for_any_characters(pattern: str, text: str) -> None:
    meant = ".*".join(map(re.escape, pattern.split("*")))
    assert matches(text, pattern) == bool(re.fullmatch(meant, text))


def test_what_cannot_be_judged_in_time_breaks_its_rule_and_what_was_before_stays_judged() -> None:
    decisions = [{"address": "pool/" + "a" * 60 + "!"}]
    asked: list[dict[str, Any]] = [
        {"cel": "decision.address == 'x'", "about": "decision"},
        {"schema": {"properties": {"address": {"pattern": "^pool/(a+)+$"}}}, "about": "decision"},
        {"cel": "true", "about": "plan"},
    ]
    began = time.monotonic()
    first, *rest = running.ask({"decisions": decisions}, asked, seconds=3)
    assert time.monotonic() - began < 30
    assert first == ["false"]
    assert rest == ["it takes more than 3 seconds, with all that is judged before it"] * 2


def test_each_expression_is_judged_by_itself(plan: Subject, tmp_path: Path) -> None:
    own = {
        "a-missing": {"cel": "decision.nothing == 1", "text": "x"},
        "b-number": {"cel": "1 + 1", "about": "plan", "text": "x", "level": "warn"},
        "c-schema": {"schema": {"properties": {"spec": {"const": "other"}}}, "about": "plan", "text": "is not other"},
        "d-fine": {"cel": "size(plan.decisions) > 1 && !decision.grants", "text": "x"},
        "e-pools": {"cel": "!decision.address.startsWith('pool/')", "text": "no pools"},
    }
    judged = judge(plan, written(tmp_path, {"own": own}))
    assert said(judged) == [
        "the plan: cannot be judged: there is no 'nothing' here; ask with has() first",
        "the plan: cannot be judged: gives '2', and must give true or false",
        "the plan: is not other ($.spec: 'other' was expected)",
        "pool/p: no pools",
    ]
    assert [one.refuses for one in judged.verdicts] == [True, False, True, True]
