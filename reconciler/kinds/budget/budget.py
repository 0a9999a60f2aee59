"""A budget of Azure: an amount for a month, quarter or year, and who is told when so much of it is spent.

Amount, end, filter and notifications change in place; the grain and the start do not, so for these it is made anew, and
counts again what was spent, as costs are not part of it. Azure keeps no tags or text with one, so its name in Azure
says whose it is: `reconcile_SPEC_NAME`. No list of a group shows them, so a tag of the spec's resource group remembers
at which scopes it has had some: a group without it is asked for none. A group that others own gets no tag. Every write
of one that is there carries the eTag that was read.

The names are from learn.microsoft.com, naming rules. That grain and start are fixed is inferred from the provider of
Terraform (azurerm_consumption_budget_resource_group), which makes a new budget for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NotRequired, TypedDict

from reconciler import departed, marks
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.kind import ArmType, Kind
from reconciler.kind.traits import Traits
from reconciler.kinds.budget import naming
from reconciler.model import Address, Body, Desired, Diff, Mark, Observed, Rule
from reconciler.spec.spec import Spec

NAME = "budget"
ARM = ArmType("Microsoft.Consumption/budgets", "2026-06-01")
GROUP = "Microsoft.Insights/actionGroups"
FIELDS = {
    **dict.fromkeys(("properties.timeGrain", "properties.timePeriod.startDate"), Rule.REPLACE),
    **dict.fromkeys(
        (
            "properties.amount",
            "properties.category",
            "properties.timePeriod",
            "properties.filter",
            "properties.notifications",
        ),
        Rule.LIVE,
    ),
    "eTag": Rule.IGNORE,
}
SCOPES = ("resourceGroup", "subscription")
MAPS = ("properties.notifications",)


class Period(TypedDict, total=False):
    """First and last days, such as 2026-11-01."""

    startDate: str
    endDate: str


class Filter(TypedDict):
    """What counts: of each of these dimensions and tags, one of these values."""

    dimensions: Mapping[str, list[str]]
    tags: Mapping[str, list[str]]


class Notification(TypedDict):
    """Who is told when more than `threshold` percent is spent, or is foreseen to be."""

    threshold: int
    thresholdType: str
    operator: str
    enabled: bool
    contactEmails: list[str]
    contactRoles: list[str]
    contactGroups: list[str]


class Budget(TypedDict):
    """An entry of `budgets`."""

    amount: int
    scope: str
    timeGrain: str
    timePeriod: NotRequired[Period]
    filter: NotRequired[Filter]
    notifications: Mapping[str, Notification]


def expand(spec: Spec) -> Iterable[Desired]:
    group = Address("resource_group", spec.azure.resource_group)
    for name, budget in spec.section("budgets", Budget).items():
        told = budget["notifications"]
        properties = {
            "category": "Cost",
            "amount": budget["amount"],
            "timeGrain": budget["timeGrain"],
            "timePeriod": dict(budget.get("timePeriod", {})),
            "filter": _filter(budget["filter"]) if "filter" in budget else None,
            "notifications": {key: _notification(_with_ids(spec, one)) for key, one in told.items()},
        }
        named = {to for one in told.values() for to in one["contactGroups"] if not to.startswith("/")}
        refs = (group, *(Address("action_group", to) for to in sorted(named)))
        data = {"scope": budget["scope"], "ours": not spec.sections["azure"]["existing"]}
        yield Desired(Address(NAME, name), {"properties": properties}, refs, data=data)


def _with_ids(spec: Spec, said: Notification) -> Notification:
    """With the ids of those action groups that it names."""
    ids = [to if to.startswith("/") else spec.id_of(GROUP, to) for to in said["contactGroups"]]
    return {**said, "contactGroups": ids}


def _notification(said: Mapping[str, Any]) -> dict[str, Any]:
    """With everything that Azure may leave out; who is told, in one order."""
    return {
        "enabled": said.get("enabled", True),
        "operator": said["operator"],
        "threshold": said["threshold"],
        "thresholdType": said.get("thresholdType") or "Actual",
        "contactEmails": sorted(said.get("contactEmails") or ()),
        "contactRoles": sorted(said.get("contactRoles") or ()),
        "contactGroups": sorted(group.lower() for group in said.get("contactGroups") or ()),
    }


def _filter(said: Filter) -> dict[str, Any]:
    """The filter as Azure has it: one comparison by itself, several in `and`."""
    parts = [
        {side: {"name": name, "operator": "In", "values": sorted(values)}}
        for side in ("dimensions", "tags")
        for name, values in sorted(said[side].items())
    ]
    return parts[0] if len(parts) == 1 else {"and": parts}


def _scope(cloud: Cloud, scope: str) -> str:
    return cloud.group_id if scope == "resourceGroup" else f"/subscriptions/{cloud.target.subscription}"


def _id(cloud: Cloud, budget: Desired | Observed, scope: str = "") -> str:
    """The id of one that the spec asks for, or that is in `scope`."""
    place = _scope(cloud, scope or (budget.data["scope"] if isinstance(budget, Desired) else "resourceGroup"))
    return f"{place}/providers/{ARM.name}/{naming.written(cloud.owner, budget.address.name)}"


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterator[Observed]:
    """Those of this spec at the scopes where it asks for one, or where its group remembers that it has."""
    scopes = {desired.data["scope"] for desired in wanted} | _remembered(cloud)
    for scope in sorted(scopes):
        place = _scope(cloud, scope)
        for raw in arm.listing(cloud, f"{place}/providers/{ARM.name}", ARM.api_version):
            if name := naming.read(cloud.owner, raw["name"]):
                yield observed(cloud.owner, name, raw)


def _remembered(cloud: Cloud) -> set[str]:
    """The scopes in the tag of the spec's group, from the list of groups that every plan reads."""
    groups = arm.listing(cloud, f"/subscriptions/{cloud.target.subscription}/resourcegroups")
    tags = (raw.get("tags") or {} for raw in groups if raw["id"].lower() == cloud.group_id.lower())
    return {scope for some in tags for scope in some.get(marks.BUDGETS, "").split() if scope in SCOPES}


