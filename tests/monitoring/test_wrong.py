"""What is wrong with a `monitoring` section is told at its place, with what to write instead."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.azure.monitor import METRICS
from reconciler.errors import SpecError
from reconciler.kinds import load
from reconciler.kinds.monitoring import kql
from reconciler.kinds.monitoring.page import LOGS
from reconciler.kinds.monitoring.presets import PRESETS
from tests.documents import dumped, loaded
from tests.kinds.cases import MINIMAL

CASES = loaded((Path(__file__).parents[1] / "cases/monitoring/wrong.yaml").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_what_is_wrong_is_told_with_its_place_and_a_remedy(case: dict[str, Any], tmp_path: Path) -> None:
    whole = {**MINIMAL, "batchAccount": {"name": "bacase01"}, "monitoring": case["monitoring"], **case.get("spec", {})}
    path = tmp_path / "spec.yaml"
    path.write_text(dumped({key: part for key, part in whole.items() if part is not None}))
    if "warns" in case:
        told = load(path, {}, "local", date(2026, 11, 28)).warnings
    else:
        with pytest.raises(SpecError) as caught:
            load(path, {}, "local")
        told = tuple(caught.value.problems)
    said = [f"{problem.path}: {problem.message}" for problem in told]
    metrics = ", ".join(METRICS)
    assert said == [one.replace("{metrics}", metrics) for one in case.get("warns") or case["says"]]


@pytest.mark.parametrize("query", [*LOGS.values(), *(preset.query for preset in PRESETS.values() if preset.query)])
def test_queries_of_our_own_have_nothing_wrong(query: str) -> None:
    assert kql.fault(query) == ""
    assert kql.unknown_table(query) == ""
    assert kql.unknown_operator(query) == ""


quoted = st.text(st.characters(exclude_characters="\"'\\\n", exclude_categories=["Cs"]), max_size=6).map('"{}"'.format)
words = st.sampled_from(["AzureDiagnostics", "| where a", "\n", " ", "// it's (\n", "@'a''b(\\'"]) | quoted
balanced = st.recursive(words, lambda inner: st.lists(inner, max_size=4).map(lambda parts: f"({' '.join(parts)})"))


@given(balanced, st.sampled_from(["(", "[", "{", ")", "]", "}", '"', "'"]))
def test_what_is_balanced_is_well_and_one_bracket_or_quote_more_is_not(text: str, more: str) -> None:
    assert kql.fault(f"T {text}\n") == ""
    assert kql.fault(f"T {text}\n{more}").startswith(("the quote", more))
