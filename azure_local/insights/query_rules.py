"""Microsoft.Insights scheduled query rules: alerts over what a query finds in a workspace.

Inferred: the texts of refusals.
"""

from __future__ import annotations

from typing import Any

from azure_local import serving, tracked
from azure_local.azure import Azure
from azure_local.common import registered
from azure_local.http import Answer, Call
from azure_local.insights import rules
from azure_local.insights.rules import refused
from azure_local.insights.tables import logs_of
from azure_local.insights.targets import Target
from azure_local.kusto import engine
from azure_local.kusto.errors import QueryError, place
from azure_local.shapes import Shapes, load, malformed
from azure_local.tracked import Changing, Deleting, Document, Making, Provider, Type

QUERY_RULE = Type(
    provider=Provider("Microsoft.Insights", Shapes(load("insights-queries"), malformed)),
    name="Microsoft.Insights/scheduledQueryRules",
    store="queryRule",
    versions=("2023-12-01", "2026-03-01"),
    shape="ScheduledQueryRule",
    naming=r"[^*<>%{}&:\\?/#|]{0,259}[^*<>%{}&:\\?/#|. ]",
    making=Making.AT_ONCE,
    changing=Changing.AT_ONCE,
    deleting=Deleting.AT_ONCE,
)
FREQUENCIES = (
    "PT1M",
    "PT5M",
    "PT10M",
    "PT15M",
    "PT30M",
    "PT45M",
    "PT1H",
    "PT2H",
    "PT3H",
    "PT4H",
    "PT5H",
    "PT6H",
    "P1D",
)
WINDOWS = (*FREQUENCIES, "P2D")
NEEDED = ("severity", "evaluationFrequency", "windowSize", "scopes", "criteria")
OPERATORS = ("Equals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual")
PERIODS = {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1}


def _checked(azure: Azure, resource: Document) -> Document:
    """The properties with Azure's defaults. Failure for a rule that cannot be evaluated."""
    properties: Document = resource["properties"]
    if resource.get("kind", "LogAlert") != "LogAlert":
        raise refused(f"Rules of the kind {resource['kind']} are not offered by the local Azure.")
    for name in NEEDED:
        if name not in properties:
            raise refused(f"Required property {name} is missing.")
    rules.check_severity(properties)
    every = rules.span(properties, "evaluationFrequency", FREQUENCIES)
    window = rules.span(properties, "windowSize", WINDOWS)
    if window < every:
        raise refused("The windowSize must not be shorter than the evaluationFrequency.")
    if len(properties["scopes"]) != 1:
        raise refused("A log alert rule has exactly one scope.")
    (target,) = rules.watched(azure, properties["scopes"])
    if target.region != resource["location"]:
        raise refused(f"The rule must be in the region of its scope, which is '{target.region}'.")
    if "overrideQueryTimeRange" in properties:
        raise refused("overrideQueryTimeRange is not offered by the local Azure.")
    rules.check_groups(azure, properties.get("actions", {}).get("actionGroups", []))
    criteria = [_criterion(one) for one in properties["criteria"].get("allOf", [])]
    if len(criteria) != 1:
        raise refused("A log alert rule has exactly one criterion.")
    if not properties.get("skipQueryValidation"):
        _check_query(azure, target, criteria[0])
    defaults = {"enabled": True, "autoMitigate": True, "skipQueryValidation": False}
    return {**defaults, **properties, "criteria": {"allOf": criteria}}


def _criterion(criterion: dict[str, Any]) -> dict[str, Any]:
    """A criterion with Azure's defaults. Failure 400 for one that cannot be evaluated."""
    if criterion.get("criterionType", "StaticThresholdCriterion") != "StaticThresholdCriterion":
        raise refused("Dynamic thresholds of queries are not offered by the local Azure.")
    for name in ("query", "timeAggregation", "operator", "threshold"):
        if criterion.get(name) in (None, ""):
            raise refused(f"Required property criteria.allOf.{name} is missing.")
    if criterion["operator"] not in OPERATORS:
        raise refused(f"The operator '{criterion['operator']}' needs a dynamic threshold.")
    if criterion["timeAggregation"] != "Count" and not criterion.get("metricMeasureColumn"):
        raise refused(f"The aggregation '{criterion['timeAggregation']}' needs a metricMeasureColumn.")
    periods = {**PERIODS, **criterion.get("failingPeriods", {})}
    if not 1 <= periods["minFailingPeriodsToAlert"] <= periods["numberOfEvaluationPeriods"] <= 6:
        raise refused("minFailingPeriodsToAlert must be from 1 to numberOfEvaluationPeriods, which is at most 6.")
    return {"dimensions": [], **criterion, "failingPeriods": periods}


def _check_query(azure: Azure, target: Target, criterion: dict[str, Any]) -> None:
    """Failure 400 for a query that cannot be run, or has not the columns that the criterion names."""
    query, now = criterion["query"], azure.clock.now()
    try:
        columns = engine.check(query, logs_of(azure, target, now), now)
    except QueryError as error:
        line, column = place(query, error.at)
        raise refused(
            f"The query did not pass validation. {error.kind}: {error.message} on line [{line},{column}]"
        ) from None
    named = [one["name"] for one in criterion["dimensions"]]
    for name in [*named, *([criterion["metricMeasureColumn"]] if criterion.get("metricMeasureColumn") else [])]:
        if name not in columns:
            raise refused(f"The query's result has no column '{name}'; it has {', '.join(columns)}.")


async def put(azure: Azure, call: Call) -> Answer:
    registered(azure, QUERY_RULE.namespace)
    body = tracked.body(azure, call, QUERY_RULE)
    body |= {"kind": body.get("kind", "LogAlert"), "properties": _checked(azure, body)}
    return tracked.keep(azure, call, QUERY_RULE, body)


async def patch(azure: Azure, call: Call) -> Answer:
    document, changes = tracked.lookup(azure, call, QUERY_RULE), tracked.changes(call, QUERY_RULE)
    resource = document["resource"]
    changed = {**resource, **changes, "properties": {**resource["properties"], **changes["properties"]}}
    resource |= {**changes, "location": resource["location"], "properties": _checked(azure, changed)}
    return tracked.update(azure, QUERY_RULE, document)


SERVICE = serving.service(QUERY_RULE, put=put, patch=patch)
