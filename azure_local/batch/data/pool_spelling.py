"""Pools in the data plane's spelling, to and from ARM's: other names for some members, choices in lower case."""

from __future__ import annotations

from typing import Any

from azure_local.batch.arm.machine_shape import MACHINE
from azure_local.batch.arm.pool_shape import POOL, RESIZE
from azure_local.batch.shapes import invalid, malformed, missing
from azure_local.http import Failure

SAME = (
    "displayName", "vmSize", "networkConfiguration", "taskSlotsPerNode", "taskSchedulingPolicy", "userAccounts",
    "metadata", "startTask", "mountConfiguration", "upgradePolicy",
)  # fmt: skip
OWN = ("virtualMachineConfiguration", "enableInterNodeCommunication", "applicationPackageReferences")
SIZE = ("targetDedicatedNodes", "targetLowPriorityNodes", "resizeTimeout")
FORMULA = ("enableAutoScale", "autoScaleFormula", "autoScaleEvaluationInterval")
ADD = ("id", *SAME, *OWN, *SIZE, *FORMULA)
CHANGE = (*SAME, *OWN)
REPLACE = ("startTask", "applicationPackageReferences", "metadata")


def told(resource: dict[str, Any]) -> dict[str, Any]:
    """The members of a pool that ARM shows, as the data plane shows them."""
    arm = resource["properties"]
    size = arm["scaleSettings"].get("fixedScale") or arm["resizeOperationStatus"]
    body = {name: POOL.members[name].told(arm[name]) for name in SAME if name in arm}
    machine = arm["deploymentConfiguration"]["virtualMachineConfiguration"]
    body |= {
        "virtualMachineConfiguration": MACHINE.told(machine),
        "enableInterNodeCommunication": arm["interNodeCommunication"] == "Enabled",
        **_formula_told(arm),
        "currentDedicatedNodes": arm["currentDedicatedNodes"],
        "currentLowPriorityNodes": arm["currentLowPriorityNodes"],
        **{name: size[name] for name in SIZE},
        "identity": _identity(resource["identity"]),
    }
    if "applicationPackages" in arm:
        body["applicationPackageReferences"] = [package_told(one) for one in arm["applicationPackages"]]
    errors = (arm.get("resizeOperationStatus") or {}).get("errors")
    if errors:
        body["resizeErrors"] = [resize_error(error) for error in errors]
    return body


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
    known = identity.get("userAssignedIdentities")
    if not known:
        return {"type": "None"}
    listed = [{"resourceId": key, **one} for key, one in known.items()]
    return {"type": identity["type"], "userAssignedIdentities": listed}


def resize_error(error: dict[str, Any]) -> dict[str, Any]:
    """ARM nests errors in an error; the data plane lists names and values."""
    values = [{"name": one["code"], "value": one["message"]} for one in error.get("details") or ()]
    return {"code": error["code"], "message": error["message"], **({"values": values} if values else {})}


def package_told(reference: dict[str, Any]) -> dict[str, Any]:
    version = {"version": reference["version"]} if "version" in reference else {}
    return {"applicationId": reference["id"].rsplit("/", 1)[-1], **version}


def package_heard(owner: dict[str, Any], reference: Any) -> dict[str, Any]:
    """The reference as ARM has it, to an application of this account."""
    if not isinstance(reference, dict) or set(reference) - {"applicationId", "version"}:
        raise malformed("An application package reference has an applicationId and may have a version.")
    if not reference.get("applicationId"):
        raise missing("applicationPackageReferences.applicationId")
    version = {"version": reference["version"]} if reference.get("version") else {}
    return {"id": f"{owner['id']}/applications/{reference['applicationId']}", **version}


def heard(owner: dict[str, Any], given: Any, known: tuple[str, ...], where: str) -> dict[str, Any]:
    """The body of a pool on the ARM plane, from the data plane's. Failure 400 if it has members that are not known."""
    if not isinstance(given, dict):
        raise malformed(f"{where} must be an object.")
    for name in given:
        if name not in known:
            raise malformed(f"Could not find member '{name}' on object of type '{where}'.")
    body = {name: value for name, value in given.items() if value is not None}
    properties = {name: POOL.members[name].heard(body[name]) for name in SAME if name in body}
    if "startTask" in body and not (body["startTask"] or {}).get("commandLine", "x" if body["startTask"] else None):
        raise missing("startTask.commandLine")
    if "virtualMachineConfiguration" in body:
        machine = MACHINE.heard(body["virtualMachineConfiguration"])
        properties["deploymentConfiguration"] = {"virtualMachineConfiguration": machine}
    if "enableInterNodeCommunication" in body:
        wanted = body["enableInterNodeCommunication"]
        properties["interNodeCommunication"] = "Enabled" if wanted else "Disabled"
    if "applicationPackageReferences" in body:
        references = [package_heard(owner, one) for one in body["applicationPackageReferences"]]
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
    return {"scaleSettings": {"fixedScale": {"targetDedicatedNodes": 0, **numbers(size)}}} if size else {}


def formula(given: dict[str, Any], settings: dict[str, Any] | None = None) -> dict[str, Any]:
    """Autoscale settings as ARM has them; what is not given stays. Failure 400 if there is no formula then."""
    names = {"formula": "autoScaleFormula", "evaluationInterval": "autoScaleEvaluationInterval"}
    found = {name: given[own] for name, own in names.items() if given.get(own) is not None}
    if "formula" not in found and settings is None:
        raise missing("autoScaleFormula")
    return {**(settings or {}), **found}


def numbers(size: dict[str, Any]) -> dict[str, Any]:
    """A size with its numbers of nodes as numbers; a numeral in quotes counts, which is how the az CLI sends it."""
    found = dict(size)
    for name in SIZE[:2]:
        if name in found:
            if not str(found[name]).isdigit():
                raise invalid(name, found[name], "It is no number of nodes.")
            found[name] = int(found[name])
    return found


def resize(given: Any) -> tuple[dict[str, Any], str]:
    """A resize's checked members, and its node deallocation option."""
    if not isinstance(given, dict):
        raise malformed("PoolResizeParameter must be an object.")
    found = RESIZE.read(numbers({name: value for name, value in given.items() if value is not None}), "resize")
    option = str(found.pop("nodeDeallocationOption", "Requeue"))
    if not set(found) & set(SIZE[:2]):
        raise Failure(
            400, "MissingRequiredProperty", "One of targetDedicatedNodes, targetLowPriorityNodes is required."
        )
    return found, option
