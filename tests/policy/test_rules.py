"""Every built-in rule finds what breaks it and nothing else, and the guide tells of it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from reconciler.policy import shape
from reconciler.policy.asking import NAMES
from reconciler.policy.rules import RULES
from tests.documents import loaded
from tests.policy.judged import judge, said, subject, written

CHECKOUT = Path(__file__).parents[2]
CASES = loaded((CHECKOUT / "tests/cases/policy/rules.yaml").read_text())


@pytest.mark.parametrize("case", CASES, ids=[f"{case['rule']}-{n}" for n, case in enumerate(CASES)])
def test_a_rule_tells_what_breaks_it(case: dict[str, Any], tmp_path: Path) -> None:
    policy = written(tmp_path, {"rules": {case["rule"]: case.get("options")}})
    assert said(judge(subject(tmp_path, case), policy)) == case.get("says", [])


def test_every_rule_is_in_the_schema_and_the_guide_and_has_a_case_that_keeps_and_one_that_breaks_it() -> None:
    names = {*RULES, NAMES}
    assert names == set(shape.written()["properties"]["rules"]["properties"])
    kept = Counter(case["rule"] for case in CASES if "says" not in case)
    broken = Counter(case["rule"] for case in CASES if "says" in case)
    assert set(kept) == set(broken) == names
    rows = [line.split("`")[1] for line in (CHECKOUT / "docs/policy.md").read_text().splitlines() if line[:3] == "| `"]
    assert names <= set(rows)


def test_a_spec_and_a_file_take_the_same_policy() -> None:
    spec = json.loads((CHECKOUT / "schemas/spec.schema.json").read_text())["$defs"]["policy"]["properties"]
    assert {"apiVersion": shape.written()["properties"]["apiVersion"], **spec} == shape.written()["properties"]
