"""A metric alert: a metric of the Batch account that is compared with a threshold, or with what was usual.

All of it changes in place. A part of the account's quota (`80%`) stands as such in the body: the live number is read as
that part where it is that part of the live quota, so a larger quota is a difference, and the next apply follows it.
That Azure takes dynamic thresholds only in criteria over multiple resources, though there is one, is what its schema
says; that it fills in no more than `skipMetricValidation` is inferred.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler import marks
from reconciler.azure.monitor import QUOTAS
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.cost.use import standing
from reconciler.errors import Refused
from reconciler.kind import ArmType, Kind
from reconciler.kind.arm import Plain, Raw, Verbs
from reconciler.kind.inverse import Inverse, Known, Section
from reconciler.kind.permissions import ACCOUNT, Permissions
from reconciler.kind.words import Unsayable, without
from reconciler.kinds.monitoring import costs, metric_criteria, saying, wanted
from reconciler.model import Address, Body, Desired, Diff, Mark, Observed, Rule
from reconciler.spec.schema import defaults
from reconciler.spec.spec import Spec

NAME = "metric_alert"
ARM = ArmType("Microsoft.Insights/metricAlerts", "2018-03-01", rare=True)
CHANGEABLE = (
    "actions", "autoMitigate", "criteria", "description", "enabled", "evaluationFrequency", "scopes", "severity",
    "targetResourceRegion", "targetResourceType", "windowSize",
)  # fmt: skip
FIELDS = {
    "location": Rule.IGNORE,
    "tags": Rule.LIVE,
    **dict.fromkeys((f"properties.{k}" for k in CHANGEABLE), Rule.LIVE),
}


def expand(spec: Spec) -> Iterable[Desired]:
    for name, alert in wanted.metric_alerts(spec):
        (account, scope), (groups, ids) = wanted.account(spec), wanted.groups(spec, alert.get("notify"))
        properties = {
            "description": alert.get("description", ""),
            "severity": alert["severity"],
            "enabled": True,
            "scopes": [scope],
            "evaluationFrequency": alert["evaluationFrequency"],
            "windowSize": alert["windowSize"],
            "criteria": metric_criteria.criteria(alert),
            "autoMitigate": True,
            "actions": ids,
        }
        body = {**arm.tagged(spec, {}), "location": "global", "properties": properties}
        yield Desired(Address(NAME, name), body, (account, *groups))


def _normalised(body: Raw) -> Body:
    """Ids in lower case, groups by their ids alone, lists in one order, and no usual values."""
    properties = {"description": "", "autoMitigate": True, **body["properties"]}
    criteria = properties["criteria"]
    properties["criteria"] = {**criteria, "allOf": [metric_criteria.seen(one) for one in criteria.get("allOf") or ()]}
    properties["actions"] = sorted(str(action["actionGroupId"]).lower() for action in properties.get("actions") or ())
    properties["scopes"] = [scope.lower() for scope in properties["scopes"]]
    return {**body, "properties": properties}


def _parts(body: Body) -> Iterator[tuple[str, str]]:
    """(property of an account, `80%`) of each threshold that is a part of a quota."""
    for one in body["properties"]["criteria"]["allOf"]:
        if isinstance(one.get("threshold"), str):
            yield QUOTAS[one["metricName"]], one["threshold"]


def _quotas(cloud: Cloud) -> Mapping[str, Any]:
    """What the spec's Batch account may have, as it says itself; nothing where there is no account yet."""
    account = arm.get(cloud, cloud.account_id or "")
    return account["properties"] if account else {}


def _share(part: str, quota: int) -> int:
    """`80%` of a quota, in whole cores."""
    return quota * int(part.removesuffix("%")) // 100


def _with(body: Body, thresholds: Mapping[Any, Any]) -> Body:
    """The body with these thresholds in place of others."""
    criteria = body["properties"]["criteria"]
    every = [
        {**one, "threshold": thresholds[one["threshold"]]} if one.get("threshold") in thresholds else one
        for one in criteria["allOf"]
    ]
    return {**body, "properties": {**body["properties"], "criteria": {**criteria, "allOf": every}}}


