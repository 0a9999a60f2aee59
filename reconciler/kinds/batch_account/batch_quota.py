"""The quotas that a spec counts on: cores, pools and jobs of its Batch account. More than that is as good.

Only Microsoft raises them, on a support request that names who asks, so no apply does: a plan says which quota is
short, and `outputs --format quota-request` prints the request. Nothing of it is ever deleted. An account whose pools
are in the subscription has no quotas of cores of its own.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.digest import digest
from reconciler.errors import Refused
from reconciler.kind import Kind, Record, permissions
from reconciler.kind.permissions import Permissions
from reconciler.kinds.batch_account import quota_request
from reconciler.kinds.batch_account.quota_request import FAMILIES
from reconciler.model import Address, Desired, Diff, Health, Mark, Observed, Rule
from reconciler.spec.spec import Spec

NAME = "batch_quota"
KEYS = {
    "dedicatedCoreQuota": "cores",
    "lowPriorityCoreQuota": "spotCores",
    FAMILIES: "families",
    "poolQuota": "pools",
    "activeJobAndJobScheduleQuota": "jobs",
}
"""Property of the account → what a spec calls it."""
NOWHERE = "only Microsoft raises it; for the request: reconcile outputs --format quota-request"


def expand(spec: Spec) -> Iterable[Desired]:
    account = spec.batch_account
    if account is None or "quota" not in account:
        return
    asked: Mapping[str, Any] = account["quota"]
    body = {wire: asked[key] for wire, key in KEYS.items() if asked.get(key)}
    yield Desired(Address(NAME, account["name"]), body, (Address("batch_account", account["name"]),))


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    return [seen for desired in wanted if (seen := observe(cloud, desired))]


def observe(cloud: Cloud, resource: Desired | Observed) -> Observed | None:
    if isinstance(resource, Observed):
        return None
    account = arm.get(cloud, cloud.account_id or "")
    if account is None or account["properties"].get("provisioningState") == "Creating":
        return None
    live = limits(account["properties"])
    missing = short(resource.body, live)
    mark = Mark(cloud.owner, digest(resource.body))
    body = {**resource.body, **{name: _there(limit, live.get(name)) for name, limit in missing.items()}}
    if FAMILIES in missing:
        body[FAMILIES] = {**resource.body[FAMILIES], **body[FAMILIES]}
    stalled = "; ".join([NOWHERE, *_unknown(resource.body, live)]) if missing else ""
    return Observed(resource.address, "", body, mark, Health.READY, stalled=stalled, state=account["location"])


def limits(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The quotas that an account has, families by their names; None for one that it has not."""
    families = {family["name"]: family["coreQuota"] for family in properties.get(FAMILIES) or ()}
    return {**{name: properties.get(name) for name in KEYS}, FAMILIES: families}


def short(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    """What of `wanted` is more than there is, with its new limits. What an account has no quota of is never short."""
    missing: dict[str, Any] = {}
    for name, limit in wanted.items():
        if name == FAMILIES:
            there = {family.lower(): cores for family, cores in live[name].items()}
            less = {family: cores for family, cores in limit.items() if there.get(family.lower(), 0) < cores}
            if less and there:
                missing[name] = less
        elif live.get(name) is not None and live[name] < limit:
            missing[name] = limit
    return missing


def _there(missing: Any, live: Any) -> Any:
    if not isinstance(missing, Mapping):
        return live
    there = {family.lower(): cores for family, cores in live.items()}
    return {family: there.get(family.lower(), 0) for family in missing}


def _unknown(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> Iterable[str]:
    """What to say of families that the account does not know."""
    known = {family.lower(): family for family in live[FAMILIES]}
    for family in wanted.get(FAMILIES, {}) if known else ():
        if family.lower() not in known:
            near = difflib.get_close_matches(family.lower(), known, n=2)
            nearest = f" (nearest: {', '.join(known[name] for name in near)})" if near else ""
            yield f"{family} is no family of which the account has a quota{nearest}"


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    """Quotas come with the account."""


def update(cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, diff: Diff) -> Operation | None:
    """Only Microsoft does that."""


def delete(cloud: Cloud, observed: Observed) -> Operation | None:
    """They stay."""


def record(cloud: Cloud, spec: Spec, desired: Desired, observed: Observed | None) -> dict[str, Any]:
    """The support request for what is short."""
    name = desired.address.name
    if observed is None:
        raise Refused(f"the Batch account {name} is not there yet; run apply")
    account = arm.get(cloud, cloud.account_id or "") or {"properties": {}}
    missing = short(desired.body, limits(account["properties"]))
    if not missing:
        raise Refused(f"the Batch account {name} has all quotas that the spec counts on: there is nothing to ask for")
    if FAMILIES in missing:
        known = [family.lower() for family in limits(account["properties"])[FAMILIES]]
        missing[FAMILIES] = {name: cores for name, cores in missing[FAMILIES].items() if name.lower() in known}
    subscription = (cloud.account_id or "").split("/")[2]
    return quota_request.request(subscription, name, arm.region(observed.state), missing)


KIND = Kind(
    name=NAME,
    fields=dict.fromkeys(KEYS, Rule.LIVE),
    expand=expand,
    list=list_,
    observe=observe,
    create=create,
    update=update,
    delete=delete,
    deletable=False,
    keys=KEYS,
    noun="quotas of a Batch account",
    reads=("batch_account",),
    record=Record("quota-request", "quotaRequest", "Batch account", record),
    permissions=Permissions(reads=(permissions.ACCOUNT,)),
    inverse=None,
)
