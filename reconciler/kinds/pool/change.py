"""The writes that create a pool and that change it, one stage at a time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reconciler import marks
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import tolerated
from reconciler.cloud.operations import Operation
from reconciler.errors import ReconcileError
from reconciler.kinds.pool import body as pool_body
from reconciler.kinds.pool import generations, repair, rollout, scale
from reconciler.kinds.pool.nodes import live_id
from reconciler.kinds.pool.state import state_of
from reconciler.model import STAGE, Desired, Diff, Health, Mark, Observed, Rule


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    _put(cloud, desired, mark, desired.address.name, {})
    return None


def _put(cloud: Cloud, desired: Desired, mark: Mark, name: str, metadata: Mapping[str, str]) -> None:
    """Make a pool; one that is there already is no error."""
    from azure.core import MatchConditions

    properties = pool_body.asked_for(pool_body.wire(cloud, desired, mark, metadata))
    body: Any = {"identity": arm.user_assigned(desired.body["identity"]), "properties": properties}
    if tags := {name: value for name, value in desired.body["tags"].items() if value is not None}:
        body["tags"] = tags
    where = (*cloud.account_place, name)
    with tolerated(412):  # somebody has made it meanwhile, so it is observed again
        cloud.batch_management.pool.create(*where, body, etag="*", match_condition=MatchConditions.IfMissing)


def update(cloud: Cloud, desired: Desired, mark: Mark, pool: Observed, diff: Diff) -> Operation | None:
    """PATCH the parts that differ; if none does, send the size again, which is how a failed resize is retried.

    A part may need an empty pool. If the spec says how the pool becomes empty, each update is one stage of that.
    Raises ReconcileError for broken nodes that no attempt would mend.
    """
    name, state = live_id(pool), state_of(pool)
    if pool.health is Health.FAILED and state.broken:
        if repair.mend(cloud, pool):
            return None
        if not diff:
            raise ReconcileError(f"{pool.address} failed: {pool.detail}")
    if state.handover:
        return generations.advance(cloud, pool, state.handover)
    if state.rollout and state.rollout.old and all(change.path == STAGE for change in diff.changes):
        rollout.advance(cloud, name, state.rollout, desired.data["rollout"]["maxUnavailable"])
    elif scale.superseded(pool, diff):
        cloud.batch_management.pool.stop_resize(*cloud.account_place, name)
    elif state.beside and diff.rule >= Rule.WHEN_EMPTY and pool.mark and pool.mark.owner == mark.owner:
        _put(cloud, desired, mark, state.beside, {marks.POOL: desired.address.name})
    else:
        _patch(cloud, desired, mark, pool, diff)
    return None


def _patch(cloud: Cloud, desired: Desired, mark: Mark, pool: Observed, diff: Diff) -> None:
    """PATCH what differs. A pool of another owner is first taken over, and one that must be empty is first emptied."""
    from azure.core import MatchConditions

    if state_of(pool).beside and diff.rule >= Rule.WHEN_EMPTY:  # it still belongs to another: only take it over
        body = _changed(cloud, desired, mark, pool, Diff(tuple(c for c in diff.changes if c.path == "owner")))
    elif pool.occupants and diff.rule >= Rule.WHEN_EMPTY:
        body = {"properties": {"scaleSettings": _leaving(desired, pool)}}
    else:
        body = _changed(cloud, desired, mark, pool, diff)
    where = (*cloud.account_place, live_id(pool))
    cloud.batch_management.pool.update(*where, body, etag=pool.etag, match_condition=MatchConditions.IfNotModified)


def _leaving(desired: Desired, pool: Observed) -> dict[str, Any]:
    """The scaleSettings that remove all nodes: first tasks may end; in the attempt after that they are requeued."""
    fixed = pool.body["properties"]["scaleSettings"]["fixedScale"] or {}
    asked = fixed.get("targetDedicatedNodes") == 0 and fixed.get("targetLowPriorityNodes") == 0
    return scale.drained("Requeue" if asked else "TaskCompletion", desired.data["rollout"]["drainWithin"])


def _changed(cloud: Cloud, desired: Desired, mark: Mark, pool: Observed, diff: Diff) -> dict[str, Any]:
    kept = {**pool.body["properties"]["metadata"], **generations.mark(pool)}
    full = pool_body.wire(cloud, desired, mark, kept)
    parts = {c.path.split(".")[1].partition("[")[0] for c in diff.changes if c.path.startswith("properties.")}
    # nodes that one VM size did not give are asked for with the next: its errors must not stand beside another's
    again = not diff or (pool.health is Health.FAILED and "vmSize" in parts)
    parts = parts | {"metadata"} | ({"scaleSettings"} if again else set())
    since = _rolling_since(cloud, desired, pool, diff)
    if since:
        full["metadata"].append({"name": marks.ROLLOUT, "value": since})
    if mending := state_of(pool).marks.get(marks.MENDING):
        full["metadata"].append({"name": marks.MENDING, "value": mending})
    if started := _started(cloud, pool, diff):
        full["metadata"].append({"name": marks.STARTED, "value": started})
    body: dict[str, Any] = {"properties": {part: full.get(part) for part in sorted(parts)}}
    tops = {re.split(r"[.\[]", change.path)[0] for change in diff.changes}
    if "identity" in tops:
        body["identity"] = arm.user_assigned(desired.body["identity"], pool.body["identity"])
    if "tags" in tops:
        tags = {**pool.body["tags"], **desired.body["tags"]}
        body["tags"] = {name: value for name, value in tags.items() if value is not None}
    return body


def _started(cloud: Cloud, pool: Observed, diff: Diff) -> str | None:
    """When what nodes run at their start was last changed; None if no node can have booted before."""
    if not pool.occupants:
        return None
    if any(change.rule is Rule.NEW_NODES and change.path != STAGE for change in diff.changes):
        return rollout.began(cloud)
    return state_of(pool).marks.get(marks.STARTED)


def _rolling_since(cloud: Cloud, desired: Desired, pool: Observed, diff: Diff) -> str | None:
    """When the rolling change began that will be under way after this update, or None if none will."""
    if not (rollout.rolls(desired) and pool.occupants):
        return None
    if any(change.rule is Rule.NEW_NODES and change.path != STAGE for change in diff.changes):
        return rollout.began(cloud)
    progress = state_of(pool).rollout
    return progress.since if progress and (progress.old or progress.booting) else None
