"""What follows from the nodes of a pool: its health, and what keeps it from being empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.cloud.cloud import Cloud
from reconciler.kinds.pool import reading
from reconciler.kinds.pool.state import state_of
from reconciler.model import Health, Observed
from reconciler.words import count

Counts = Mapping[str, int]
"""Node state (`idle`, `startTaskFailed`, ...) → nodes, dedicated and spot together."""

USABLE = ("idle", "running")
BROKEN = {
    "startTaskFailed": ("failed its start task", "failed their start task"),
    "unusable": ("is unusable", "are unusable"),
    "unknown": ("does not answer", "do not answer"),
}
"""State of a node that does not work → the words for one and for several."""
REMEDIES = {
    "AllocationFailed": "the region may have no room for this VM size now: try later, or use another size",
    "AllocationTimedOut": "raise resizeTimeout, or use another VM size or region",
    "CommunicationEnabledPoolReachedMaxVMCount": "use fewer nodes, or turn interNodeCommunication off",
    "CoreQuotaReached": "ask for a higher quota (reconcile doctor shows the account's), or use fewer nodes",
    "DependentResourceNotFound": "something that the pool names is gone: look for its subnet, image and public IPs",
    "FailedIdentityOperation": "look whether the pool's identities still exist",
    "IncompatibleVMSize": "use a VM size that can do what the pool asks of it",
    "ResizeStopped": "somebody stopped the resize: apply asks for the size again",
}
"""The end of a resize error's code → what to do. Source of the codes: PoolResizeErrorCodes of Batch's .NET client."""
NODE = ["id", "runningTasksCount", "recentTasks"]
COMING = (
    "creating",
    "starting",
    "waitingForStartTask",
    "rebooting",
    "reimaging",
    "upgradingOS",
    "deallocating",
)


def live_id(pool: Observed) -> str:
    """The id of an observed pool in Azure, which can differ from its name in the spec."""
    return pool.id.rsplit("/", 1)[-1]


def all_counts(cloud: Cloud, pool: str | None = None) -> dict[str, Counts]:
    """Pool id in lower case → its node counts, in one list for all pools."""
    totals: dict[str, Counts] = {}
    for item in cloud.batch().list_pool_node_counts(filter=f"poolId eq '{pool}'" if pool else None):
        total: dict[str, int] = {}
        for side in (item.dedicated, item.low_priority):
            for state, number in (side.as_dict() if side else {}).items():
                total[state] = total.get(state, 0) + number
        totals[item.pool_id.lower()] = total
    return totals


def health(properties: Mapping[str, Any], counts: Counts | None) -> tuple[Health, str]:
    """Health and its reason, from ARM's view of the pool and the data plane's node counts."""
    counts = counts or {}
    dedicated, spot = _targets(properties)
    now, now_spot = properties.get("currentDedicatedNodes", 0), properties.get("currentLowPriorityNodes", 0)
    if properties.get("provisioningState") == "Deleting":
        return Health.BUSY, "being deleted"
    if properties.get("allocationState", "Steady") != "Steady":
        return Health.BUSY, f"{properties['allocationState'].lower()}: {now + now_spot} of {dedicated + spot} nodes"
    errors = (properties.get("resizeOperationStatus") or {}).get("errors") or []
    if now != dedicated or (now_spot != spot and errors):
        return Health.FAILED, _resize_failure(errors, now + now_spot, dedicated + spot)
    broken = [
        f"{count(number, 'node')} {texts[number > 1]}"
        for state, texts in BROKEN.items()
        if (number := counts.get(state, 0))
    ]
    if broken:
        return Health.FAILED, ", ".join(broken)
    coming = {state: counts[state] for state in COMING if counts.get(state)}
    if coming:
        usable = sum(counts.get(state, 0) for state in USABLE)
        states = ", ".join(f"{number} {words(state)}" for state, number in coming.items())
        return Health.BUSY, f"{usable} of {now + now_spot} nodes ready, {states}"
    return Health.READY, f"{now_spot} of {spot} spot nodes" if now_spot != spot else ""


def present(properties: Mapping[str, Any]) -> int:
    """How many nodes the pool has."""
    return int(properties.get("currentDedicatedNodes", 0) + properties.get("currentLowPriorityNodes", 0))


def broken(counts: Counts | None) -> int:
    """How many nodes do not work."""
    return sum((counts or {}).get(state, 0) for state in BROKEN)


def occupants(properties: Mapping[str, Any], counts: Counts | None) -> tuple[str, ...]:
    """What keeps the pool from being empty."""
    total = present(properties)
    if not total:
        return ("a resize",) if properties.get("allocationState", "Steady") != "Steady" else ()
    running = (counts or {}).get("running", 0)
    busy = f", {running} of them running tasks" if running else ""
    return (f"{count(total, 'node')}{busy}",)


def _targets(properties: Mapping[str, Any]) -> tuple[int, int]:
    if reading.formula(properties):  # Azure's own target is met when it is steady
        return properties.get("currentDedicatedNodes", 0), properties.get("currentLowPriorityNodes", 0)
    return reading.targets(properties) or (0, 0)


def _resize_failure(errors: list[Mapping[str, Any]], now: int, target: int) -> str:
    reasons = "; ".join(f"{error.get('code')}: {error.get('message')}{_remedy(error)}" for error in errors)
    return f"the pool stopped at {now} of {target} nodes" + (f" ({reasons})" if reasons else "")


def _remedy(error: Mapping[str, Any]) -> str:
    """What to do about an error of a resize, where that is known."""
    remedy = next((words for code, words in REMEDIES.items() if str(error.get("code")).endswith(code)), "")
    return f" - {remedy}" if remedy else ""


def words(state: str) -> str:
    """`waitingForStartTask` → `waiting for start task`."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in state)


def hit(cloud: Cloud, pool: Observed) -> Observed:
    """`pool`, with occupants that tell how many tasks of how many jobs run on its nodes."""
    if not state_of(pool).running or not pool.occupants:
        return pool
    raws = [node.as_dict() for node in cloud.batch().list_nodes(live_id(pool), select=NODE)]
    tasks = sum(raw.get("runningTasksCount", 0) for raw in raws)
    recent = [task for raw in raws for task in raw.get("recentTasks") or ()]
    jobs = len({task["jobId"] for task in recent if task["taskState"] == "running"})
    if not tasks:
        return pool
    of = f" of {count(jobs, 'job')}" if jobs else ""
    verb = "runs" if len(raws) == 1 else "run"
    words = f"{count(len(raws), 'node')} that {verb} {count(tasks, 'task')}{of}"
    return replace(pool, occupants=(words,))
