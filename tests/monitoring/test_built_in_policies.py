"""Azure's two built-in policies for Batch, stated as they were published, against what one line of a spec asks for.

Source: github.com/Azure/azure-policy, Batch_AuditDiagnosticLog_Audit.json and Batch_AuditMetricAlerts_Audit.json. The
latter looks for the classic alert rules, which ended; what it asks of them is asked here of metric alerts.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from reconciler.engine import graph
from reconciler.kinds import KINDS, load
from tests.documents import dumped
from tests.kinds.cases import MINIMAL


def bodies(folder: Path, monitoring: Any) -> dict[str, list[dict[str, Any]]]:
    """Kind → the properties of what a spec asks for."""
    path = folder / "spec.yaml"
    path.write_text(dumped({**MINIMAL, "batchAccount": {"name": "bacase01"}, "monitoring": monitoring}))
    found: dict[str, list[dict[str, Any]]] = {}
    for desired in graph.build(load(path, {}, "local"), KINDS).values():
        found.setdefault(desired.address.kind, []).append(dict(desired.body.get("properties") or {}))
    return found


def has_logs(settings: Iterable[dict[str, Any]]) -> bool:
    """Some log is enabled, and without a retention, or with no storage account that would need one."""
    return any(
        log["enabled"] and (not log.get("retentionPolicy", {}).get("enabled") or not setting.get("storageAccountId"))
        for setting in settings
        for log in setting["logs"]
    )


def has_alert(alerts: Iterable[dict[str, Any]], metric: str, account: str) -> bool:
    """Some rule is enabled, on this metric, of this account."""
    return any(
        alert["enabled"]
        and [scope.rpartition("/")[2] for scope in alert["scopes"]] == [account]
        and metric in [one["metricName"] for one in alert["criteria"]["allOf"]]
        for alert in alerts
    )


def test_one_line_satisfies_both(tmp_path: Path) -> None:
    found = bodies(tmp_path, {"notify": {"ops": {"mail": ["ops@contoso.com"]}}})
    assert has_logs(found["diagnostic_setting"])
    assert has_alert(found["metric_alert"], "TaskFailEvent", "bacase01")


@pytest.mark.parametrize("metric", ["PoolDeleteStartEvent", "PoolDeleteCompleteEvent"])
def test_an_assignment_that_names_another_metric_is_satisfied_by_an_alert_on_it(metric: str, tmp_path: Path) -> None:
    """Which metric is a parameter of whoever assigns it; these two are what Microsoft's own initiatives name."""
    plain = bodies(tmp_path, {})
    assert not has_alert(plain["metric_alert"], metric, "bacase01")
    own = bodies(tmp_path, {"metricAlerts": {"pools-deleted": {"metricName": metric, "threshold": 0}}})
    assert has_alert(own["metric_alert"], metric, "bacase01")


def test_what_has_neither_satisfies_neither(tmp_path: Path) -> None:
    found = bodies(tmp_path, {"workspace": "none", "presets": []})
    assert not has_logs(found.get("diagnostic_setting", ()))
    assert not has_alert(found.get("metric_alert", ()), "TaskFailEvent", "bacase01")
