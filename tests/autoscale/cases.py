"""Decision tables of formulas, from tests/cases/autoscale."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from batch_autoscale import Evaluation, Pool, Series, evaluate, every
from tests.documents import loaded

FOLDER = Path(__file__).parents[1] / "cases/autoscale"
NOW = datetime(2026, 1, 5, 10, tzinfo=UTC)


def load(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = loaded((FOLDER / f"{name}.yaml").read_text())
    assert len({case["name"] for case in cases}) == len(cases)
    return cases


def run(case: Mapping[str, Any]) -> Evaluation:
    now = datetime.fromisoformat(case["now"]) if "now" in case else NOW
    until = now - timedelta(seconds=case.get("lag", 0))
    samples = {name: _series(given, until) for name, given in case.get("samples", {}).items()}
    return evaluate(case["formula"], samples, now=now, pool=Pool(**case.get("pool", {})))


def _series(given: Any, until: datetime) -> Series:
    return every([given["value"]] * given["count"] if isinstance(given, dict) else given, until)
