"""Broken nodes of a pool: their errors, and the attempts to mend them.

A node is rebooted, then reimaged, then taken out of the pool, which gets another one for it. When more than half of the
nodes are broken, none is touched: the cause is then common to them, such as the start task or the image, and another
attempt would only take time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.cloud import batch_jobs
from reconciler.cloud.cloud import Cloud

BROKEN = ("starttaskfailed", "unusable", "unknown")
WAYS = {"reboot": "nodeRebootOption", "reimage": "nodeReimageOption"}
"""Verb that mends a broken node, in the order of attempts → the name of its option; after these, it is replaced."""
MOST = 100
"""The most nodes that one request takes out."""
LOOKED_AT = 3
"""The most nodes whose output of the start task is read."""


def broken(cloud: Cloud, pool: str) -> list[dict[str, Any]]:
    return [raw for node in cloud.batch().list_nodes(pool) if (raw := node.as_dict())["state"] in BROKEN]


def common(count: int, total: int) -> bool:
    """Whether so many nodes are broken that the cause must be common to them."""
    return count > 1 and 2 * count > total


def mend(cloud: Cloud, pool: str, total: int) -> None:
    """Start the next attempt for each broken node, unless too many are broken."""
    nodes = [node["id"] for node in broken(cloud, pool)]
    if common(len(nodes), total):
        return
    hopeless = [node for node in nodes if cloud.runs.get(node) == list(WAYS)[-1]]
    for node in nodes:
        if node not in hopeless:
            verb = "reimage" if node in cloud.runs else "reboot"
            batch_jobs.post(cloud, f"/pools/{pool}/nodes/{node}/{verb}", {WAYS[verb]: "requeue"}, None)
            cloud.runs[node] = verb
    if hopeless:
        body = {"nodeList": hopeless[:MOST], "nodeDeallocationOption": "requeue"}
        batch_jobs.post(cloud, f"/pools/{pool}/removenodes", body, None)
        cloud.runs[f"removenodes {pool}"] = "removenodes"


def replacing(cloud: Cloud, pool: str, state: str) -> bool:
    """Whether the pool shrinks because broken nodes are taken out of it; `state` is its allocationState."""
    if state == "Steady":
        cloud.runs.pop(f"removenodes {pool}", None)
    return f"removenodes {pool}" in cloud.runs


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
