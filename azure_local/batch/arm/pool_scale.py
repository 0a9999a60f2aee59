"""Scale settings: how many nodes a pool shall have. All scale settings of both planes are read here."""

from __future__ import annotations

from typing import Any

import batch_autoscale
from azure_local.azure import Azure
from azure_local.batch import events
from azure_local.batch.shapes import malformed, missing
from azure_local.http import Failure

TIMEOUT, INTERVAL = "PT15M", "PT15M"
TARGETS = ("targetDedicatedNodes", "targetLowPriorityNodes")
OPTIONS = {
    "requeue": "Requeue",
    "terminate": "Terminate",
    "taskcompletion": "TaskCompletion",
    "retaineddata": "RetainedData",
}
"""A formula's $NodeDeallocationOption → ARM's spelling."""
LONGEST = 8192
"""Characters of a formula."""
SPARE = 30
"""Simulated seconds that must lie between two calls that enable autoscale on a pool."""


def complete(settings: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Scale settings with defaults, as they are kept, and the node deallocation option, which is never shown."""
    if "fixedScale" in settings and "autoScale" in settings:
        raise malformed("fixedScale and autoScale are mutually exclusive.")
    if "autoScale" in settings:
        check_formula(settings["autoScale"]["formula"])
        return {"autoScale": {"evaluationInterval": INTERVAL, **settings["autoScale"]}}, "Requeue"
    if "fixedScale" in settings and not set(TARGETS) & set(settings["fixedScale"]):
        raise missing("scaleSettings.fixedScale.targetDedicatedNodes")
    fixed = {"targetDedicatedNodes": 0, "targetLowPriorityNodes": 0, **settings.get("fixedScale", {})}
    option = str(fixed.pop("nodeDeallocationOption", "Requeue"))
    return {"fixedScale": {**fixed, "resizeTimeout": fixed.get("resizeTimeout", TIMEOUT)}}, option


def check_formula(formula: str) -> None:
    """Failure 400 if the formula cannot be read."""
    if len(formula) > LONGEST:
        raise Failure(400, "AutoScaleFormulaTooLong", f"The formula is longer than {LONGEST} characters.")
    try:
        batch_autoscale.typecheck(formula)
    except batch_autoscale.FormulaError as error:
        place = error.problems[0].place
        reason = f"Line {place.line}, Col {place.column}: {error.problems[0].message}"
        text = f"The specified autoscale formula has a syntax error. {reason}"
        raise Failure(400, "AutoScalingFormulaSyntaxError", text, {"Message": reason}) from None


def begin(azure: Azure, document: dict[str, Any], option: str) -> None:
    """Start to resize a new pool. Failure 400 if its formula has no value for another reason than too few samples."""
    properties = document["resource"]["properties"]
    settings = properties["scaleSettings"]
    if "autoScale" in settings:
        properties["scaleSettings"] = complete({})[0]
        check_value(azure, document, settings["autoScale"]["formula"])
    events.pool_created(azure, document)
    azure.batch.pools.resize(document, option)
    if "autoScale" in settings:
        enable(azure, document, settings["autoScale"])


def check_change(azure: Azure, document: dict[str, Any], settings: dict[str, Any]) -> None:
    """Failure unless the pool can have these scale settings now; one formula may replace another at any time."""
    properties = document["resource"]["properties"]
    if not ("autoScale" in settings and "autoScale" in properties["scaleSettings"]):
        check_steady(properties)
    if "autoScale" in settings:
        check_value(azure, document, settings["autoScale"]["formula"])


def check_value(azure: Azure, document: dict[str, Any], formula: str) -> None:
    """Failure 400 if the formula has no value, unless it only lacks samples, as in every new pool."""
    error = azure.batch.scaling.evaluate(document, formula)[1].get("error")
    if error and error["code"] == "AutoScalingFormulaEvaluationError":
        reason = error["details"][0]["message"]
        raise Failure(400, error["code"], f"{error['message']}. {reason}", {"Message": reason})


def check_spare(azure: Azure, document: dict[str, Any]) -> None:
    """Failure 409 if autoscale was enabled less than `SPARE` seconds ago; else remember that it is enabled now."""
    if not azure.clock.past(document.get("enableAgain", "")):
        text = f"Requests to enable autoscale on a pool must be separated by at least {SPARE} seconds."
        raise Failure(409, "TooManyEnableAutoScaleRequests", text)
    document["enableAgain"] = azure.clock.after(SPARE)


def change(azure: Azure, document: dict[str, Any], settings: dict[str, Any], option: str) -> None:
    """Give the pool other scale settings, which have been checked, and start to resize it."""
    if "autoScale" in settings:
        enable(azure, document, settings["autoScale"])
        return
    document["resource"]["properties"]["scaleSettings"] = settings
    forget(document)
    azure.batch.pools.resize(document, option)


def enable(azure: Azure, document: dict[str, Any], settings: dict[str, Any]) -> None:
    """Let this formula size the pool from now on."""
    document["size"] = dict(size(document))
    document["resource"]["properties"]["scaleSettings"] = {"autoScale": settings}
    azure.batch.scaling.begin(document)


def size(document: dict[str, Any]) -> dict[str, Any]:
    """The targets and the resize timeout, set by a user or by a formula; to be changed in place."""
    settings: dict[str, Any] = document["resource"]["properties"]["scaleSettings"].get("fixedScale") or document["size"]
    return settings


def check_steady(properties: dict[str, Any]) -> None:
    """Failure 409 unless the pool can be resized now."""
    if properties["allocationState"] != "Steady":
        raise Failure(409, "PoolBeingResized", "The specified pool is being resized.")


def check_fixed(properties: dict[str, Any]) -> None:
    """Failure 409 if a formula decides on the pool's size."""
    if "autoScale" in properties["scaleSettings"]:
        text = "The specified operation is not valid on the pool: it is enabled for automatic scaling."
        raise Failure(409, "OperationNotValidOnPool", text)


def check_auto(properties: dict[str, Any]) -> None:
    """Failure 409 unless a formula decides on the pool's size."""
    if "autoScale" not in properties["scaleSettings"]:
        text = "The specified operation is not valid on the pool: it is not enabled for automatic scaling."
        raise Failure(409, "OperationNotValidOnPool", text)


def disable(azure: Azure, document: dict[str, Any]) -> None:
    """The pool keeps the targets that it has. Failure 409 if no formula has set them."""
    properties = document["resource"]["properties"]
    check_auto(properties)
    properties["scaleSettings"] = {"fixedScale": dict(size(document))}
    forget(document)
    azure.store.put("pool", document["resource"]["id"], document)


def forget(document: dict[str, Any]) -> None:
    """No formula sizes the pool any more."""
    document["resource"]["properties"].pop("autoScaleRun", None)
    for name in ("size", "evaluateAt", "sampled"):
        document.pop(name, None)
