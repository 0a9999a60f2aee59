"""What a metric alert compares: its criteria as Azure has them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.azure.monitor import BATCH, EVENTS
from reconciler.kinds.monitoring.wanted import MetricAlert

MONITOR = "Microsoft.Azure.Monitor"
SINGLE, MULTIPLE = (f"{MONITOR}.{form}ResourceMultipleMetricCriteria" for form in ("Single", "Multiple"))
FAILING = {"numberOfEvaluationPeriods": 4, "minFailingPeriodsToAlert": 4}
"""How many of the last windows must be unusual: as the portal has it."""


def aggregation(alert: MetricAlert) -> str:
    """What is made of the points of a window, where the alert does not say it."""
    if said := alert.get("timeAggregation"):
        return said
    metric = alert["metricName"]
    return "Count" if metric in EVENTS else "Total" if metric == "ApiCount" else "Average"


def criteria(alert: MetricAlert) -> dict[str, Any]:
    dimensions = [
        {"name": name, "operator": "Include", "values": sorted(values)}
        for name, values in sorted(alert["dimensions"].items())
    ]
    compared = {
        "metricName": alert["metricName"],
        "timeAggregation": aggregation(alert),
        "operator": alert["operator"],
    }
    metric = {"dimensions": dimensions, "name": alert["metricName"], "metricNamespace": BATCH}
    if sensitivity := alert.get("alertSensitivity"):
        usual = {"alertSensitivity": sensitivity, "failingPeriods": FAILING}
        criterion = {**compared, **usual, **metric, "criterionType": "DynamicThresholdCriterion"}
        return {"odata.type": MULTIPLE, "allOf": [criterion]}
    limit = {"threshold": alert.get("threshold")}
    return {
        "odata.type": SINGLE,
        "allOf": [{**compared, **limit, **metric, "criterionType": "StaticThresholdCriterion"}],
    }


def seen(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A criterion as Azure shows it, with lists in one order and no usual values."""
    kept = {key: value for key, value in raw.items() if (key, value) != ("skipMetricValidation", False)}
    dimensions = ({**one, "values": sorted(one["values"])} for one in raw.get("dimensions") or ())
    kept["dimensions"] = sorted(dimensions, key=lambda one: str(one["name"]))
    if str(kept.get("metricNamespace", "")).lower() == BATCH.lower():
        kept["metricNamespace"] = BATCH
    threshold = kept.get("threshold")
    return {**kept, "threshold": int(threshold)} if isinstance(threshold, float) and threshold % 1 == 0 else kept
