"""What is written to a live pool to change it, a stage at a time."""

from __future__ import annotations

from typing import Any

from reconciler import marks
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.kinds.pool import body as pool_body
from reconciler.kinds.pool import generations, rollout, scale
from reconciler.kinds.pool.nodes import live_id
from reconciler.model import STAGE, Desired, Diff, Mark, Observed, Rule


def patch(cloud: Cloud, desired: Desired, mark: Mark, found: Observed, diff: Diff) -> None:
    """PATCH what differs; before that, another's pool is taken over, and one that must be empty is emptied."""
    from azure.core import MatchConditions

    if found.body.get("beside") and diff.rule >= Rule.WHEN_EMPTY:  # it is taken over first
        body = _changed(cloud, desired, mark, found, Diff(tuple(c for c in diff.changes if c.path == "owner")))
    elif found.occupants and diff.rule >= Rule.WHEN_EMPTY:
        body = {"properties": {"scaleSettings": _leaving(desired, found)}}
    else:
        body = _changed(cloud, desired, mark, found, diff)
    where = (cloud.target.resource_group, cloud.account or "", live_id(found))
    cloud.batch_management.pool.update(*where, body, etag=found.etag, match_condition=MatchConditions.IfNotModified)


def _leaving(desired: Desired, found: Observed) -> dict[str, Any]:
    """All nodes go: their tasks may end; if they did not in time, they are requeued."""
    fixed = found.body["properties"]["scaleSettings"]["fixedScale"] or {}
    asked = fixed.get("targetDedicatedNodes") == 0 and fixed.get("targetLowPriorityNodes") == 0
    return scale.drained("Requeue" if asked else "TaskCompletion", desired.data["rollout"]["drainWithin"])


def _changed(cloud: Cloud, desired: Desired, mark: Mark, found: Observed, diff: Diff) -> dict[str, Any]:
    kept = {**found.body["properties"]["metadata"], **generations.mark(found)}
    full = pool_body.wire(cloud, desired, mark, kept)
    parts = {c.path.split(".")[1].partition("[")[0] for c in diff.changes if c.path.startswith("properties.")}
    staged = any(change.path == STAGE for change in diff.changes)
    parts = (parts or (set() if staged else {"scaleSettings"})) | {"metadata"}
    since = _rolling_since(cloud, desired, found, diff)
    if since:
        full["metadata"].append({"name": marks.ROLLOUT, "value": since})
    body: dict[str, Any] = {"properties": {part: full.get(part) for part in sorted(parts)}}
    tops = {change.path.split(".")[0] for change in diff.changes}
    if "identity" in tops:
        body["identity"] = arm.user_assigned(desired.body["identity"])
    if "tags" in tops:
        body["tags"] = {**found.body["tags"], **desired.body["tags"]}
    return body


def _rolling_since(cloud: Cloud, desired: Desired, found: Observed, diff: Diff) -> str | None:
    """When the rolling change of the nodes began that goes on after this one, if any does."""
    if not (rollout.rolls(desired) and found.occupants):
        return None
    if any(change.rule is Rule.NEW_NODES and change.path != STAGE for change in diff.changes):
        return rollout.began(cloud)
    left = found.body.get("nodes")
    return left.since if left and (left.old or left.booting) else None