def _list(cloud: Cloud, alerts: Iterable[Desired]) -> Iterator[Observed]:
    asked = {desired.address: desired for desired in alerts}
    quotas = _quotas(cloud) if any(part for one in asked.values() for part in _parts(one.body)) else {}
    for name, raw in PLAIN.read(cloud, asked.values()):
        yield _seen(asked.get(Address(NAME, name)), PLAIN.shown(name, raw), quotas)


def _observe(cloud: Cloud, resource: Desired | Observed) -> Observed | None:
    seen = USUAL["observe"](cloud, resource)
    if seen is None or isinstance(resource, Observed) or not any(_parts(resource.body)):
        return seen
    return _seen(resource, seen, _quotas(cloud))


def _seen(desired: Desired | None, seen: Observed, quotas: Mapping[str, Any]) -> Observed:
    """One whose threshold is the part of the quota that the spec asks for, if it is that in numbers."""
    parts = _parts(desired.body) if desired else ()
    said = {_share(part, int(quotas[name])): part for name, part in parts if name in quotas}
    return replace(seen, body=_with(seen.body, said)) if said else seen


def _numbers(cloud: Cloud, desired: Desired) -> Body:
    """The body with numbers in place of parts of quotas. Refused where the account does not tell them."""
    parts = list(_parts(desired.body))
    quotas = _quotas(cloud) if parts else {}
    if any(name not in quotas for name, _ in parts):
        raise Refused(f"the account does not tell its quota; write the threshold of {desired.address} in cores")
    return _with(desired.body, {part: _share(part, int(quotas[name])) for name, part in parts})


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    return _put(cloud, desired, mark, {})


def update(cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, diff: Diff) -> Operation | None:
    return _put(cloud, desired, mark, observed.body["tags"])


def _put(cloud: Cloud, desired: Desired, mark: Mark, kept: Mapping[str, str]) -> Operation | None:
    body = _numbers(cloud, desired)
    properties = {**body["properties"], "actions": [{"actionGroupId": one} for one in body["properties"]["actions"]]}
    whole = {**body, "tags": marks.with_mark({**kept, **body["tags"]}, mark), "properties": properties}
    return arm.put(cloud, PLAIN.id_of(cloud, desired), whole, ARM.api_version)


def entry(observed: Observed, known: Known, notes: list[str]) -> Section:
    """The entry of a live alert in a spec. Unsayable for one of several criteria, or about something else."""
    properties = observed.body["properties"]
    criteria = properties["criteria"]["allOf"]
    if [known.name("batch_account", scope) for scope in properties["scopes"]] != [*known.names("batch_account")][:1]:
        raise Unsayable("it is about something else than the Batch account of the spec")
    if len(criteria) != 1:
        raise Unsayable(f"it has {len(criteria)} criteria, and a spec has one")
    one = criteria[0]
    section = {
        "description": properties["description"] or None,
        "metricName": one.get("metricName"),
        "dimensions": {dimension["name"]: dimension["values"] for dimension in one["dimensions"]} or None,
        **{key: one.get(key) for key in ("timeAggregation", "operator", "threshold", "alertSensitivity")},
        **{key: properties.get(key) for key in ("windowSize", "evaluationFrequency", "severity")},
        "notify": saying.notify(properties["actions"], known),
    }
    return without(section, defaults(NAME))


PLAIN = Plain(name=NAME, arm=ARM, normalise=_normalised)
USUAL = PLAIN.verbs()
VERBS: Verbs = {**USUAL, "list": _list, "observe": _observe, "create": create, "update": update}
KIND = Kind(
    name=NAME,
    arm=ARM,
    fields=FIELDS,
    expand=expand,
    **VERBS,
    noun="metric alert",
    costs=standing(costs.metric),
    keys={
        "properties.criteria.allOf[0]": "",
        "properties.actions": "notify",
    },
    usual={
        "location": "global",
        "properties": {
            "enabled": True,
            "autoMitigate": True,
            "description": "",
            "criteria": {"odata.type": metric_criteria.SINGLE},
        },
    },
    permissions=Permissions(reads=(ACCOUNT,)),
    traits=saying.NOWHERE,
    inverse=Inverse(say=entry, place=saying.place("metricAlerts"), tagged=True, beside=saying.only),
)
