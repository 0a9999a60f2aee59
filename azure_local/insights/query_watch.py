"""Looks at logs as a scheduled query rule says, at a moment of simulated time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from azure_local.azure import Azure
from azure_local.batch.shapes import seconds
from azure_local.clock import stamp
from azure_local.insights import conditions, targets
from azure_local.insights.conditions import Finding
from azure_local.insights.series import Cell, together
from azure_local.insights.tables import logs_of
from azure_local.insights.targets import Target
from azure_local.kusto import engine

Labels = tuple[tuple[str, str], ...]


def look(azure: Azure, properties: Mapping[str, Any], at: datetime, end: datetime) -> Iterator[Finding]:
    """What the rule finds at the moment `at` in its windows, the last of which ends at `end`. QueryError."""
    (criterion,) = properties["criteria"]["allOf"]
    target = targets.find(azure, properties["scopes"][0])
    if target is None:
        return
    window = timedelta(seconds=seconds(properties["windowSize"]) or 300)
    periods = criterion["failingPeriods"]
    failing: dict[Labels, int] = defaultdict(int)
    newest: dict[Labels, float] = {}
    for number in range(periods["numberOfEvaluationPeriods"]):
        until = end - number * window
        found = _measured(azure, target, criterion, at, (until - window, until))
        for labels, value in found.items():
            failing[labels] += conditions.exceeds(value, criterion["operator"], criterion["threshold"])
            newest.setdefault(labels, value)
    for labels, value in newest.items():
        met = failing[labels] >= periods["minFailingPeriodsToAlert"]
        yield Finding(target.id, met, dict(labels), (_told(criterion, labels, value, properties),))


def _measured(
    azure: Azure, target: Target, criterion: Mapping[str, Any], at: datetime, window: tuple[datetime, datetime]
) -> dict[Labels, float]:
    """Dimensions with their values → the measure of the query's rows; without dimensions there is always one."""
    since, until = map(stamp, window)
    answer = engine.run(criterion["query"], logs_of(azure, target, at, since, until), window[1])
    groups: dict[Labels, list[dict[str, Any]]] = {} if criterion["dimensions"] else {(): []}
    for row in answer.rows:
        labels = tuple((one["name"], str(row.get(one["name"], ""))) for one in criterion["dimensions"])
        if all(_fits(one, value) for one, (_, value) in zip(criterion["dimensions"], labels, strict=True)):
            groups.setdefault(labels, []).append(row)
    measures = ((labels, _measure(criterion, some)) for labels, some in groups.items())
    return {labels: value for labels, value in measures if value is not None}


def _fits(dimension: Mapping[str, Any], value: str) -> bool:
    among = "*" in dimension["values"] or value in dimension["values"]
    return among if dimension["operator"] == "Include" else not among


def _measure(criterion: Mapping[str, Any], found: list[dict[str, Any]]) -> float | None:
    """The number of rows, or an aggregate of a column of them; None if there is nothing to aggregate."""
    if criterion["timeAggregation"] == "Count":
        return len(found)
    cells = (Cell.of(float(row[criterion["metricMeasureColumn"]] or 0)) for row in found)
    cell = together(cells)
    return cell.value(criterion["timeAggregation"]) if cell else None


def _told(criterion: Mapping[str, Any], labels: Labels, value: float, properties: Mapping[str, Any]) -> dict[str, Any]:
    """A criterion as the common alert schema has it."""
    return {
        "searchQuery": criterion["query"],
        "metricMeasureColumn": criterion.get("metricMeasureColumn"),
        "targetResourceTypes": str(properties.get("targetResourceTypes", [])),
        "operator": criterion["operator"],
        "threshold": f"{criterion['threshold']:g}",
        "timeAggregation": criterion["timeAggregation"],
        "dimensions": [{"name": name, "value": one} for name, one in labels],
        "metricValue": value,
        "failingPeriods": criterion["failingPeriods"],
    }
