"""What an image costs: the replicas of its versions, and the machine that builds one, which is paid once. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.cost.use import Build, Case, Change, Costs, Replicas
from reconciler.model import Action, Body, Decision, Desired, Rule


def uses(case: Case) -> Change:
    now = _replicas(case.observed.body) if case.observed else 0
    if case.stays:
        after = now
    elif case.goes:
        after = 0
    else:
        after = _replicas(case.desired.body) if case.desired else 0
        if case.decision and _new_version(case.decision):
            after += now  # the version before stays
    return Change(case.address, Replicas(now) if now else None, Replicas(after) if after else None)


def _replicas(body: Body) -> int:
    regions = body.get("properties", {}).get("publishingProfile", {}).get("targetRegions") or {}
    return sum(int(count or 1) for count in regions.values()) if isinstance(regions, Mapping) else len(regions)


def _new_version(decision: Decision) -> bool:
    return any(change.rule is Rule.NEW_VERSION for change in decision.diff.changes)


def builds(decision: Decision, desired: Desired, seconds: float) -> Build | None:
    """The machine that builds the version, where one is to be built."""
    created = decision.action in (Action.CREATE, Action.REPLACE)
    if not (created or (decision.action is Action.UPDATE and _new_version(decision))):
        return None
    return Build(decision.address, desired.data["image"]["buildVm"]["size"], desired.body["location"], seconds)


COSTS = Costs(uses=uses, builds=builds)