def _remember(cloud: Cloud, scope: str) -> None:
    """Let the spec's group remember that there are budgets at this scope, before there is one."""
    group = arm.get(cloud, cloud.group_id) or {}
    tags = group.get("tags") or {}
    scopes = {*tags.get(marks.BUDGETS, "").split(), scope}
    remembered = {**tags, marks.BUDGETS: " ".join(sorted(scopes))}
    if remembered != tags:
        arm.patch(cloud, cloud.group_id, {"tags": remembered})


def observe(cloud: Cloud, resource: Desired | Observed) -> Observed | None:
    scopes = (resource.data["scope"],) if isinstance(resource, Desired) else SCOPES
    raws = (arm.get(cloud, _id(cloud, resource, scope), ARM.api_version) for scope in scopes)
    return next((observed(cloud.owner, resource.address.name, raw) for raw in raws if raw), None)


def observed(owner: str, name: str, raw: Mapping[str, Any]) -> Observed:
    """A live budget in the form of the desired one. All that it has is ours, notifications too. Pure."""
    properties = raw["properties"]
    period = {key: str(value)[:10] for key, value in (properties.get("timePeriod") or {}).items() if value}
    told = {key: _notification(one) for key, one in (properties.get("notifications") or {}).items()}
    body: Body = {
        "properties": {
            **properties,
            "category": properties.get("category", "Cost"),
            "timePeriod": period,
            "filter": _ordered(properties.get("filter")),
            "notifications": told,
        }
    }
    mark = Mark(owner, "", keys=departed.tokens(MAPS, body))
    return Observed(Address(NAME, name), raw["id"], body, mark, etag=raw.get("eTag"))


def _ordered(live: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A live filter with its comparisons and values in one order."""
    if not live:
        return None
    parts = [_comparison(part) for part in live.get("and") or (live,)]
    parts.sort(key=lambda part: [(side, part[side]["name"]) for side in sorted(part)])
    return {"and": parts} if "and" in live else parts[0]


def _comparison(part: Mapping[str, Any]) -> dict[str, Any]:
    return {side: {**said, "values": sorted(said["values"])} for side, said in part.items() if said}


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    if desired.data["ours"]:
        _remember(cloud, desired.data["scope"])
    month = f"{cloud.time:%Y-%m}-01"
    return arm.put(cloud, _id(cloud, desired), _written(desired, {"startDate": month}), ARM.api_version)


def update(cloud: Cloud, desired: Desired, mark: Mark, seen: Observed, diff: Diff) -> Operation | None:
    body = {"eTag": seen.etag, **_written(desired, seen.body["properties"]["timePeriod"])}
    return arm.put(cloud, seen.id, body, ARM.api_version)


def _written(desired: Desired, period: Mapping[str, str]) -> dict[str, Any]:
    """The body of a PUT; of `period` stays what the spec does not say."""
    properties = {key: value for key, value in desired.body["properties"].items() if value is not None}
    dates = {key: f"{day}T00:00:00Z" for key, day in {**period, **properties["timePeriod"]}.items()}
    told = {key: one for key, one in properties["notifications"].items() if one}
    return {"properties": {**properties, "timePeriod": dates, "notifications": told}}


def delete(cloud: Cloud, seen: Observed) -> Operation | None:
    return arm.delete(cloud, seen.id, ARM.api_version)


def tell(cloud: Cloud, seen: Observed) -> tuple[str, ...]:
    """How much of it is spent, and foreseen, as Azure knows by now."""
    properties = seen.body["properties"]
    shown = [
        f"{spent['amount']:,.2f} {spent.get('unit', '')}".strip() + f" {word}"
        for word, key in (("spent", "currentSpend"), ("foreseen", "forecastSpend"))
        if (spent := properties.get(key))
    ]
    of = f"of {properties['amount']:,} {properties['timeGrain'].lower()}"
    return (f"{', '.join(shown)} {of}".strip(),)


KIND = Kind(
    name=NAME,
    arm=ARM,
    fields=FIELDS,
    expand=expand,
    reads=("resource_group",),
    list=list_,
    observe=observe,
    create=create,
    update=update,
    delete=delete,
    place=_id,
    maps=MAPS,
    tell=tell,
    section="budgets",
    sought=False,
    turn=lambda address: "the tag of the group",
    traits=Traits(alarm=True),
    outputs={"currentSpend": "properties.currentSpend.amount"},
    inverse="its name says which spec it is of, so that another spec makes one of its own",
)
