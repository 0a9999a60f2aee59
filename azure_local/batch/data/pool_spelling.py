"""Converts pools between the spellings of ARM and of the data plane: other names of members, words in lower case."""

from __future__ import annotations

from typing import Any

from azure_local.batch import schema
from azure_local.batch.shapes import invalid, malformed, missing
from azure_local.http import Failure

SAME = (
    "displayName", "vmSize", "networkConfiguration", "taskSlotsPerNode", "taskSchedulingPolicy", "userAccounts",
    "metadata", "startTask", "mountConfiguration", "upgradePolicy",
)  # fmt: skip
SIZE = ("targetDedicatedNodes", "targetLowPriorityNodes", "resizeTimeout")
FORMULA = ("enableAutoScale", "autoScaleFormula", "autoScaleEvaluationInterval")


def told(resource: dict[str, Any]) -> dict[str, Any]:
    """The members of a pool that ARM shows, as the data plane shows them."""
    arm = resource["properties"]
    size = {"targetLowPriorityNodes": 0, **(arm["scaleSettings"].get("fixedScale") or arm["resizeOperationStatus"])}
    same = {name: arm[name] for name in SAME if name in arm}
    body: dict[str, Any] = schema.told("PoolProperties", same, "BatchPoolCreateOptions")
    body |= {
        "vmSize": arm["vmSize"].lower(),
        # recorded: a capital on this plane too
        "taskSchedulingPolicy": {
            **body["taskSchedulingPolicy"],
            "nodeFillType": arm["taskSchedulingPolicy"]["nodeFillType"],
        },
        "virtualMachineConfiguration": machine(arm),
        "enableInterNodeCommunication": arm["interNodeCommunication"] == "Enabled",
        **_formula_told(arm),
        "currentDedicatedNodes": arm["currentDedicatedNodes"],
        "currentLowPriorityNodes": arm["currentLowPriorityNodes"],
        **{name: size[name] for name in SIZE},
    }
    if "identity" in resource:
        body["identity"] = _identity(resource["identity"])
    if "applicationPackages" in arm:
        body["applicationPackageReferences"] = [package_told(reference) for reference in arm["applicationPackages"]]
    errors = (arm.get("resizeOperationStatus") or {}).get("errors")
    if errors:
        body["resizeErrors"] = [resize_error(error) for error in errors]
    return body


def machine(arm: dict[str, Any]) -> dict[str, Any]:
    """The virtualMachineConfiguration of a pool as the data plane shows it."""
    kept = arm["deploymentConfiguration"]["virtualMachineConfiguration"]
    shown: dict[str, Any] = schema.told("VirtualMachineConfiguration", kept, "VirtualMachineConfiguration")
    return shown


def _formula_told(arm: dict[str, Any]) -> dict[str, Any]:
    settings = arm["scaleSettings"].get("autoScale")
    if settings is None:
        return {"enableAutoScale": False}
    return {
        "enableAutoScale": True,
        "autoScaleFormula": settings["formula"],
        "autoScaleEvaluationInterval": settings["evaluationInterval"],
        "autoScaleRun": run_told(arm["autoScaleRun"]),
    }


def run_told(run: dict[str, Any]) -> dict[str, Any]:
    """An evaluation as the data plane shows it."""
    error = {"error": resize_error(run["error"])} if "error" in run else {}
    return {"timestamp": run["evaluationTime"], "results": run["results"], **error}


def _identity(identity: dict[str, Any]) -> dict[str, Any]:
    listed = [{"resourceId": key, **ids} for key, ids in identity["userAssignedIdentities"].items()]
    return {"type": identity["type"], "userAssignedIdentities": listed}


def resize_error(error: dict[str, Any]) -> dict[str, Any]:
    """ARM nests errors in an error; the data plane lists names and values."""
    values = [{"name": detail["code"], "value": detail["message"]} for detail in error.get("details") or ()]
    return {"code": error["code"], "message": error["message"], **({"values": values} if values else {})}


