"""A Log Analytics workspace: where logs and metrics are collected and queried.

Tags, sku and retention change in place; the location does not, and it is never replaced, because that would delete its
logs. For 14 days a deleted one can be made again under its name, with its logs. That each sku has its own range of days
is inferred from Microsoft's documentation of prices; the schema only says that there is one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NotRequired, TypedDict

from reconciler.cloud import arm
from reconciler.cost.use import standing
from reconciler.kind import UNOWNED, ArmType, Kind
from reconciler.kind.arm import Plain
from reconciler.kind.inverse import Inverse, Known, Section, tracked
from reconciler.kind.traits import Traits
from reconciler.kind.words import without
from reconciler.kinds.monitoring import costs, wanted
from reconciler.model import Address, Desired, Observed, Rule
from reconciler.spec.spec import Spec

NAME = "log_analytics_workspace"
ARM = ArmType(wanted.WORKSPACE, "2025-02-01", rare=True)
CHANGEABLE = (
    "defaultDataCollectionRuleResourceId", "features", "forceCmkForQuery", "publicNetworkAccessForIngestion",
    "publicNetworkAccessForQuery", "replication", "retentionInDays", "sku", "workspaceCapping",
)  # fmt: skip
FIELDS = {
    **arm.TAGGED,
    **dict.fromkeys(("identity", *(f"properties.{name}" for name in CHANGEABLE)), Rule.LIVE),
    **dict.fromkeys(("etag", "properties.failover"), Rule.IGNORE),
}


class Workspace(TypedDict):
    """An entry of `logAnalytics`."""

    sku: str
    retentionInDays: NotRequired[int]
    tags: dict[str, str]
    protect: bool
    existing: bool
    resourceGroup: NotRequired[str]
    subscription: NotRequired[str]


def expand(spec: Spec) -> Iterable[Desired]:
    group = Address("resource_group", spec.azure.resource_group)
    for name, workspace in {**spec.section(wanted.WORKSPACES, Workspace), **_made(spec)}.items():
        days = workspace.get("retentionInDays", 7 if workspace["sku"] == "Free" else 30)
        properties = {"sku": {"name": workspace["sku"]}, "retentionInDays": days}
        body = {**arm.tagged(spec, workspace), "properties": properties}
        yield Desired(Address(NAME, name), body, (group,), workspace["protect"], existing=workspace["existing"])


def _made(spec: Spec) -> dict[str, Workspace]:
    """The one that monitoring needs where the spec names none."""
    usual: Workspace = {"sku": "PerGB2018", "tags": {}, "protect": False, "existing": False}
    return {name: usual for name in (wanted.made(spec),) if name}


def entry(observed: Observed, known: Known, notes: list[str]) -> Section:
    """The entry of a live workspace in a spec."""
    properties = observed.body["properties"]
    settings = {"sku": properties["sku"]["name"], "retentionInDays": properties.get("retentionInDays")}
    return {**without(settings, {"sku": "PerGB2018", "retentionInDays": 30}), **tracked(observed, known, notes)}


OPEN = "takes logs and answers over the internet, and no spec can close it; use one that is closed, with existing: true"


KIND = Kind(
    name=NAME,
    arm=ARM,
    fields=FIELDS,
    expand=expand,
    **Plain(name=NAME, arm=ARM, patched=("properties",)).verbs(),
    goes=lambda cloud, observed, anew: "its logs, which come back if it is made again under its name within 14 days",
    unowned=UNOWNED,
    noun="Log Analytics workspace",
    costs=standing(costs.workspace),
    keys={"properties.sku.name": "sku"},
    section=wanted.WORKSPACES,
    traits=Traits(public=lambda desired: OPEN, data=True),
    outputs={"customerId": "properties.customerId"},
    inverse=Inverse(say=entry, tagged=True),
)
