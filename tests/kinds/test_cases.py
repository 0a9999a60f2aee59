"""Every kind does what its cases say: `tests/cases/<kind>/`, read as `tests/kinds/cases.py` tells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reconciler import departed
from reconciler.azure.api_versions import API_VERSIONS, api_version_of
from reconciler.engine import decide
from reconciler.kind import Kind
from reconciler.kinds import KINDS
from reconciler.model import Action, Decision, Desired, Mark, Observed
from tests.kinds.cases import Case, Recording, cases, desired_of, merged, of, spec_of, unmarked, with_property

OWNER = "case"


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.arm])
def test_every_kind_of_arm_has_cases(kind: str) -> None:
    assert list(of(KINDS[kind])), f"tests/cases/{kind}/ has no case"


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.arm], ids=lambda kind: kind.name)
def test_what_others_read_of_a_kind_is_read_with_its_own_api_version(kind: Kind) -> None:
    assert kind.arm is not None
    if kind.arm.provider in API_VERSIONS:
        assert api_version_of(f"/x/providers/{kind.arm.name}") == kind.arm.api_version


@pytest.mark.parametrize("case", cases("desired"), ids=lambda case: case.name)
def test_what_a_spec_asks_for(case: Case, tmp_path: Path) -> None:
    spec = spec_of(case, case.says.get("spec", {}), tmp_path)
    desired = desired_of(case, spec)
    assert desired is not None
    assert desired.body == case.says["desired"]
    if "put" in case.says:
        cloud = Recording(spec, {})
        case.kind.create(cloud, desired, decide.mark(case.kind, OWNER, desired))
        _sent(case, cloud, "PUT", case.says["put"])


@pytest.mark.parametrize("case", cases("raw"), ids=lambda case: case.name)
def test_what_is_seen_of_what_is_there(case: Case, tmp_path: Path) -> None:
    spec = spec_of(case, case.says.get("spec", {}), tmp_path)
    desired = desired_of(case, spec)
    assert desired is not None
    cloud = Recording(spec, case.says["raw"])
    observed = case.kind.observe(cloud, desired)
    assert observed is not None
    assert observed.address == desired.address
    assert observed.health.value == case.says.get("health", "ready")
    assert (observed.mark.owner if observed.mark else None) == case.says.get("owner")
    ours = replace(observed, mark=decide.mark(case.kind, OWNER, desired))
    assert _rules(decide.decide(case.kind, OWNER, desired, ours, ())) == case.says["differs"]
    if "at" in case.says:
        assert cloud.requests[0][1].endswith(case.says["at"])


@pytest.mark.parametrize("case", cases("after"), ids=lambda case: case.name)
def test_what_a_change_of_the_spec_does(case: Case, tmp_path: Path) -> None:
    observed = _applied(case.kind, desired_of(case, spec_of(case, case.says["before"], tmp_path)))
    if case.says["after"] is None:
        assert observed is not None
        assert decide.decide_stray(observed).action is Action(case.says["decision"])
        return
    spec = spec_of(case, case.says["after"], tmp_path)
    after = desired_of(case, spec)
    assert after is not None
    if observed and observed.address != after.address:
        observed = None
    if observed:
        observed = replace(observed, body=merged(observed.body, case.says.get("theirs", {})))
    decision = decide.decide(case.kind, OWNER, after, observed, ())
    assert decision.action is Action(case.says["decision"])
    assert _rules(decision) == case.says.get("differs", {})
    if "patch" in case.says:
        assert observed is not None
        cloud = Recording(spec, {})
        case.kind.update(
            cloud,
            departed.asked(case.kind.maps, after, observed),
            decide.mark(case.kind, OWNER, after),
            observed,
            decision.diff,
        )
        _sent(case, cloud, "PATCH", case.says["patch"])


@pytest.mark.parametrize("case", cases("key"), ids=lambda case: case.name)
def test_a_property_is_set_changed_and_taken_out(case: Case, tmp_path: Path) -> None:
    absent = spec_of(case, {}, tmp_path)
    made = spec_of(case, with_property(case, case.says["set"]), tmp_path)
    changed = spec_of(case, with_property(case, case.says["changed"]), tmp_path)
    for before, after in ((absent, made), (made, changed), (made, absent)):
        if before is made and case.says["changed"] == case.says["set"]:
            continue  # it has one value only
        desired = desired_of(case, after)
        assert desired is not None
        observed = _applied(case.kind, desired_of(case, before))
        rules = _rules(decide.decide(case.kind, OWNER, desired, observed, ()))
        assert rules
        assert all(path.startswith(case.says["path"]) for path in rules), rules
        assert set(rules.values()) == {case.says["rule"]}


def _rules(decision: Decision) -> dict[str, str]:
    """Differing path, from `properties` on, → rule; nothing of what is to be made."""
    if decision.action is Action.CREATE:
        return {}
    return {change.path.removeprefix("properties."): change.rule.name.lower() for change in decision.diff.changes}


def _applied(kind: Kind, desired: Desired | None) -> Observed | None:
    """What is there when just this was applied."""
    if desired is None:
        return None
    mark: Mark = decide.mark(kind, OWNER, desired)
    return Observed(desired.address, f"/case/{desired.address}", desired.body, mark)


def _sent(case: Case, cloud: Recording, method: str, body: object) -> None:
    """One request was sent, of this body, with the api-version of the kind."""
    assert case.kind.arm is not None
    assert cloud.api_versions == {case.kind.arm.api_version}
    assert [sent for sent, _, _ in cloud.requests] == [method]
    _, path, sent = cloud.requests[0]
    assert path.endswith(case.says.get("at", ""))
    assert unmarked(sent) == body
