"""What the section `monitoring` of a spec asks for, in one form for all kinds of the family. Pure.

One alert is a metric or a query that is compared with a threshold, again and again; presets are alerts that most want,
under the names `ACCOUNT-PRESET`, so that two accounts of one resource group have theirs beside each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from reconciler.azure.monitor import BATCH
from reconciler.kinds.monitoring.presets import PRESETS, Preset
from reconciler.model import Address
from reconciler.spec.sections import SecretReference
from reconciler.spec.spec import Spec

SECTION = "monitoring"
NONE = "none"
"""What a spec writes for a workspace to have none."""
WORKSPACES = "logAnalytics"
WORKSPACE = "Microsoft.OperationalInsights/workspaces"
GROUP = "Microsoft.Insights/actionGroups"


class Group(TypedDict):
    """Whom an alert reaches."""

    mail: Sequence[str]
    webhooks: Sequence[SecretReference]
    shortName: NotRequired[str]


class Logs(TypedDict):
    """Which logs of a resource are kept."""

    categories: NotRequired[Sequence[str]]


class MetricAlert(TypedDict):
    description: NotRequired[str]
    metricName: str
    dimensions: Mapping[str, Sequence[str]]
    timeAggregation: NotRequired[str]
    operator: str
    threshold: NotRequired[int | str]
    alertSensitivity: NotRequired[str]
    windowSize: str
    evaluationFrequency: str
    severity: int
    notify: NotRequired[Sequence[str]]


class QueryRule(TypedDict):
    description: NotRequired[str]
    query: str
    dimensions: Sequence[str]
    timeAggregation: str
    metricMeasureColumn: NotRequired[str]
    operator: str
    threshold: int
    windowSize: str
    evaluationFrequency: str
    severity: int
    notify: NotRequired[Sequence[str]]


class Health(TypedDict):
    services: Sequence[str]
    notify: NotRequired[Sequence[str]]


class Monitoring(TypedDict):
    workspace: NotRequired[str]
    notify: Mapping[str, Group]
    logs: NotRequired[Mapping[str, Logs]]
    presets: Mapping[str, Any]
    metricAlerts: Mapping[str, MetricAlert]
    scheduledQueryRules: Mapping[str, QueryRule]
    serviceHealth: Health | bool
    workbook: bool


def section(spec: Spec) -> Monitoring | None:
    """The section; None for a spec without it, or without the Batch account that it is about."""
    found: Monitoring | None = spec.sections.get(SECTION)
    return found if spec.batch_account else None


def workspace(spec: Spec) -> str:
    """The name of the workspace that logs go to: the one that is named, the only one of the spec, or one that is made
    for it; empty if there is none."""
    wanted, known = section(spec), tuple(spec.sections.get(WORKSPACES, {}))
    if wanted is None or wanted.get("workspace") == NONE:
        return ""
    named = wanted.get("workspace", "").removeprefix(f"{WORKSPACES}/")
    return named or (known[0] if known else f"log-{spec.name}")


def made(spec: Spec) -> str:
    """The name of the workspace that is made although `logAnalytics` has none; empty if it needs none."""
    return "" if spec.sections.get(WORKSPACES) else workspace(spec)


def store(spec: Spec) -> tuple[Address, str]:
    """The workspace that logs go to, and its ARM id in lower case."""
    name = workspace(spec)
    return Address("log_analytics_workspace", name), spec.id_of(WORKSPACE, name).lower()


def account(spec: Spec) -> tuple[Address, str]:
    """The Batch account that is looked at, and its ARM id in lower case."""
    name = spec.batch_account["name"] if spec.batch_account else ""
    return Address("batch_account", name), spec.id_of(BATCH, name).lower()


def groups(spec: Spec, names: Sequence[str] | None) -> tuple[list[Address], list[str]]:
    """The action groups of these names, else all of the spec, and their ids in lower case, sorted."""
    wanted = section(spec)
    chosen = names if names is not None else tuple(wanted["notify"] if wanted else ())
    ids = sorted(spec.id_of(GROUP, name).lower() for name in chosen)
    return [Address("action_group", name) for name in chosen], ids


def chosen(spec: Spec) -> Iterator[tuple[str, Preset, Any]]:
    """The presets that the spec has: name of the alert, preset, and what the spec says otherwise.

    Those of logs need a workspace, and are left out without one where no one asks for them by name.
    """
    wanted = section(spec)
    if wanted is None:
        return
    has_logs = bool(workspace(spec))
    for name, preset in PRESETS.items():
        said = wanted["presets"].get(name, {})
        if said is not False and (has_logs or not preset.query):
            yield f"{account(spec)[0].name}-{name}", preset, said


def metric_alerts(spec: Spec) -> Iterator[tuple[str, MetricAlert]]:
    """Each alert about a metric: that of the spec, and the presets."""
    wanted = section(spec)
    yield from (wanted["metricAlerts"] if wanted else {}).items()
    for name, preset, said in chosen(spec):
        if not preset.query:
            alert: Any = {
                "description": preset.description,
                "metricName": preset.metric,
                "dimensions": preset.dimensions,
                "operator": preset.operator,
                "threshold": preset.threshold,
                "windowSize": preset.window,
                "evaluationFrequency": preset.every,
                "severity": preset.severity,
                **said,
            }
            yield name, alert


def query_rules(spec: Spec) -> Iterator[tuple[str, QueryRule]]:
    """Each alert about logs: that of the spec, and the presets."""
    wanted = section(spec)
    yield from (wanted["scheduledQueryRules"] if wanted else {}).items()
    for name, preset, said in chosen(spec):
        if preset.query:
            rule: Any = {
                "description": preset.description,
                "query": preset.query,
                "dimensions": preset.by,
                "timeAggregation": "Count",
                "operator": preset.operator,
                "threshold": int(preset.threshold),
                "windowSize": preset.window,
                "evaluationFrequency": preset.every,
                "severity": preset.severity,
                **said,
            }
            yield name, rule
