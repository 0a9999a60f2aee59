"""An alert about the health of Azure itself: incidents, maintenance and retirements of services, as the activity log of
the subscription has them.

All of it changes in place. Regions are not part of it, as service health calls them by their display names; so an
incident elsewhere is told too. The fields of its condition are those of Microsoft's own examples.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.cloud import arm
from reconciler.kind import ArmType, Kind
from reconciler.kind.arm import Plain, Raw
from reconciler.kind.inverse import Inverse, Known, Section
from reconciler.kind.words import Unsayable, without
from reconciler.kinds.monitoring import saying, wanted
from reconciler.model import Address, Body, Desired, Observed, Rule
from reconciler.spec.schema import defaults
from reconciler.spec.spec import Spec

NAME = "activity_log_alert"
ARM = ArmType("Microsoft.Insights/activityLogAlerts", "2026-01-01", rare=True)
CHANGEABLE = ("actions", "condition", "description", "enabled", "scopes", "tenantScope")
FIELDS = {
    "location": Rule.IGNORE,
    "tags": Rule.LIVE,
    **dict.fromkeys((f"properties.{k}" for k in CHANGEABLE), Rule.LIVE),
}
DESCRIPTION = "Azure tells of an incident, maintenance or a retirement that touches what you use."
SERVICES = "properties.impactedServices[*].ServiceName"
SUFFIX = "-serviceHealth"


def expand(spec: Spec) -> Iterable[Desired]:
    section = wanted.section(spec)
    health = section["serviceHealth"] if section else False
    if isinstance(health, bool):
        return
    groups, ids = wanted.groups(spec, health.get("notify"))
    properties = {
        "description": DESCRIPTION,
        "enabled": True,
        "scopes": [f"/subscriptions/{spec.azure.subscription}".lower()],
        "condition": {
            "allOf": [
                {"field": "category", "equals": "ServiceHealth"},
                {"field": SERVICES, "containsAny": sorted(health["services"])},
            ]
        },
        "actions": ids,
    }
    address = Address(NAME, f"{wanted.account(spec)[0].name}{SUFFIX}")
    body = {**arm.tagged(spec, {}), "location": "global", "properties": properties}
    yield Desired(address, body, (Address("resource_group", spec.azure.resource_group), *groups))


def _normalised(body: Raw) -> Body:
    """Ids in lower case, groups by their ids alone, lists in one order."""
    properties = {"description": "", "enabled": True, **body["properties"]}
    properties["scopes"] = [str(scope).lower().rstrip("/") for scope in properties.get("scopes") or ()]
    groups = (properties.get("actions") or {}).get("actionGroups") or ()
    properties["actions"] = sorted(str(group["actionGroupId"]).lower() for group in groups)
    properties["condition"] = {"allOf": [_leaf(leaf) for leaf in properties["condition"]["allOf"]]}
    return {**body, "properties": properties}


def _written(body: Raw) -> Raw:
    groups = [{"actionGroupId": group} for group in body["properties"]["actions"]]
    return {**body, "properties": {**body["properties"], "actions": {"actionGroups": groups}}}


def _leaf(raw: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in raw.items() if value is not None}
    return {**kept, "containsAny": sorted(kept["containsAny"])} if "containsAny" in kept else kept


def entry(observed: Observed, known: Known, notes: list[str]) -> Section:
    """`{services, notify}` of a live alert. Unsayable for one about something else."""
    properties = observed.body["properties"]
    accounts = known.names("batch_account")
    leaves = {leaf.get("field"): leaf for leaf in properties["condition"]["allOf"]}
    if observed.address.name not in [f"{account}{SUFFIX}" for account in accounts] or SERVICES not in leaves:
        raise Unsayable("a spec has one such alert, about service health and under the name of its account")
    groups = saying.notify(properties["actions"], known)
    section = {"services": leaves[SERVICES].get("containsAny"), "notify": groups}
    return without(section, defaults(NAME))


KIND = Kind(
    name=NAME,
    arm=ARM,
    fields=FIELDS,
    expand=expand,
    **Plain(name=NAME, arm=ARM, normalise=_normalised, written=_written, replaces=True).verbs(),
    noun="service health alert",
    keys={"properties.actions": "notify", "properties.condition": "services"},
    usual={"location": "global", "properties": {"enabled": True}},
    traits=saying.NOWHERE,
    inverse=Inverse(
        say=entry,
        place=lambda observed, known: (wanted.SECTION, "serviceHealth"),
        tagged=True,
        beside=saying.only,
    ),
)
