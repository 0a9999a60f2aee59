"""A diagnostic setting: which logs of a resource go to the workspace.

Categories and workspace change in place. It has no tags, so its name says whose it is: `reconcile-SPEC`. Azure has no
list of all of them, so each resource is asked for its own: those that the spec has settings of, and, where a workspace
or an alert of ours shows that there was monitoring, all of ours that can have one. Deleting the resource
does not delete them on Azure, so they go before it. Source: learn.microsoft.com, diagnostic settings in Azure Monitor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from reconciler import marks
from reconciler.azure.monitor import BATCH, METRICS_OF, USUAL
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.kind import ArmType, Kind
from reconciler.kind.arm import Plain, Raw, Verbs, in_group
from reconciler.kind.inverse import Inverse, Known
from reconciler.kind.permissions import GROUPED, Permissions
from reconciler.kind.words import Unsayable
from reconciler.kinds.monitoring import saying, wanted
from reconciler.model import Address, Body, Desired, Diff, Mark, Observed, Rule
from reconciler.spec.spec import Spec

NAME = "diagnostic_setting"
ARM = ArmType("Microsoft.Insights/diagnosticSettings", "2021-05-01-preview", rare=True)
TARGETS = (
    "eventHubAuthorizationRuleId", "eventHubName", "logAnalyticsDestinationType", "marketplacePartnerId",
    "serviceBusRuleId", "storageAccountId", "workspaceId",
)  # fmt: skip
FIELDS = dict.fromkeys((f"properties.{name}" for name in ("logs", "metrics", *TARGETS)), Rule.LIVE)
PLACES = {
    "batchAccount": ("batch_account", BATCH, ""),
    "storage": ("storage_account", "Microsoft.Storage/storageAccounts", "/blobServices/default"),
    "registries": ("registry", "Microsoft.ContainerRegistry/registries", ""),
}
"""Section of a spec → kind of resource, its ARM type, and what of it has the logs."""
SIGNS = tuple(f"Microsoft.Insights/{name}" for name in ("actionGroups", "metricAlerts", "scheduledQueryRules"))
"""Types of which one of ours in the group tells that there may be settings of ours."""
KEYS = "Microsoft.OperationalInsights/workspaces/sharedKeys/action"
"""What whoever sends logs to a workspace must be allowed to do there: inferred from refusals that people quote."""
PREFIX = "reconcile-"
ALL = "AllMetrics"
SAID = ("category", "categoryGroup", "enabled")


def type_of(place: str) -> str:
    """The ARM type of what an entry of `logs` is about."""
    return PLACES[place.partition("/")[0]][1]


def expand(spec: Spec) -> Iterable[Desired]:
    section, usual = wanted.section(spec), {"batchAccount": wanted.Logs()}
    if section is None or not wanted.workspace(spec):
        return
    workspace, workspace_id = wanted.store(spec)
    for place, logs in section.get("logs", usual).items():
        holder = _holder(spec, place)
        categories = logs.get("categories", USUAL[type_of(place)])
        properties = {**_sent(type_of(place), categories), "workspaceId": workspace_id}
        address = Address(NAME, f"{holder}/{PREFIX}{spec.name}")
        yield Desired(address, {"properties": properties}, (holder, workspace))


def _holder(spec: Spec, place: str) -> Address:
    part, _, name = place.partition("/")
    return Address(PLACES[part][0], name or wanted.account(spec)[0].name)


def _sent(type_: str, categories: Sequence[str]) -> dict[str, Any]:
    """What a setting sends: logs by category, and metrics, which some types call otherwise."""
    logs = [{"category": name, "enabled": True} for name in sorted(categories) if name != ALL]
    metrics = [{"category": METRICS_OF.get(type_, ALL), "enabled": True}] if ALL in categories else []
    return {"logs": logs, "metrics": metrics}


def _normalised(body: Raw) -> Body:
    """What it sends, in one order; what it could send and does not is left out."""
    properties = dict(body["properties"])
    for part in ("logs", "metrics"):
        sent = (one for one in properties.get(part) or () if one.get("enabled"))
        kept = ({key: one[key] for key in SAID if one.get(key)} for one in sent)
        properties[part] = sorted(kept, key=lambda one: str(one.get("category") or one.get("categoryGroup")))
    if properties.get("workspaceId"):
        properties["workspaceId"] = str(properties["workspaceId"]).lower()
    return {**body, "properties": properties}


def _place(cloud: Cloud, resource: Desired | Observed) -> str:
    if isinstance(resource, Observed) and resource.id:
        return resource.id
    kind, name, setting = resource.address.name.split("/")
    _, type_, inner = next(one for one in PLACES.values() if one[0] == kind)
    return f"{cloud.id_of(type_, name)}{inner}/providers/{ARM.name}/{setting}"


def list_(cloud: Cloud, settings: Iterable[Desired]) -> Iterator[Observed]:
    """Those of every resource that may have one of ours, each marked by its name."""
    for holder, collection in sorted(_collections(cloud, list(settings)).items()):
        for raw in arm.listing(cloud, collection, ARM.api_version):
            yield PLAIN.shown(f"{holder}/{raw['name']}", _marked(raw))


def _collections(cloud: Cloud, settings: Sequence[Desired]) -> dict[str, str]:
    """`KIND/NAME` of a resource → where its settings are listed."""
    holders = {one.address.name.rpartition("/")[0]: _place(cloud, one).rpartition("/")[0] for one in settings}
    if not settings and not _signs(cloud):
        return holders
    for kind, type_, inner in PLACES.values():
        for raw in in_group(cloud, type_):
            if marks.is_ours(cloud.owner, raw.get("tags")):
                holders[f"{kind}/{raw['name']}"] = f"{raw['id']}{inner}/providers/{ARM.name}"
    return holders


def _signs(cloud: Cloud) -> bool:
    """Whether there is a workspace that this spec made or uses, or an alert of it."""
    shown = in_group(cloud, wanted.WORKSPACE, *SIGNS)
    return any(marks.is_ours(cloud.owner, raw.get("tags")) for raw in shown) or any(cloud.target.used(wanted.WORKSPACE))


def _marked(raw: Raw) -> Raw:
    """With the owner that its name tells as a mark."""
    owner = raw["name"].removeprefix(PREFIX)
    return {**raw, "tags": {marks.OWNER: owner} if owner != raw["name"] else {}}


def observe(cloud: Cloud, resource: Desired | Observed) -> Observed | None:
    raw = arm.get(cloud, _place(cloud, resource), ARM.api_version)
    return PLAIN.shown(resource.address.name, _marked(raw)) if raw else None


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    return arm.put(cloud, _place(cloud, desired), desired.body, ARM.api_version)


def update(cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, diff: Diff) -> Operation | None:
    """A PUT of the whole, as Azure has no PATCH; targets that others added stay."""
    kept = {name: observed.body["properties"].get(name) for name in TARGETS}
    there = {name: value for name, value in kept.items() if value}
    body = {"properties": {**there, **desired.body["properties"]}}
    return arm.put(cloud, observed.id, body, ARM.api_version)


def entry(observed: Observed, known: Known, notes: list[str]) -> Any:
    """The categories of a live setting. Unsayable for one that no spec would name so."""
    if observed.mark is None:
        name = observed.address.name.rpartition("/")[2]
        raise Unsayable(f"its name is {name}, and those of a spec are {PREFIX}SPEC; it stays as it is")
    properties = observed.body["properties"]
    categories = [one["category"] for one in properties["logs"] if "category" in one]
    return [*categories, *([ALL] if properties["metrics"] else [])]


def _said(observed: Observed, known: Known) -> tuple[str, ...]:
    kind, name, _ = observed.address.name.split("/")
    if name not in known.names(kind):
        raise Unsayable(f"{kind}/{name}, whose logs it sends, is not in the spec")
    section = next(section for section, (of, _, _) in PLACES.items() if of == kind)
    return wanted.SECTION, "logs", section if section == "batchAccount" else f"{section}/{name}"


def _within(address: Address) -> Address:
    kind, name, _ = address.name.split("/")
    return Address(kind, name)


PLAIN = Plain(name=NAME, arm=ARM, place=_place, normalise=_normalised)
VERBS: Verbs = {**PLAIN.verbs(), "list": list_, "observe": observe, "create": create, "update": update}
KIND = Kind(
    name=NAME,
    arm=ARM,
    fields=FIELDS,
    expand=expand,
    **VERBS,
    noun="diagnostic setting",
    permissions=Permissions(sees=(GROUPED,), writes=(KEYS,)),
    inverse=Inverse(say=entry, place=_said, beside=saying.only, within=_within),
)
