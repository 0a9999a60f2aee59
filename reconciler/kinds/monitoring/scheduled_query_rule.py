"""A log alert: a query over the workspace, whose rows are counted, or one of whose columns is summed up, at intervals.

All of it changes in place. Azure refuses a query about a column that the workspace does not have yet, so it is told not
to try it; spec checks look at its brackets and quotes. What Azure fills in beside is inferred from its schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.cloud import arm
from reconciler.cost.use import standing
from reconciler.kind import ArmType, Kind
from reconciler.kind.arm import Plain, Raw
from reconciler.kind.inverse import Inverse, Known, Section
from reconciler.kind.words import Unsayable, without
from reconciler.kinds.monitoring import costs, saying, wanted
from reconciler.kinds.monitoring.wanted import QueryRule
from reconciler.model import Address, Body, Desired, Observed, Rule
from reconciler.spec.schema import defaults
from reconciler.spec.spec import Spec

NAME = "scheduled_query_rule"
ARM = ArmType("Microsoft.Insights/scheduledQueryRules", "2026-03-01", rare=True)
CHANGEABLE = (
    "actions", "autoMitigate", "checkWorkspaceAlertsStorageConfigured", "criteria", "description", "displayName",
    "enabled", "evaluationFrequency", "muteActionsDuration", "overrideQueryTimeRange", "resolveConfiguration", "scopes",
    "severity", "skipQueryValidation", "targetResourceTypes", "windowSize",
)  # fmt: skip
FIELDS = {
    **arm.TAGGED,
    **dict.fromkeys(("identity", *(f"properties.{name}" for name in CHANGEABLE)), Rule.LIVE),
    "kind": Rule.REFUSE,
}
ONCE = {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1}


def expand(spec: Spec) -> Iterable[Desired]:
    for name, rule in wanted.query_rules(spec):
        (workspace, scope), (groups, ids) = wanted.store(spec), wanted.groups(spec, rule.get("notify"))
        properties = {
            "displayName": name,
            "description": rule.get("description", ""),
            "severity": rule["severity"],
            "enabled": True,
            "scopes": [scope],
            "evaluationFrequency": rule["evaluationFrequency"],
            "windowSize": rule["windowSize"],
            "criteria": {"allOf": [_condition(rule)]},
            "autoMitigate": True,
            "skipQueryValidation": True,
            "actions": {"actionGroups": ids},
        }
        body = {**arm.tagged(spec, {}), "kind": "LogAlert", "properties": properties}
        yield Desired(Address(NAME, name), body, (workspace, *groups))


def _condition(rule: QueryRule) -> dict[str, Any]:
    condition = {
        "query": rule["query"],
        "timeAggregation": rule["timeAggregation"],
        "dimensions": [{"name": name, "operator": "Include", "values": ["*"]} for name in sorted(rule["dimensions"])],
        "operator": rule["operator"],
        "threshold": rule["threshold"],
        "failingPeriods": ONCE,
    }
    column = rule.get("metricMeasureColumn")
    return {**condition, "metricMeasureColumn": column} if column else condition


def _normalised(body: Raw) -> Body:
    """Ids in lower case, lists in one order, and what Azure leaves out where it is as usual."""
    properties = {"description": "", "autoMitigate": True, "skipQueryValidation": False, **body["properties"]}
    properties["scopes"] = [str(scope).lower() for scope in properties.get("scopes") or ()]
    actions = properties.get("actions") or {}
    properties["actions"] = {**actions, "actionGroups": sorted(map(str.lower, actions.get("actionGroups") or ()))}
    conditions = (properties.get("criteria") or {}).get("allOf") or ()
    properties["criteria"] = {"allOf": [_seen(condition) for condition in conditions]}
    return {**body, "kind": body.get("kind") or "LogAlert", "properties": properties}


def _seen(condition: Mapping[str, Any]) -> dict[str, Any]:
    dimensions = sorted(condition.get("dimensions") or (), key=lambda one: str(one["name"]))
    return {**condition, "dimensions": dimensions, "failingPeriods": condition.get("failingPeriods") or ONCE}


def entry(observed: Observed, known: Known, notes: list[str]) -> Section:
    """The entry of a live rule in a spec. Unsayable for one of several conditions."""
    properties = observed.body["properties"]
    conditions = properties["criteria"]["allOf"]
    if len(conditions) != 1:
        raise Unsayable(f"it has {len(conditions)} conditions, and a spec has one")
    one = conditions[0]
    section = {
        "description": properties["description"] or None,
        "dimensions": [dimension["name"] for dimension in one["dimensions"]],
        **{key: one.get(key) for key in ("query", "timeAggregation", "metricMeasureColumn", "operator", "threshold")},
        **{key: properties.get(key) for key in ("windowSize", "evaluationFrequency", "severity")},
        "notify": saying.notify(properties["actions"]["actionGroups"], known),
    }
    return without(section, defaults(NAME))


KIND = Kind(
    name=NAME,
    arm=ARM,
    fields=FIELDS,
    expand=expand,
    **Plain(name=NAME, arm=ARM, normalise=_normalised, replaces=True).verbs(),
    noun="log alert",
    costs=standing(costs.log),
    keys={
        "properties.criteria.allOf[0]": "",
        "properties.actions.actionGroups": "notify",
    },
    usual={
        "kind": "LogAlert",
        "properties": {"enabled": True, "autoMitigate": True, "description": "", "skipQueryValidation": True},
    },
    inverse=Inverse(say=entry, place=saying.place("scheduledQueryRules"), tagged=True, beside=saying.only),
)
