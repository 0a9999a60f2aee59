"""How many nodes a pool has: a fixed size, or a formula that Azure evaluates; what the counts are then is no drift."""

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
        given = nodes["autoscale"]
        formula = trial.formula(given, pool["taskSlotsPerNode"])
        automatic = {"formula": formula, "evaluationInterval": canonical(given["every"])}
        return {"autoScale": automatic, "fixedScale": None}
    fixed: dict[str, Any] = {"targetDedicatedNodes": nodes["dedicated"], "targetLowPriorityNodes": nodes["spot"]}
    if "resizeTimeout" in nodes:
        fixed["resizeTimeout"] = canonical(nodes["resizeTimeout"])
    if "nodeDeallocationOption" in nodes:
        fixed["nodeDeallocationOption"] = nodes["nodeDeallocationOption"]
    return {"fixedScale": fixed, "autoScale": None}


def observed(given: Mapping[str, Any]) -> dict[str, Any]:
    """scaleSettings as Azure reports them."""
    automatic, fixed = given.get("autoScale"), given.get("fixedScale")
    if automatic:
        interval = canonical(automatic.get("evaluationInterval", "PT15M"))
        return {"autoScale": {**automatic, "evaluationInterval": interval}, "fixedScale": None}
    kept = dict(fixed or {})
    if "resizeTimeout" in kept:
        kept["resizeTimeout"] = canonical(kept["resizeTimeout"])
    return {"fixedScale": kept, "autoScale": None}


LEAVING = {
    "Requeue": "tasks on nodes that leave are requeued",
    "Terminate": "tasks on nodes that leave are broken off",
    "TaskCompletion": "tasks on nodes that leave may end first",
    "RetainedData": "nodes leave when their tasks have ended and the data that those keep has expired",
}
"""nodeDeallocationOption → what it means, as the plan tells it."""


def leaving(desired: Desired) -> str:
    """What becomes of tasks on nodes that leave for the wanted size."""
    fixed = desired.body["properties"]["scaleSettings"]["fixedScale"]
    return LEAVING[fixed.get("nodeDeallocationOption", "Requeue")]


def wire(wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: dict(value) for name, value in wanted.items() if value is not None}


def drained(option: str, within: str) -> dict[str, Any]:
    """No nodes, by and by: `option` says what becomes of tasks that run."""
    none = {"targetDedicatedNodes": 0, "targetLowPriorityNodes": 0}
    return {"fixedScale": {**none, "nodeDeallocationOption": option, "resizeTimeout": canonical(within)}}


def superseded(found: Observed, differs: Diff) -> bool:
    """Whether a resize runs to a size that is not wanted, and not to empty the pool for another change."""
    sizes = any(change.path.startswith("properties.scaleSettings") for change in differs.changes)
    resizing = found.body["properties"].get("allocationState") == "Resizing"
    return sizes and resizing and differs.rule is Rule.LIVE


def emptied(found: Observed) -> bool:
    """Whether all nodes are on their way out."""
    return reading.targets(found.body["properties"]) == (0, 0)


def shrinks(desired: Desired, found: Observed) -> bool:
    """Whether the wanted size has fewer nodes than there are: tasks on the others are hit."""
    size, properties = reading.targets(desired.body["properties"]), found.body["properties"]
    now = (properties["currentDedicatedNodes"], properties["currentLowPriorityNodes"])
    return size is not None and (size[0] < now[0] or size[1] < now[1])
