"""A file that is no policy is told with each place, fault and remedy; a spec's own policy, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import PolicyError, SpecError
from reconciler.kinds import NAMES, load
from reconciler.policy import reading
from reconciler.verdict import Level
from tests.documents import dumped, loaded
from tests.policy.judged import HEAD

CASES = loaded((Path(__file__).parents[2] / "tests/cases/policy/wrong.yaml").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_all_that_is_wrong_is_told_with_its_place_and_a_remedy(case: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "org.yaml"
    path.write_text(case["text"])
    with pytest.raises(PolicyError) as caught:
        reading.read(path, NAMES)
    told = [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]
    assert len(told) == len(case["says"])
    for one, expected in zip(told, case["says"], strict=True):
        assert one.startswith(expected) if "mismatched" in expected else one == expected


def test_rules_have_levels_and_places(tmp_path: Path) -> None:
    path = tmp_path / "org.yaml"
    text = "apiVersion: reconciler-policy/v1\nrules:\n  protect:\n  spotOnly: {level: warn}\n"
    path.write_text(text + 'own:\n  a: {cel: "true", text: t}\n')
    read = reading.read(path, NAMES)
    assert [read.level(rule) for rule in ("protect", "spotOnly", "a")] == [Level.REFUSE, Level.WARN, Level.REFUSE]
    assert [read.place(rule) for rule in ("protect", "a")] == [f"{path}:3", f"{path}:6"]


def test_the_policy_of_a_spec_is_checked_with_the_spec(tmp_path: Path) -> None:
    section = {
        "rules": {"nodes": {}, "names": {"patterns": {"pol": "x"}}, "spotOny": {}},
        "own": {"a": {"schema": {"$ref": "x"}, "text": "t"}},
    }
    path = tmp_path / "spec.yaml"
    path.write_text(dumped({**HEAD, "policy": section}))
    with pytest.raises(SpecError) as caught:
        load(path, {})
    assert [f"{problem.path}: {problem.message}" for problem in caught.value.problems] == [
        "policy.own.a.schema.$ref: refers to x, and nothing is fetched; write it here under $defs: '#/$defs/NAME'",
        "policy.rules.names.patterns.pol: is no kind (did you mean pool?); kinds are what addresses begin with",
        "policy.rules.nodes: limits nothing; write maxPerPool or maxTotal, or both",
        "policy.rules.spotOny: is not a known rule (did you mean spotOnly?)",
    ]
    path.write_text(dumped({**HEAD, "policy": {"own": {"a": {"cel": "1 +", "text": "t"}}}}))
    with pytest.raises(SpecError, match=r"policy\.own\.a\.cel: is no expression in CEL: line 1, column 4 of it"):
        load(path, {})


def test_a_spec_without_rules_has_no_policy_that_says_anything(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    for section in (None, {}, {"rules": None, "own": None, "exceptions": None}):
        path.write_text(dumped({**HEAD, "policy": section}))
        for found in reading.of_spec(load(path, {})):
            assert (found.rules, found.written, found.exempt) == ({}, {}, ())


def test_the_examples_of_the_guide_are_policies(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs/policy.md").read_text()
    examples = [block.partition("```")[0] for block in guide.split("```yaml\n")[1:]]
    assert len(examples) == 2
    for text in examples:
        path = tmp_path / "org.yaml"
        path.write_text(text if "apiVersion" in text else f"apiVersion: reconciler-policy/v1\n{text}")
        assert reading.read(path, NAMES).file == str(path)
