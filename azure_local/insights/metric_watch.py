"""Looks at metrics as a metric alert says, at a moment of simulated time.

Inferred: where nothing was measured, a count or a total is zero, and nothing else is met.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from azure_local.azure import Azure
from azure_local.batch.shapes import seconds
from azure_local.insights import catalogue, conditions, measuring, metrics, series, targets
from azure_local.insights.conditions import Finding
from azure_local.insights.metric_alerts import DYNAMIC
from azure_local.insights.targets import Target

HISTORY = 10
"""Days of which a dynamic threshold learns."""
Labels = tuple[tuple[str, str], ...]
Found = dict[Labels, tuple[bool, dict[str, Any]]]
"""Dimensions with their values → whether a criterion is met there, and how an alert tells of it."""


def look(azure: Azure, properties: Mapping[str, Any], end: int) -> Iterator[Finding]:
    """What the rule finds in its window, which ends before the minute `end`."""
    window = int((seconds(properties["windowSize"]) or 60) // 60)
    for scope in properties["scopes"]:
        target = targets.find(azure, scope)
        if target is not None:
            found = [_judged(azure, target, one, window, end) for one in properties["criteria"]["allOf"]]
            yield from _together(target, found)


def _together(target: Target, found: list[Found]) -> Iterator[Finding]:
    """Criteria are met together, for each combination of dimensions; one without dimensions is met for all of them."""
    for labels in dict.fromkeys(labels for one in found for labels in one):
        judged = [one.get(labels) or one.get(()) or (False, {}) for one in found]
        met = all(yes for yes, _ in judged)
        if labels or all(() in one for one in found):
            yield Finding(target.id, met, dict(labels), tuple(part for _, part in judged if part))


def _judged(azure: Azure, target: Target, criterion: Mapping[str, Any], window: int, end: int) -> Found:
    metric = catalogue.metric(target.type, criterion["metricName"])
    if metric is None:
        return {}
    dimensions = criterion.get("dimensions", [])
    wanted = {
        one["name"].lower(): one["values"] if one["operator"].lower() == "include" else ["*"] for one in dimensions
    }
    unwanted = {one["name"].lower(): one["values"] for one in dimensions if one["operator"].lower() == "exclude"}
    dynamic = criterion["criterionType"] == DYNAMIC
    periods = criterion["failingPeriods"]["numberOfEvaluationPeriods"] if dynamic else 1
    start = end - (HISTORY * 1440 if dynamic else window * periods)
    measured = measuring.read(azure, target, metric, start, end)
    found: Found = {}
    for labels, one in metrics.split(metric, measured, wanted):
        if not any(labels[name].lower() in _lower(unwanted.get(name.lower(), [])) for name in labels):
            key = tuple(labels.items())
            judge = _dynamic if dynamic else _static
            found[key] = judge(criterion, one, window, end, key)
    if not wanted and not found:
        found[()] = (_dynamic if dynamic else _static)(criterion, {}, window, end, ())
    return found


def _lower(texts: list[str]) -> list[str]:
    return [text.lower() for text in texts]


def _value(criterion: Mapping[str, Any], measured: series.Series, start: int, end: int) -> float | None:
    cell = series.together(measured[at] for at in range(start, end) if at in measured)
    aggregation = criterion["timeAggregation"]
    if cell is None:
        return 0 if aggregation in ("Count", "Total") else None
    return cell.value(aggregation)


def _static(
    criterion: Mapping[str, Any], measured: series.Series, window: int, end: int, labels: Labels
) -> tuple[bool, dict[str, Any]]:
    value = _value(criterion, measured, end - window, end)
    met = value is not None and conditions.exceeds(value, criterion["operator"], criterion["threshold"])
    return met, _told(criterion, labels, value, criterion["threshold"])


def _dynamic(
    criterion: Mapping[str, Any], measured: series.Series, window: int, end: int, labels: Labels
) -> tuple[bool, dict[str, Any]]:
    """Whether enough of the last windows are outside of what is usual before them."""
    periods = criterion["failingPeriods"]
    number, least = periods["numberOfEvaluationPeriods"], periods["minFailingPeriodsToAlert"]
    newest = end - number * window
    first = max(newest - HISTORY * 1440, min(measured, default=newest))
    values = (_value(criterion, measured, at, at + window) for at in range(first, newest - window + 1, window))
    usual = conditions.band([value for value in values if value is not None], criterion["alertSensitivity"])
    last = [_value(criterion, measured, newest + at * window, newest + (at + 1) * window) for at in range(number)]
    if usual is None or newest - first < conditions.DAYS * 1440:
        return False, _told(criterion, labels, last[-1], None)
    failing = [value is not None and conditions.outside(value, criterion["operator"], usual) for value in last]
    return sum(failing) >= least, _told(criterion, labels, last[-1], usual[1])


def _told(criterion: Mapping[str, Any], labels: Labels, value: float | None, threshold: float | None) -> dict[str, Any]:
    """A criterion as the common alert schema has it."""
    return {
        "metricName": criterion["metricName"],
        "metricNamespace": criterion.get("metricNamespace") or catalogue.BATCH,
        "operator": criterion["operator"],
        "threshold": None if threshold is None else f"{threshold:g}",
        "timeAggregation": criterion["timeAggregation"],
        "dimensions": [{"name": name, "value": value} for name, value in labels],
        "metricValue": value,
        "webTestName": None,
    }
