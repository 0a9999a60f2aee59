"""Alert rules at work: each looks as often as it says, at moments of simulated time, and fires or is over.

A rule looks at a window that ends before what is still on its way (inferred: how Azure waits for late data is not
published). Time that is set forward leaves no evaluation out, up to MISSED of them. A rule that keeps its state tells
once that it has fired and once that it is over; one without `autoMitigate` tells each time. `GET /local/rules` shows
when each looks next, what has fired, and why its query cannot be run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from azure_local.alerts_management import alerts
from azure_local.azure import Azure, Service
from azure_local.batch.shapes import seconds
from azure_local.clock import parsed, stamp
from azure_local.insights import conditions, messages, metric_watch, notifying, query_watch, targets
from azure_local.insights.conditions import Finding
from azure_local.insights.metric_alerts import METRIC_ALERT
from azure_local.insights.query_rules import QUERY_RULE
from azure_local.kusto.errors import QueryError

STORE = "alertState"
"""Kind in the store: rule → when it looks next, and finding → its alert, and how often it has been healthy since."""
MISSED = 500
Document = dict[str, Any]


def step(azure: Azure) -> None:
    """Let every rule look whose moment has come."""
    rules = [*azure.store.list(METRIC_ALERT.store), *azure.store.list(QUERY_RULE.store)]
    for document in rules:
        if document["resource"]["properties"]["enabled"]:
            _look(azure, document["resource"])
    if len(rules) < len(known := [key for key, _ in azure.store.items(STORE)]):
        there = {document["resource"]["id"].lower() for document in rules}
        for gone in set(known) - there:
            azure.store.delete(STORE, gone)


def _look(azure: Azure, rule: Document) -> None:
    state = azure.store.get(STORE, rule["id"])
    every = seconds(rule["properties"]["evaluationFrequency"]) or 300
    if state is None:
        state = azure.store.put(STORE, rule["id"], {"next": azure.clock.after(every), "fired": {}})
    state["next"] = min(state["next"], azure.clock.after(every))  # it may look more often than it did
    if not azure.clock.passed(state["next"]):
        azure.clock.recurs(state["next"])
        return
    missed = (azure.clock.now() - parsed(state["next"])).total_seconds() // every
    at = parsed(state["next"]) + timedelta(seconds=max(0, missed - MISSED) * every)
    while azure.clock.passed(stamp(at)):
        _evaluate(azure, rule, state, at, every)
        at += timedelta(seconds=every)
    state["next"] = stamp(at)
    azure.store.put(STORE, rule["id"], state)
    azure.clock.recurs(state["next"])


def _evaluate(azure: Azure, rule: Document, state: Document, at: datetime, every: float) -> None:
    properties, logs = rule["properties"], rule["type"] == QUERY_RULE.name
    late = timedelta(seconds=azure.seconds["logArrival" if logs else "metricArrival"])
    end = at - late
    try:
        if logs:
            findings: Iterable[Finding] = list(query_watch.look(azure, properties, at, end))
        else:
            findings = metric_watch.look(azure, properties, int(end.timestamp() // 60))
        after = conditions.healthy_logs(every) if logs else conditions.AFTER
        judge(azure, rule, state, {one.key: one for one in findings}, (at, end), after)
        state.pop("error", None)
    except QueryError as error:
        state["error"] = error.message


def judge(
    azure: Azure,
    rule: Document,
    state: Document,
    findings: Mapping[str, Finding],
    moment: tuple[datetime, datetime],
    after: int,
) -> None:
    """Fire for what is met and has not fired; end what has not been met `after` times in a row."""
    fired: Document = state["fired"]
    keeps = rule["properties"]["autoMitigate"]
    for key, finding in findings.items():
        if finding.met and (key not in fired or not keeps):
            fired[key] = {"alert": _fire(azure, rule, finding, moment), "healthy": 0, "finding": _kept(finding)}
    for key in list(fired):
        now = findings.get(key)
        if now is not None and now.met:
            fired[key]["healthy"] = 0
            continue
        fired[key]["healthy"] += 1
        if fired[key]["healthy"] >= after:
            over = fired.pop(key)
            if keeps:
                _resolve(azure, rule, over, now, moment)


def _kept(finding: Finding) -> Document:
    return {"target": finding.target, "labels": finding.labels, "parts": list(finding.parts)}


def _fire(azure: Azure, rule: Document, finding: Finding, moment: tuple[datetime, datetime]) -> str:
    """The name of the new alert."""
    target, at = targets.find(azure, finding.target), stamp(moment[0])
    essentials = {
        **messages.severity(rule),
        "targetResource": finding.target,
        "targetResourceName": finding.target.rsplit("/", 1)[-1],
        "targetResourceGroup": finding.target.split("/")[4],
        "targetResourceType": target.type.lower() if target else "",
        "alertRule": rule["id"],
        "description": rule["properties"].get("description", ""),
    }
    context = messages.context(rule, finding, moment[1])
    alert = alerts.fire(azure, essentials, context, at)
    _tell(azure, rule, alert, context)
    return str(alert["name"])


def _resolve(
    azure: Azure, rule: Document, over: Document, finding: Finding | None, moment: tuple[datetime, datetime]
) -> None:
    alert = alerts.resolve(azure, over["alert"], stamp(moment[0]))
    if alert is not None:
        known = over["finding"]
        last = finding or Finding(known["target"], labels=known["labels"], parts=tuple(known["parts"]))
        _tell(azure, rule, alert, messages.context(rule, last, moment[1]))


def _tell(azure: Azure, rule: Document, alert: Document, context: Document) -> None:
    groups = messages.groups(rule)
    notifying.tell(
        azure, groups, messages.common(rule, alert, context), messages.plain(rule, alert, context), rule["id"]
    )


def shown(azure: Azure) -> Document:
    return dict(azure.store.items(STORE))


SERVICE = Service(step=step, shows={"rules": shown})
