"""What alerts and logs cost, from their bodies. Pure.

A metric alert is paid for by the time series that it looks at, a log alert by how often it looks; each value of a
dimension is a series more. How many values `*` has shows only in time, so these are told and not counted. That a log
alert which looks less often than every 15 minutes has the price of that is inferred.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod
from typing import Any

from reconciler.azure import durations
from reconciler.cost.use import Standing
from reconciler.model import Body
from reconciler.words import duration

LOG_ALERTS = {60: "logAlert1Minute", 300: "logAlert5Minutes", 600: "logAlert10Minutes"}
"""Seconds from look to look → meter."""


def metric(body: Body) -> Standing:
    criteria = body["properties"]["criteria"]["allOf"]
    dynamic = any(one.get("criterionType") == "DynamicThresholdCriterion" for one in criteria)
    number = sum(prod(len(dimension["values"]) for dimension in one.get("dimensions") or ()) for one in criteria)
    return Standing("metricAlertDynamic" if dynamic else "metricAlert", number, f"{number} series{_more(criteria)}")


def log(body: Body) -> Standing:
    properties = body["properties"]
    every = durations.seconds(properties["evaluationFrequency"]) or 0
    what = f"a look each {duration(every)}{_more(properties['criteria']['allOf'])}"
    return Standing(LOG_ALERTS.get(every, "logAlert15Minutes"), 1, what)


def workspace(body: Body) -> Standing:
    return Standing("logs", 1, "by what comes in")


def _more(criteria: Iterable[Mapping[str, Any]]) -> str:
    """Of which dimensions nobody knows beforehand how many values they have."""
    names = dict.fromkeys(str(one["name"]) for part in criteria for one in part.get("dimensions") or () if _any(one))
    return f", more with each {' and '.join(names)}" if names else ""


def _any(dimension: Mapping[str, Any]) -> bool:
    return "*" in dimension["values"]
