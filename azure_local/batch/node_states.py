"""The states of nodes: which of them take tasks, and how a node's state follows from its tasks."""

from __future__ import annotations

from sys import intern
from typing import Any

from azure_local.azure import Azure

READY = ("idle", "running")
"""States in which a node takes tasks, unless scheduling on it is disabled."""
AWAY = ("creating", "leavingpool")
RECENT = 10
"""How many recent tasks a node shows."""


def recent(task: dict[str, Any]) -> dict[str, Any]:
    """A task as it is shown among a node's recent tasks."""
    known = {"taskUrl": task["url"], "jobId": task["job"], "taskId": task["id"], "taskState": task["state"]}
    return {**known, "executionInfo": task["executionInfo"]}


def node_info(azure: Azure, task: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """Where a task or subtask runs, as it is shown."""
    url = intern(f"{azure.front}/batch/{node['account']}/pools/{node['pool']}/nodes/{node['id']}")  # one for all tasks
    return {
        "affinityId": intern(f"TVM:{node['id']}"),
        "nodeUrl": url,
        "poolId": node["pool"],
        "nodeId": node["id"],
        "taskRootDirectory": f"workitems/{task['job']}/job-1/{task['id']}",
        "taskRootDirectoryUrl": intern(f"{url}/files"),
    }


def save(azure: Azure, node: dict[str, Any]) -> None:
    azure.store.put("node", f"{node['account']}/{node['pool']}/{node['id']}", node)


def move(azure: Azure, node: dict[str, Any], state: str, seconds: float | None = None) -> None:
    """Change the state; the next step of the node's life comes `seconds` later, or only on request if it is None."""
    node["state"], node["since"] = state, azure.clock.after(0)
    node["until"] = None if seconds is None else azure.clock.after(seconds)
    save(azure, node)


def rest(azure: Azure, node: dict[str, Any]) -> None:
    """Set the state of a node that is up: running, idle, or offline if it takes no tasks and has none."""
    if node["state"] not in (*READY, "offline"):
        return
    state = "running" if node["tasks"] else "idle" if node["scheduling"] == "enabled" else "offline"
    if state != node["state"]:
        move(azure, node, state)


def takes_tasks(node: dict[str, Any]) -> bool:
    return node["state"] in READY and node["scheduling"] == "enabled" and not node.get("pending")


def leaving(node: dict[str, Any]) -> bool:
    """Whether the node leaves, or will leave when its tasks have ended."""
    return node["state"] == "leavingpool" or (node.get("pending") or {}).get("action") == "leavingpool"