def package_told(reference: dict[str, Any]) -> dict[str, Any]:
    version = {"version": reference["version"]} if "version" in reference else {}
    return {"applicationId": reference["id"].rsplit("/", 1)[-1], **version}


def package_heard(owner: dict[str, Any], reference: dict[str, Any]) -> dict[str, Any]:
    """A reference to an application of this account, in ARM's form."""
    version = {"version": reference["version"]} if reference.get("version") else {}
    return {"id": f"{owner['id']}/applications/{reference['applicationId']}", **version}


def heard(owner: dict[str, Any], pool: Any, shape: str) -> dict[str, Any]:
    """ARM's body of a pool, from a body of the data plane with that shape. Failure 400 if it does not fit.

    An empty start task stays empty, as it removes the pool's.
    """
    empty = isinstance(pool, dict) and pool.get("startTask") == {}
    body = schema.DATA.fitted(shape, numbers({**pool, "startTask": None} if empty else pool))
    same = {name: body[name] for name in SAME if name in body}
    properties: dict[str, Any] = schema.heard(shape, same, "PoolProperties")
    if empty:
        properties["startTask"] = {}
    elif "startTask" in body and not body["startTask"]["commandLine"]:
        raise missing("startTask.commandLine")
    if "virtualMachineConfiguration" in body:
        kept = schema.heard(
            "VirtualMachineConfiguration", body["virtualMachineConfiguration"], "VirtualMachineConfiguration"
        )
        properties["deploymentConfiguration"] = {"virtualMachineConfiguration": kept}
    if "enableInterNodeCommunication" in body:
        enabled = body["enableInterNodeCommunication"]
        properties["interNodeCommunication"] = "Enabled" if enabled else "Disabled"
    if "applicationPackageReferences" in body:
        references = [package_heard(owner, reference) for reference in body["applicationPackageReferences"]]
        properties["applicationPackages"] = references
    return {"properties": {**properties, **_scale(body)}}


def _scale(body: dict[str, Any]) -> dict[str, Any]:
    """The scale settings, if the body has any."""
    size = {name: body[name] for name in SIZE if name in body}
    if body.get("enableAutoScale"):
        if set(size) & set(SIZE[:2]):
            raise malformed("A pool with a formula has no targets of its own.")
        return {"scaleSettings": {"autoScale": formula(body)}}
    if set(body) & set(FORMULA[1:]):
        raise malformed("A pool has a formula only if enableAutoScale is true.")
    return {"scaleSettings": {"fixedScale": {"targetDedicatedNodes": 0, **size}}} if size else {}


def formula(body: dict[str, Any], settings: dict[str, Any] | None = None) -> dict[str, Any]:
    """Autoscale settings in ARM's form, over the present `settings`. Failure 400 if there is no formula."""
    names = {"formula": "autoScaleFormula", "evaluationInterval": "autoScaleEvaluationInterval"}
    named = {name: body[spelt] for name, spelt in names.items() if body.get(spelt) is not None}
    if "formula" not in named and settings is None:
        raise missing("autoScaleFormula")
    return {**(settings or {}), **named}


def numbers(body: Any) -> Any:
    """A body with its numbers of nodes as integers; the az CLI sends them as strings."""
    if not isinstance(body, dict):
        return body
    converted = dict(body)
    for name in SIZE[:2]:
        if converted.get(name) is not None:
            if not str(converted[name]).isdigit():
                raise invalid(name, converted[name], "It is no number of nodes.")
            converted[name] = int(converted[name])
    return converted


def resize(content: Any) -> tuple[dict[str, Any], str]:
    """The checked sizes of a resize and its node deallocation option, in ARM's spelling."""
    body = schema.DATA.fitted("BatchPoolResizeOptions", numbers(content))
    size: dict[str, Any] = schema.heard("BatchPoolResizeOptions", body, "FixedScaleSettings")
    option = str(size.pop("nodeDeallocationOption", "Requeue"))
    if not set(size) & set(SIZE[:2]):
        raise Failure(
            400, "MissingRequiredProperty", "One of targetDedicatedNodes, targetLowPriorityNodes is required."
        )
    return size, option
