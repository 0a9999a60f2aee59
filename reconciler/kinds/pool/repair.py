"""Broken nodes of a pool: their errors, and the attempts to mend them.

A node is rebooted. If Batch refuses that, or the node breaks again, it is taken out of the pool, which gets another one
for it. (Batch reimages only nodes of Cloud Services, which are retired.) When more than half of the nodes are broken,
the cause is common to them, such as the start task or the image, and another attempt would only take time: then just
those are touched that broke before what nodes run at their start was last changed. What was tried stands in the pool's
metadata, so that the next run goes on from there, whoever starts it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from reconciler import marks
from reconciler.cloud import batch_jobs, pairs
from reconciler.cloud.cloud import Cloud
from reconciler.kinds.pool import nodes, tried
from reconciler.kinds.pool.nodes import live_id
from reconciler.kinds.pool.state import state_of
from reconciler.kinds.pool.tried import Tried
from reconciler.model import Observed

BROKEN = ("starttaskfailed", "unusable", "unknown")
MOST = 100
"""The most nodes that are mended at once; one request takes out so many."""
LOOKED_AT = 3
"""The most nodes whose output of the start task is read."""
OURS = timedelta(minutes=5)
"""A resize that begins so soon after an attempt to mend nodes is that attempt."""


def broken(cloud: Cloud, pool: str) -> list[dict[str, Any]]:
    return [raw for node in cloud.batch().list_nodes(pool) if (raw := node.as_dict())["state"] in BROKEN]


def common(count: int, total: int) -> bool:
    """Whether so many nodes are broken that the cause must be common to them."""
    return count > 1 and 2 * count > total


def outdated(pool: Observed, raws: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The broken nodes that broke before what nodes run at their start was changed. Pure."""
    try:
        changed = datetime.fromisoformat(state_of(pool).marks.get(marks.STARTED, ""))
    except ValueError:
        return []
    return [raw for raw in raws if datetime.fromisoformat(raw["stateTransitionTime"]) < changed]


def mend(cloud: Cloud, pool: Observed) -> bool:
    """Start the next attempt for each node that is still broken; False if too many are, so that nothing is done."""
    name, raws = live_id(pool), broken(cloud, live_id(pool))
    if not raws:
        return True
    if common(len(raws), nodes.present(pool.body["properties"])):
        raws = outdated(pool, raws)
        if not raws:
            return False
    before, now = tried.read(state_of(pool).marks.get(marks.MENDING)), cloud.time
    hopeless = [raw["id"] for raw in raws[:MOST] if before.failed(raw, now)]
    hopeful = [raw["id"] for raw in raws[:MOST] if raw["id"] not in hopeless]
    _remember(cloud, pool, before.then(hopeful, now))
    hopeless += [node for node in hopeful if not _rebooted(cloud, name, node)]
    if hopeless:
        _take_out(cloud, name, hopeless)
    return True


def _remember(cloud: Cloud, pool: Observed, attempts: Tried) -> None:
    """Write down what is tried before it is done, so that no attempt is made without being known."""
    from azure.core import MatchConditions

    metadata = pairs.listed({**state_of(pool).marks, marks.MENDING: attempts.text})
    where = (*cloud.account_place, live_id(pool))
    body: Any = {"properties": {"metadata": metadata}}
    cloud.batch_management.pool.update(*where, body, etag=pool.etag, match_condition=MatchConditions.IfNotModified)


def _rebooted(cloud: Cloud, pool: str, node: str) -> bool:
    """Ask the node to reboot. False if Batch refuses it and the node is still broken."""
    from azure.core.exceptions import HttpResponseError

    try:
        batch_jobs.post(cloud, f"/pools/{pool}/nodes/{node}/reboot", {"nodeRebootOption": "requeue"}, None)
    except HttpResponseError as error:
        if error.status_code != 409:
            raise
        return bool(cloud.batch().get_node(pool, node).as_dict()["state"] not in BROKEN)
    return True


def _take_out(cloud: Cloud, pool: str, hopeless: Collection[str]) -> None:
    body = {"nodeList": list(hopeless), "nodeDeallocationOption": "requeue"}
    batch_jobs.post(cloud, f"/pools/{pool}/removenodes", body, None)


def replacing(pool: Observed) -> bool:
    """Whether the pool shrinks because broken nodes are taken out of it, by this run or another."""
    properties = pool.body["properties"]
    last = tried.read(state_of(pool).marks.get(marks.MENDING)).last
    if last is None or properties.get("allocationState", "Steady") == "Steady":
        return False
    began = datetime.fromisoformat(properties["allocationStateTransitionTime"])
    return last - tried.BLUR <= began <= last + OURS


def findings(cloud: Cloud, pool: str) -> tuple[str, dict[str, str]]:
    """The errors of broken nodes in words, and the outputs of failed start tasks by a name for each node."""
    words, logs = [], {}
    for node in broken(cloud, pool)[:LOOKED_AT]:
        info = node.get("startTaskInfo") or {}
        if node["state"] == "starttaskfailed":
            text = _output(cloud, pool, node["id"])
            lines = [line for line in text.splitlines() if line.strip()]
            words.append(f"{_reason(info)}{f': {lines[-1][:200]}' if lines else ''}")
            logs[f"start-task-{node['id']}"] = text
        words += [f"{error.get('code')}: {error.get('message')}" for error in node.get("errors") or ()]
    return "; ".join(dict.fromkeys(words)), logs


def _reason(info: Mapping[str, Any]) -> str:
    code = info.get("exitCode")
    failure = (info.get("failureInfo") or {}).get("message", "it failed")
    return f"exit code {code}" if code is not None else str(failure)


def _output(cloud: Cloud, pool: str, node: str) -> str:
    """The end of what the start task wrote to stderr, as far as the node gives it."""
    from azure.core.exceptions import HttpResponseError

    try:
        chunks = cloud.batch().download_node_file(pool, node, "startup/stderr.txt")
        return b"".join(chunks)[-8192:].decode(errors="replace")
    except HttpResponseError:
        return ""  # a node that is unusable has no files to show
