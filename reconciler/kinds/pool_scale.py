"""How many nodes a pool has: a fixed size, or a formula that Azure evaluates; what the counts are then is no drift."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.kinds.pool_properties import canonical
from reconciler.spec import trial


def wanted(own: Mapping[str, Any]) -> dict[str, Any]:
    """The scaleSettings of a pool of a spec; one of the two forms is declared absent."""
    nodes = own["nodes"]
    if "autoscale" in nodes:
        given = nodes["autoscale"]
        automatic = {"formula": trial.formula(given, own["taskSlotsPerNode"]), "evaluationInterval": interval(given)}
        return {"autoScale": automatic, "fixedScale": None}
    fixed = {"targetDedicatedNodes": nodes["dedicated"], "targetLowPriorityNodes": nodes["spot"]}
    if "resizeTimeout" in nodes:
        fixed["resizeTimeout"] = canonical(nodes["resizeTimeout"])
    return {"fixedScale": fixed, "autoScale": None}


def interval(given: Mapping[str, Any]) -> str:
    return canonical(given.get("every", "PT5M"))


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


def wire(wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: dict(value) for name, value in wanted.items() if value is not None}


def drained(option: str, within: str) -> dict[str, Any]:
    """No nodes, by and by: `option` says what becomes of tasks that run."""
    none = {"targetDedicatedNodes": 0, "targetLowPriorityNodes": 0}
    return {"fixedScale": {**none, "nodeDeallocationOption": option, "resizeTimeout": canonical(within)}}
