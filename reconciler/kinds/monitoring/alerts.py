"""Checks of alerts, those of a spec and presets as a spec changes them: what Azure refuses, and what can never fire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.azure import durations
from reconciler.azure.monitor import EVENTS, METRIC_FREQUENCIES, METRIC_WINDOWS, METRICS, QUOTAS
from reconciler.errors import Problem
from reconciler.kinds.monitoring import kql, metric_criteria
from reconciler.kinds.monitoring.presets import PRESETS, Preset
from reconciler.kinds.monitoring.wanted import SECTION, MetricAlert, Monitoring, QueryRule
from reconciler.spec.document import Document
from reconciler.spec.references import nearest
from reconciler.spec.schema import Path_
from reconciler.spec.spec import Spec

NEVER = {"LessThan": 0, "LessThanOrEqual": -1, "Equals": -1}
"""Operator → up to which threshold no number of things fulfils it."""
ALWAYS = {"GreaterThan": -1, "GreaterThanOrEqual": 0}
"""Operator → up to which threshold every number of things fulfils it."""


NO_COLUMN = "is no column that the query ends with, so this never fires"


def problems(document: Document, spec: Spec, section: Monitoring) -> Iterator[Problem]:
    groups = section["notify"]
    for name, alert in section["metricAlerts"].items():
        path: Path_ = (SECTION, "metricAlerts", name)
        yield from _named(document, path, alert, groups)
        yield from _metric(document, path, spec, alert)
        yield from _lengths(document, path, alert["windowSize"], alert["evaluationFrequency"])
    for name, rule in section["scheduledQueryRules"].items():
        path = (SECTION, "scheduledQueryRules", name)
        yield from _named(document, path, rule, groups)
        yield from _query(document, path, rule)
        yield from _lengths(document, path, rule["windowSize"], rule["evaluationFrequency"])
    for name, said in section["presets"].items():
        if isinstance(said, Mapping):
            path = (SECTION, "presets", name)
            yield from _named(document, path, said, groups)
            yield from _preset(document, path, PRESETS[name], said)
    if isinstance(health := section["serviceHealth"], dict):
        yield from _named(document, (SECTION, "serviceHealth"), health, groups)


def _named(document: Document, path: Path_, alert: Mapping[str, Any], groups: Mapping[str, Any]) -> Iterator[Problem]:
    for index, name in enumerate(alert.get("notify", ())):
        if name not in groups:
            message = f"there is no {name} in notify{nearest(name, groups)}"
            yield document.problem((*path, "notify", index), message)


def _metric(document: Document, path: Path_, spec: Spec, alert: MetricAlert) -> Iterator[Problem]:
    metric, dynamic = alert["metricName"], "alertSensitivity" in alert
    if dynamic == ("threshold" in alert):
        message = "has threshold and alertSensitivity, which exclude each other; take one away"
        yield document.problem(path, message if dynamic else "must have threshold, or alertSensitivity", at_key=True)
    if alert["operator"] == "GreaterOrLessThan" and not dynamic:
        message = "is only for alertSensitivity; write GreaterThan or LessThan"
        yield document.problem((*path, "operator"), message)
    if dynamic and alert["operator"] not in ("GreaterThan", "LessThan", "GreaterOrLessThan"):
        message = "is not for alertSensitivity; write GreaterThan, LessThan or GreaterOrLessThan"
        yield document.problem((*path, "operator"), message)
    if dynamic and alert["evaluationFrequency"] == "PT1M":
        yield document.problem((*path, "evaluationFrequency"), "is too often for alertSensitivity; write PT5M or more")
    yield from _part(document, (*path, "threshold"), metric, alert["operator"], alert.get("threshold"))
    if metric in EVENTS and metric_criteria.aggregation(alert) not in ("Count", "Total"):
        message = f"says nothing of {metric}, whose points are events; write Count"
        yield document.problem((*path, "timeAggregation"), message)
    if isinstance(threshold := alert.get("threshold"), int):
        yield from _possible(document, (*path, "threshold"), alert["operator"], threshold)
    yield from _dimensions(document, path, spec, alert)


def _part(
    document: Document, path: Path_, metric: str, operator: str, threshold: int | str | None
) -> Iterator[Problem]:
    if isinstance(threshold, str) and metric not in QUOTAS:
        message = f"is a part of a quota, and {metric} has none; write a number, or metricName: {' or '.join(QUOTAS)}"
        yield document.problem(path, message)
    elif threshold == "100%" and operator == "GreaterThan":
        yield document.problem(path, "can never fire: no account has more than its quota; write 95% or less")


def _dimensions(document: Document, path: Path_, spec: Spec, alert: MetricAlert) -> Iterator[Problem]:
    known = METRICS[alert["metricName"]]
    for name, values in alert["dimensions"].items():
        here = (*path, "dimensions", name)
        if name not in known:
            has = f"has {' and '.join(known)}{nearest(name, known)}" if known else "has none; ask the logs instead"
            yield document.problem(here, f"is no dimension of {alert['metricName']}, which {has}", at_key=True)
            continue
        there = {"poolId": spec.pools, "jobId": spec.jobs}.get(name)
        for index, value in enumerate(values):
            if there is not None and value != "*" and value not in there and not _others(spec):
                kind = "pool" if name == "poolId" else "job"
                message = f"the spec has no {kind} {value}, so this never fires{nearest(value, there)}"
                yield document.problem((*here, index), message)


def _others(spec: Spec) -> bool:
    """Whether others may have pools and jobs in the account."""
    return bool(spec.batch_account and spec.batch_account["existing"])


def _query(document: Document, path: Path_, rule: QueryRule) -> Iterator[Problem]:
    if reason := kql.fault(rule["query"]):
        yield document.problem((*path, "query"), f"cannot be read: {reason}")
    counted, column = rule["timeAggregation"] == "Count", "metricMeasureColumn" in rule
    if counted == column:
        needless = "is not for Count, which counts rows; take it out, or write timeAggregation: Total"
        missing = "needs metricMeasureColumn: NAME, the column that it is about"
        where = (*path, "metricMeasureColumn" if column else "timeAggregation")
        yield document.problem(where, needless if column else missing)
    if counted:
        yield from _possible(document, (*path, "threshold"), rule["operator"], rule["threshold"])
    elif column and kql.lacks(rule["query"], rule["metricMeasureColumn"]):
        yield document.problem((*path, "metricMeasureColumn"), f"{NO_COLUMN}: {rule['metricMeasureColumn']}")
    for index, dimension in enumerate(rule["dimensions"]):
        if kql.lacks(rule["query"], dimension):
            yield document.problem((*path, "dimensions", index), f"{NO_COLUMN}: {dimension}")


def _possible(document: Document, path: Path_, operator: str, threshold: int) -> Iterator[Problem]:
    """Numbers of things are 0 or more."""
    if threshold <= NEVER.get(operator, -(10**9)):
        yield document.problem(path, f"can never fire: no number is {_words(operator)} {threshold}; raise it")
    elif threshold <= ALWAYS.get(operator, -(10**9)):
        yield document.problem(path, f"fires always: every number is {_words(operator)} {threshold}; raise it")


def _words(operator: str) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in operator).strip()


def _preset(document: Document, path: Path_, preset: Preset, said: Mapping[str, Any]) -> Iterator[Problem]:
    window = said.get("windowSize", preset.window)
    frequency = said.get("evaluationFrequency", preset.every)
    threshold = said.get("threshold", preset.threshold)
    if preset.query and isinstance(threshold, str):
        yield document.problem((*path, "threshold"), "is a part of a quota, and this counts rows; write a number")
    elif not preset.query:
        yield from _part(document, (*path, "threshold"), preset.metric, preset.operator, threshold)
        for key, value, known in (
            ("windowSize", window, METRIC_WINDOWS),
            ("evaluationFrequency", frequency, METRIC_FREQUENCIES),
        ):
            if value not in known:
                message = f"is {value}; of an alert about a metric it can be {', '.join(known)}"
                yield document.problem((*path, key), message)
    if isinstance(threshold, int):
        yield from _possible(document, (*path, "threshold"), preset.operator, threshold)
    yield from _lengths(document, path, window, frequency)
    if (durations.seconds(window) or 0) <= (durations.seconds(preset.beyond) or 0):
        message = f"can never fire: it looks for what lasts {preset.beyond}, so the window must be longer"
        yield document.problem((*path, "windowSize"), f"{message}; write {preset.window}")


def _lengths(document: Document, path: Path_, window: str, frequency: str) -> Iterator[Problem]:
    if (durations.seconds(window) or 0) < (durations.seconds(frequency) or 0):
        message = f"is shorter than evaluationFrequency {frequency}: what happens between two looks is never seen"
        yield document.problem((*path, "windowSize"), f"{message}; write {frequency} or more")


def advice(section: Monitoring) -> Iterator[tuple[Path_, str]]:
    """Alerts about metrics that rest on single points, or on points that do not come."""
    for name, alert in section["metricAlerts"].items():
        path: Path_ = (SECTION, "metricAlerts", name)
        if (durations.seconds(alert["windowSize"]) or 0) < 600:
            words = "metrics of Batch may be minutes late, doubled or lost, so write PT15M or more"
            yield (*path, "windowSize"), words
        if alert["metricName"] in EVENTS and alert["operator"] in ("LessThan", "LessThanOrEqual", "Equals"):
            words = f"{alert['metricName']} has no points while nothing happens, and then nothing is compared"
            yield (*path, "operator"), f"{words}; write a scheduledQueryRules entry"
