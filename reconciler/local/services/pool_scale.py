"""How many nodes a pool shall have: the one place that reads scale settings, of either plane."""

from __future__ import annotations

from typing import Any

from reconciler.local.http import Failure
from reconciler.local.services.shapes import malformed, missing

TIMEOUT = "PT15M"
TARGETS = ("targetDedicatedNodes", "targetLowPriorityNodes")


def refuse_auto_scale(given: Any) -> None:
    """Failure if a formula is to say it."""
    if given:
        raise Failure(400, "InvalidRequestBody", "Autoscale is not offered by the local Azure.")


def complete(given: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Scale settings that have been read, as they are kept, and the node deallocation option, which never is shown."""
    refuse_auto_scale(given.get("autoScale"))
    if "fixedScale" in given and "autoScale" in given:
        raise malformed("fixedScale and autoScale are mutually exclusive.")
    if "fixedScale" in given and not set(TARGETS) & set(given["fixedScale"]):
        raise missing("scaleSettings.fixedScale.targetDedicatedNodes")
    fixed = {"targetDedicatedNodes": 0, "targetLowPriorityNodes": 0, **given.get("fixedScale", {})}
    option = str(fixed.pop("nodeDeallocationOption", "Requeue"))
    return {"fixedScale": {**fixed, "resizeTimeout": fixed.get("resizeTimeout", TIMEOUT)}}, option


def check_steady(properties: dict[str, Any]) -> None:
    """Failure 409 unless the pool can be resized now."""
    if properties["allocationState"] != "Steady":
        raise Failure(409, "PoolBeingResized", "The specified pool is being resized.")


def check_fixed(properties: dict[str, Any]) -> None:
    """Failure 409 if a formula decides on the pool's size."""
    if "autoScale" in properties["scaleSettings"]:
        text = "The specified operation is not valid on the pool: it is enabled for automatic scaling."
        raise Failure(409, "OperationNotValidOnPool", text)


def disable(properties: dict[str, Any]) -> None:
    """Failure 409 unless a formula decides on the pool's size, which is never the case here."""
    if "autoScale" not in properties["scaleSettings"]:
        text = "The specified operation is not valid on the pool: it is not enabled for automatic scaling."
        raise Failure(409, "OperationNotValidOnPool", text)
