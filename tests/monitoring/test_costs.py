"""What alerts and logs cost in a month."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler import cost
from reconciler.cost.prices import Meter, Prices
from reconciler.kinds import KINDS, load
from reconciler.model import Action, Desired
from tests.cost.plans import costs, decided, made
from tests.documents import dumped
from tests.kinds.cases import MINIMAL

FAILED = {"metricName": "TaskFailEvent", "threshold": 5}
QUERY = {"query": "AzureDiagnostics", "threshold": 5}
REFUSED = {"metricName": "ApiCount", "threshold": 5, "dimensions": {"result": ["429", "503"]}}


def rule(every: str, **more: Any) -> dict[str, Any]:
    return {**QUERY, "evaluationFrequency": every, "windowSize": "PT1H", **more}


def whole(folder: Path, monitoring: dict[str, Any], prices: Prices) -> cost.Cost:
    """What a new spec with this section and no presets costs."""
    path = folder / "spec.yaml"
    said = {"presets": [], "notify": {"ops": {"mail": ["ops@contoso.com"]}}, **monitoring}
    path.write_text(dumped({**MINIMAL, "batchAccount": {"name": "bacase01"}, "monitoring": said}))
    spec = load(path, {}, "local")
    desired: list[Desired] = [one for kind in KINDS.values() for one in kind.expand(spec)]
    plan = replace(made(*(decided(str(one.address), Action.CREATE) for one in desired)), spec=spec.name)
    return costs(plan, tuple(desired), (), prices)


@pytest.mark.parametrize(
    ("part", "alert", "month", "what"),
    [
        ("metricAlerts", FAILED, "0.10", "1 series"),
        ("metricAlerts", {"metricName": "TaskFailEvent", "alertSensitivity": "Low"}, "0.20", "1 series"),
        ("metricAlerts", REFUSED, "0.20", "2 series"),
        ("metricAlerts", {**FAILED, "dimensions": {"poolId": ["*"]}}, "0.10", "1 series, more with each poolId"),
        ("scheduledQueryRules", QUERY, "1.50", "a look each 5 min"),
        ("scheduledQueryRules", rule("PT1M"), "3", "a look each 1 min"),
        ("scheduledQueryRules", rule("PT10M"), "1", "a look each 10 min"),
        ("scheduledQueryRules", rule("PT1H", dimensions=["job"]), "0.50", "a look each 1 h 0 min, more with each job"),
    ],
)
def test_an_alert_costs_by_its_series_or_by_how_often_it_looks(
    tmp_path: Path, part: str, alert: dict[str, Any], month: str, what: str
) -> None:
    found = whole(tmp_path, {part: {"mine": alert}}, Prices())
    (line,) = (line for line in found.lines if line.address.name == "mine")
    assert line.after is not None
    assert (round(line.after.month.expected, 6), line.after.what) == (Decimal(month), what)


def test_what_logs_cost_is_unknown_until_a_price_file_says_it(tmp_path: Path) -> None:
    unknown = whole(tmp_path, {}, Prices())
    assert unknown.after.unknown == ("the price of logs, as meters.logs of a price file",)
    known = whole(tmp_path, {}, Prices(meters={"logs": Meter(Decimal(0), Decimal("2.76"))}))
    assert [line.after.what for line in known.lines if line.after] == [
        "by what comes in, and 2.76 USD for each GB through it"
    ]


def test_in_another_currency_alerts_have_no_price_of_their_own(tmp_path: Path) -> None:
    found = whole(tmp_path, {"workspace": "none", "logs": {}, "metricAlerts": {"mine": FAILED}}, Prices("EUR"))
    assert found.after.unknown == ("the price of metricAlert, as meters.metricAlert of a price file",)
