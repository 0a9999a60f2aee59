"""The language, case by case: what formulas give, and what is said of those that give nothing."""

from __future__ import annotations

from typing import Any

import pytest

from batch_autoscale import EvaluationError, FormulaError, parse, show, typecheck
from batch_autoscale.values import show as shown
from tests.autoscale.cases import load, run

CASES = [*load("page"), *load("language")]
WRONG = load("errors")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_formula_gives_what_the_table_says(case: dict[str, Any]) -> None:
    if "errors" in case:
        assert _errors(case["formula"]) == case["errors"]
        return
    if "fails" in case:
        with pytest.raises(EvaluationError) as caught:
            run(case)
        assert caught.value.code == caught.value.body["code"] == case["fails"]["code"]
        assert caught.value.body["values"][0]["value"] == case["fails"]["message"]
        assert caught.value.results == case.get("results", caught.value.results)
        return
    found = run(case)
    assert found.results == case.get("results", found.results)
    values = {name: shown(value) for name, value in found.variables.items()}
    assert {name: values[name] for name in case.get("values", {})} == {
        name: str(value) for name, value in case.get("values", {}).items()
    }


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case["name"])
def test_every_error_of_a_formula_is_told_with_its_place(case: dict[str, Any]) -> None:
    assert _errors(case["formula"]) == case["errors"]


@pytest.mark.parametrize("case", [case for case in WRONG if "remedy" in case], ids=lambda case: case["name"])
def test_an_error_says_what_to_write_instead(case: dict[str, Any]) -> None:
    with pytest.raises(FormulaError) as caught:
        typecheck(case["formula"])
    assert case["remedy"] in caught.value.problems[0].remedy


@pytest.mark.parametrize("case", [case for case in CASES if "errors" not in case], ids=lambda case: case["name"])
def test_a_printed_formula_reads_as_the_same(case: dict[str, Any]) -> None:
    tree = parse(case["formula"])
    assert parse(show(tree)) == tree


def _errors(formula: str) -> list[str]:
    with pytest.raises(FormulaError) as caught:
        typecheck(formula)
    return [f"{problem.place}: {problem.message}" for problem in caught.value.problems]
