"""Microsoft.Insights metric alerts: rules over metrics of resources.

The text for an unknown metric is that of Azure's metrics; the others are inferred.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from azure_local import serving, tracked
from azure_local.azure import Azure
from azure_local.common import registered
from azure_local.http import Answer, Call
from azure_local.insights import catalogue, rules
from azure_local.insights.rules import refused
from azure_local.insights.targets import Target
from azure_local.shapes import Shapes, load, malformed
from azure_local.tracked import Changing, Deleting, Document, Making, Provider, Type

METRIC_ALERT = Type(
    provider=Provider("Microsoft.Insights", Shapes(load("insights-metrics"), malformed)),
    name="Microsoft.Insights/metricAlerts",
    store="metricAlert",
    versions=("2018-03-01", "2026-01-01"),
    shape="MetricAlert",
    naming=r"[^*#&+:<>?@%{}\\/|]{0,259}[^*#&+:<>?@%{}\\/|. ]",
    world=True,
    making=Making.AT_ONCE,
    changing=Changing.AT_ONCE,
    deleting=Deleting.AT_ONCE,
)
FREQUENCIES = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H")
WINDOWS = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "PT12H", "P1D")
CRITERIA = "Microsoft.Azure.Monitor."
SINGLE, MULTIPLE = (
    f"{CRITERIA}SingleResourceMultipleMetricCriteria",
    f"{CRITERIA}MultipleResourceMultipleMetricCriteria",
)
DYNAMIC = "DynamicThresholdCriterion"


def unknown_metric(arm_type: str, name: str) -> str:
    namespace, _, kind = arm_type.partition("/")
    seen = catalogue.of(arm_type)
    valid = ",".join(metric.name for metric in seen.metrics) if seen else ""
    text = f"Failed to find metric configuration for provider: {namespace}, resource Type: {kind}, metric: {name}, "
    return f"{text}Valid metrics: {valid}"


def _checked(azure: Azure, properties: Document) -> Document:
    """The properties with Azure's defaults. Failure for a rule that cannot be evaluated."""
    rules.check_severity(properties)
    every = rules.span(properties, "evaluationFrequency", FREQUENCIES)
    window = rules.span(properties, "windowSize", WINDOWS)
    if window < every:
        raise refused("The windowSize must not be shorter than the evaluationFrequency.")
    targets = rules.watched(azure, properties["scopes"])
    criteria = properties["criteria"]
    if criteria["odata.type"] not in (SINGLE, MULTIPLE):
        raise refused("Web tests are not offered by the local Azure.")
    if len(targets) > 1 and criteria["odata.type"] == SINGLE:
        raise refused("A rule over several resources needs MultipleResourceMultipleMetricCriteria.")
    _check_criteria(targets, criteria.get("allOf", []), window)
    rules.check_groups(azure, [one["actionGroupId"] for one in properties.get("actions", []) if "actionGroupId" in one])
    return {"autoMitigate": True, "actions": [], "targetResourceType": "", "targetResourceRegion": "", **properties}


def _check_criteria(targets: list[Target], criteria: list[dict[str, Any]], window: float) -> None:
    if not 1 <= len(criteria) <= 5:
        raise refused("A rule has from one to five criteria.")
    if len({one["name"].lower() for one in criteria}) < len(criteria):
        raise refused("The names of criteria must be unique.")
    for one in criteria:
        if one["criterionType"] == DYNAMIC:
            _check_dynamic(one, len(criteria), window)
        for target in targets:
            _check_metric(target, one)


def _check_dynamic(criterion: dict[str, Any], criteria: int, window: float) -> None:
    """Documented: a dynamic threshold stands alone, over five minutes or more; failing periods are one to six."""
    periods = criterion["failingPeriods"]
    most, least = periods["numberOfEvaluationPeriods"], periods["minFailingPeriodsToAlert"]
    if criteria > 1:
        raise refused("A rule with a dynamic threshold has one criterion.")
    if window < 300:
        raise refused("A dynamic threshold needs a windowSize of PT5M or more.")
    if not 1 <= least <= most <= 6:
        raise refused("minFailingPeriodsToAlert must be from 1 to numberOfEvaluationPeriods, which is at most 6.")


def _check_metric(target: Target, criterion: dict[str, Any]) -> None:
    """Failure 400 for a metric that the resource does not have, or dimensions that the metric does not have."""
    if criterion.get("skipMetricValidation"):
        return
    namespace = str(criterion.get("metricNamespace") or target.type)
    metric = catalogue.metric(target.type, criterion["metricName"])
    if metric is None or namespace.lower() != target.type.lower():
        raise refused(unknown_metric(namespace, criterion["metricName"]))
    for dimension in criterion.get("dimensions", []):
        if dimension["name"].lower() not in [name.lower() for name in metric.dimensions]:
            text = f"Metric '{metric.name}' does not have the dimension '{dimension['name']}'. "
            raise refused(f"{text}Supported dimensions: {','.join(metric.dimensions)}")
        if dimension["operator"].lower() not in ("include", "exclude") or not dimension["values"]:
            raise refused(f"The dimension '{dimension['name']}' needs the operator Include or Exclude, and values.")


async def put(azure: Azure, call: Call) -> Answer:
    registered(azure, METRIC_ALERT.namespace)
    body = tracked.body(azure, call, METRIC_ALERT)
    body["properties"] = _checked(azure, body["properties"])
    return replace(tracked.keep(azure, call, METRIC_ALERT, body), status=200)


async def patch(azure: Azure, call: Call) -> Answer:
    document, changes = tracked.lookup(azure, call, METRIC_ALERT), tracked.changes(call, METRIC_ALERT)
    resource = document["resource"]
    properties = _checked(azure, {**resource["properties"], **changes.pop("properties")})
    resource |= {**changes, "location": resource["location"], "properties": properties}
    return tracked.update(azure, METRIC_ALERT, document)


SERVICE = serving.service(METRIC_ALERT, put=put, patch=patch)
