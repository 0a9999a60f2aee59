"""What would make a pool cheaper, as a table."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler.cost import Price, suggesting
from reconciler.cost.suggesting import Facts, Measured
from tests.documents import loaded

CASES = loaded((Path(__file__).parents[1] / "cases/suggestions.yaml").read_text())
USUAL = {"hours": 1000.0, "idle_hours": None, "dedicated": True, "spot": False, "slots": 1, "rests": False}


def price(pair: list[float | None]) -> Price:
    return Price(*(None if each is None else Decimal(str(each)) for each in pair))


def facts(but: dict[str, Any]) -> Facts:
    said = {**USUAL, "price": [0.2, 0.05], **but}
    said["price"] = price(said["price"])
    said["measured"] = Measured(*said["measured"]) if "measured" in said else None
    said["disk_month"] = Decimal(str(said["disk_month"])) if "disk_month" in said else None
    return Facts("p", "whole", 4, smaller=("half", price([0.1, 0.02])), **said)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_what_would_make_a_pool_cheaper(case: dict[str, Any]) -> None:
    found = suggesting.suggestions([facts(case["but"])])
    assert {one.what: round(one.saving, 6) for one in found} == case["says"]
    assert [one.saving for one in found] == sorted((one.saving for one in found), reverse=True)
    assert all(one.risk and one.pool == "p" for one in found)


@pytest.mark.parametrize(
    ("size", "half"),
    [("Standard_D4s_v3", "Standard_D2s_v3"), ("Standard_D2s_v3", ""), ("Standard_B2ms", ""), ("none", "")],
)
def test_half_of_a_size_is_one_that_there_is(size: str, half: str) -> None:
    cores = {"standard_d4s_v3": 4, "standard_d2s_v3": 2, "standard_b2ms": 2, "standard_b1ms": 2}
    assert suggesting.halved(size, cores) == half
