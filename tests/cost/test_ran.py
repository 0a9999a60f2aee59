"""What ran and what it cost, shared out among jobs."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from reconciler import cost
from reconciler.cost import ran
from reconciler.cost.ran import Ran, Span, Used
from reconciler.render.ran import RanView
from tests.documents import loaded

CASES = loaded((Path(__file__).parents[1] / "cases/ran.yaml").read_text())
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
PRICES = cost.Prices(sizes={("here", "standard_d2s_v3"): cost.Price(Decimal("0.1"), Decimal("0.02"))})
GOLDEN = Path(__file__).parents[1] / "golden"


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def span(job: str, node: str, begun: float, ended: float) -> Span:
    return Span(job, node, at(begun), at(ended))


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_the_hours_of_a_pool_are_those_of_its_jobs_and_the_rest(case: dict[str, Any]) -> None:
    spans = ran.clipped([span(*each) for each in case["spans"]], at(0), at(10))
    jobs, rest = ran.shared(case["hours"], spans)
    assert {job: round(hours, 3) for job, hours in jobs.items()} == case["jobs"]
    assert round(rest, 3) == case["rest"]


times = some.floats(0, 10, allow_nan=False)
spans_of = some.lists(some.tuples(some.sampled_from("abc"), some.sampled_from("xy"), times, times), max_size=8)


@given(some.floats(0, 30, allow_nan=False), spans_of)
def test_nothing_is_lost_and_nothing_counts_twice(hours: float, raw: list[tuple[str, str, float, float]]) -> None:
    spans = [span(job, node, min(ends), max(ends)) for job, node, *ends in raw if ends[0] != ends[1]]
    spans = ran.clipped(spans, at(0), at(10))
    jobs, rest = ran.shared(hours, spans)
    assert sum(jobs.values()) + rest == pytest.approx(hours) if spans else rest == hours
    assert min([rest, *jobs.values()]) >= 0
    assert sum(jobs.values()) <= ran.busy(spans) + 1e-6 <= 20 + 1e-5


def known(*used: Used) -> Ran:
    spans = {"p": [span("words", "a", 0, 3), span("more", "a", 2, 4)]}
    sides = {"p": (True, False), "q": (True, True)}
    pools = ran.of(used, spans, {"standard_d2s_v3": 2, "standard_nobody": 4}, sides, "here", PRICES)
    return Ran(at(0), at(10), "USD", pools, ("prices are 9 days old: \x1b[31mred",))


USED = (
    Used("p", "standard_d2s_v3", 16.0),
    Used("q", "standard_d2s_v3", 2.0),
    Used("q", "standard_d2s_v3", 2.0),
    Used("gone", "standard_nobody", 8.0),
    Used("odd", "standard_odd", 8.0),
)


def test_what_has_no_price_is_unknown_and_what_may_be_spot_is_between_two_prices() -> None:
    rows = {row.pool: row for row in known(*USED).pools}
    assert rows["p"].whole.hours == 8
    jobs = {job: (round(share.hours or 0, 2), share.amount) for job, share in rows["p"].jobs}
    assert {job: (hours, amount and round(amount.high, 2)) for job, (hours, amount) in jobs.items()} == {
        "words": (2.4, Decimal("0.24")),
        "more": (1.6, Decimal("0.16")),
    }
    assert rows["q"].whole.amount == cost.Range(Decimal("0.04"), Decimal("0.12"), Decimal("0.2"))
    assert (rows["gone"].whole.hours, rows["gone"].whole.amount) == (2, None)
    assert (rows["odd"].whole.hours, rows["odd"].whole.amount) == (None, None)


@pytest.mark.parametrize("shape", ["txt", "md", "json"])
def test_it_looks_as_before(shape: str) -> None:
    view = RanView(known(*USED))
    document = json.dumps(view.document(), indent=1)
    text = {"txt": view.text(colour=False), "md": view.markdown(), "json": document}[shape]
    assert "\x1b" not in text or shape == "json"
    path = GOLDEN / f"ran.{shape}"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(f"{text}\n")
    assert f"{text}\n" == path.read_text()


def test_nothing_ran() -> None:
    assert "No pool had a node." in RanView(known()).text(colour=False)
    assert "No pool had a node." in RanView(known()).markdown()
