"""The number of nodes of a pool: fixed, or from a formula that Azure evaluates, whose result is then not compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.azure.durations import canonical
from reconciler.kinds.pool import reading
from reconciler.model import Desired, Diff, Observed, Rule
from reconciler.spec import trial
from reconciler.spec.pools import Pool


def wanted(pool: Pool) -> dict[str, Any]:
    """The scaleSettings of a pool of a spec; one of the two forms is declared absent."""
    nodes = pool["nodes"]
    if "autoscale" in nodes:
        autoscale = nodes["autoscale"]
        formula = trial.formula(autoscale, pool["taskSlotsPerNode"])
        automatic = {"formula": formula, "evaluationInterval": canonical(autoscale["every"])}
        return {"autoScale": automatic, "fixedScale": None}
    fixed: dict[str, Any] = {"targetDedicatedNodes": nodes["dedicated"], "targetLowPriorityNodes": nodes["spot"]}
    if "resizeTimeout" in nodes:
        fixed["resizeTimeout"] = canonical(nodes["resizeTimeout"])
    if "nodeDeallocationOption" in nodes:
        fixed["nodeDeallocationOption"] = nodes["nodeDeallocationOption"]
    return {"fixedScale": fixed, "autoScale": None}


def observed(raw: Mapping[str, Any]) -> dict[str, Any]:
    """scaleSettings as Azure reports them."""
    automatic, fixed = raw.get("autoScale"), raw.get("fixedScale")
    if automatic:
        interval = canonical(automatic.get("evaluationInterval", "PT15M"))
        return {"autoScale": {**automatic, "evaluationInterval": interval}, "fixedScale": None}
    kept = dict(fixed or {})
    if "resizeTimeout" in kept:
        kept["resizeTimeout"] = canonical(kept["resizeTimeout"])
    return {"fixedScale": kept, "autoScale": None}


LEAVING = {
    "Requeue": "tasks on nodes that leave are requeued, unless nodes.nodeDeallocationOption is TaskCompletion",
    "Terminate": "tasks on nodes that leave are broken off, unless nodes.nodeDeallocationOption is TaskCompletion",
    "TaskCompletion": "tasks on nodes that leave may end first",
    "RetainedData": "nodes leave when their tasks have ended and the data that those keep has expired",
}
"""nodeDeallocationOption → what it means, in the words of the plan."""


def leaving(desired: Desired) -> str:
    """What becomes of tasks on nodes that leave when the pool shrinks to the desired size."""
    fixed = desired.body["properties"]["scaleSettings"]["fixedScale"]
    return LEAVING[fixed.get("nodeDeallocationOption", "Requeue")]


def wire(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: dict(value) for name, value in settings.items() if value is not None}


def drained(option: str, within: str) -> dict[str, Any]:
    """The scaleSettings that remove all nodes: `option` says what becomes of running tasks, `within` is the timeout."""
    none = {"targetDedicatedNodes": 0, "targetLowPriorityNodes": 0}
    return {"fixedScale": {**none, "nodeDeallocationOption": option, "resizeTimeout": canonical(within)}}


def superseded(pool: Observed, differs: Diff) -> bool:
    """Whether a resize to an outdated size is running, unless it empties the pool for another change."""
    sizes = any(change.path.startswith("properties.scaleSettings") for change in differs.changes)
    resizing = pool.body["properties"].get("allocationState") == "Resizing"
    return sizes and resizing and differs.rule is Rule.LIVE


def emptied(pool: Observed) -> bool:
    """Whether all nodes leave or have left."""
    return reading.targets(pool.body["properties"]) == (0, 0)


def shrinks(desired: Desired, pool: Observed) -> bool:
    """Whether the desired size has fewer nodes than there are, which affects tasks on the nodes that leave."""
    size, properties = reading.targets(desired.body["properties"]), pool.body["properties"]
    now = (properties["currentDedicatedNodes"], properties["currentLowPriorityNodes"])
    return size is not None and (size[0] < now[0] or size[1] < now[1])
