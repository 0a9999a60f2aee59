"""Microsoft.Compute image versions: copies of a generalized machine, made region by region and never changed.

The home region is ready first, each further one a while later; the version is Succeeded when all are. If the machine
is deleted before the home region is ready, the version fails.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from azure_local import operations, serving, tracked
from azure_local.azure import Azure
from azure_local.compute import gallery, image_definition, publishing
from azure_local.compute.provider import COMPUTE
from azure_local.http import Answer, Call, Failure
from azure_local.tracked import Document, Type

VERSIONS = gallery.VERSIONS
VERSION = Type(
    provider=COMPUTE,
    name="Microsoft.Compute/galleries/images/versions",
    store="imageVersion",
    versions=VERSIONS,
    shape="GalleryImageVersion",
    seconds=280,
    left=20,
    offered=("publishingProfile", "storageProfile", "safetyProfile"),
    naming=r"\d{1,10}\.\d{1,10}\.\d{1,10}",
)
LARGEST = 2**31 - 1
SOURCE = "galleryImageVersion.properties.storageProfile"


async def put(azure: Azure, call: Call) -> Answer:
    definition = tracked.parent(azure, call, image_definition.DEFINITION)
    body = tracked.body(azure, call, VERSION)
    settings, location, key = body["properties"], body["location"], VERSION.key(azure, call)
    if any(int(part) > LARGEST for part in call.params[VERSION.last].split(".")):
        text = "The gallery image version name must be three 32-bit integers: Major.Minor.Patch."
        raise Failure(400, "InvalidParameter", text, target="galleryImageVersion.name")
    existing = azure.store.get(VERSION.store, key)
    if existing is not None:
        return _changed(azure, existing, body)
    machine = _source(azure, settings, definition, location)
    profile = publishing.completed(settings.get("publishingProfile") or {}, location)
    profile["publishedDate"] = azure.clock.after(0)
    machine_id = machine["resource"]["id"]
    size = machine["resource"]["properties"]["storageProfile"]["osDisk"]["diskSizeGB"]
    disk = {"hostCaching": "ReadWrite", "sizeInGB": size, "source": {}}
    storage = {"source": {"virtualMachineId": machine_id}, "osDiskImage": disk}
    safety = {"allowDeletionOfReplicatedLocations": True, "reportedForPolicyViolation": False}
    safety |= settings.get("safetyProfile") or {}
    properties = {"publishingProfile": profile, "storageProfile": storage, "safetyProfile": safety}
    ready = _schedule(azure, profile, location, {})
    problem = _problem(machine, definition["resource"]["properties"]["hyperVGeneration"])
    kept = {"ready": ready, "base": machine["base"], "source": machine_id, "spoiled": problem}
    seconds = 5.0 if problem else azure.seconds["imageVersion"] + azure.seconds["replication"] * (len(ready) - 1)
    answer = tracked.keep(azure, call, VERSION, {**body, "properties": properties}, seconds, **kept)
    if not problem:
        operations.start_async(
            azure, "Microsoft.Compute", azure.seconds["imageVersion"], "imageVersion.copied", key=key
        )
    return answer


def _source(azure: Azure, settings: Document, definition: Document, location: str) -> Document:
    """The machine that the version is made from. Failure 400, 404 or 409 if it cannot be."""
    profile = settings.get("storageProfile") or {}
    source = profile.get("source") or {}
    if profile.get("osDiskImage", {}).get("source") or profile.get("dataDiskImages"):
        text = "Sources of single disks are not offered by the local Azure."
        raise Failure(400, "InvalidParameter", text, target=SOURCE)
    if len(source) != 1:
        text = (
            "The gallery artifact version source can only be specified either directly under storageProfile or within "
        )
        text += "individual OS or data disks. One and only one type of source can be used at the same time."
        raise Failure(400, "InvalidParameter", text, target=f"{SOURCE}.source")
    source_id = str(next(iter(source.values())))
    machine = azure.store.get("virtualMachine", source_id)
    if machine is None:
        text = f"The resource with id '{source_id}' referenced by the gallery image version was not found."
        raise Failure(404, "NotFound", text, target=f"{SOURCE}.source")
    if machine["resource"]["location"] != location:
        text = f"The source '{source_id}' is in location '{machine['resource']['location']}', the gallery "
        text += f"image version in '{location}'. They must be the same."
        raise Failure(400, "InvalidParameter", text, target=f"{SOURCE}.source")
    state = definition["resource"]["properties"]["osState"]
    actual = "Generalized" if machine["generalized"] else "Specialized"
    if actual != state:
        text = (
            f"The resource with id '{source_id}' has a different OS state ['{actual}'] than the parent gallery image "
        )
        raise Failure(400, "BadRequest", f"{text}OS state ['{state}'].")
    return machine


def _problem(machine: Document, generation: str) -> str:
    """The error that Azure notices only after the operation has started, or an empty text."""
    actual = machine["base"]["generation"]
    if actual == generation:
        return ""
    text = (
        f"The resource with id '{machine['resource']['id']}' has a different Hypervisor generation ['{actual}'] than "
    )
    return f"{text}the parent gallery image Hypervisor generation ['{generation}']."


def _schedule(azure: Azure, profile: Document, location: str, ready: dict[str, str]) -> dict[str, str]:
    """Region → when its replicas are ready; regions in `ready` keep theirs, the others follow one by one."""
    moments = {}
    seconds = 0.0 if ready else float(azure.seconds["imageVersion"])
    names = [publishing.region(target) for target in profile["targetRegions"]]
    for name in sorted(names, key=lambda name: name != location):
        if name not in ready:
            seconds += azure.seconds["replication"] if name != location else 0
        moments[name] = ready.get(name) or azure.clock.after(seconds)
    return moments


def _changed(azure: Azure, document: Document, body: Document) -> Answer:
    """A PATCH, or a PUT of an existing version: it can change tags, target regions and safety settings."""
    tracked.idle(VERSION, document)
    resource, settings = document["resource"], body["properties"]
    live = resource["properties"]
    source = (settings.get("storageProfile") or {}).get("source") or {}
    if any(str(value).lower() != document["source"].lower() for value in source.values()):
        name = f"{SOURCE}.source"
        raise Failure(409, "PropertyChangeNotAllowed", f"Changing property '{name}' is not allowed.", target=name)
    safety = live["safetyProfile"] | (settings.get("safetyProfile") or {})
    if "publishingProfile" in settings:
        shrinks = safety["allowDeletionOfReplicatedLocations"]
        profile = publishing.changed(
            live["publishingProfile"], settings["publishingProfile"], resource["location"], may_shrink=shrinks
        )
        document["ready"] = _schedule(azure, profile, resource["location"], document["ready"])
        live["publishingProfile"] = profile
    live["safetyProfile"] = safety
    resource["tags"] = body.get("tags", resource["tags"])
    late = max(document["ready"].values())
    seconds = (datetime.fromisoformat(late) - azure.clock.now().astimezone(UTC)).total_seconds()
    return tracked.update(azure, VERSION, document, max(5.0, seconds))


async def patch(azure: Azure, call: Call) -> Answer:
    document = tracked.lookup(azure, call, VERSION)
    return _changed(azure, document, tracked.changes(call, VERSION))


async def get(azure: Azure, call: Call) -> Answer:
    document = tracked.lookup(azure, call, VERSION)
    if "replicationstatus" not in call.query.get("$expand", "").lower():
        return Answer(200, document["resource"])
    summary = []
    for name, moment in document["ready"].items():
        done = azure.clock.past(moment) and not document["spoiled"]
        state = "Completed" if done else "Failed" if document["spoiled"] else "Replicating"
        row = {"region": publishing.SHOWN[name], "state": state, "details": document["spoiled"]}
        summary.append({**row, "progress": 100 if done else 40})
    states = {row["state"] for row in summary}
    whole = "Failed" if "Failed" in states else "InProgress" if "Replicating" in states else "Completed"
    status = {"aggregatedState": whole, "summary": summary}
    shown = {**document["resource"]["properties"], "replicationStatus": status}
    return Answer(200, {**document["resource"], "properties": shown})


async def copied(azure: Azure, data: dict[str, Any]) -> None:
    """The copy in the home region is made, unless the source was deleted."""
    document = azure.store.get(VERSION.store, data["key"])
    if document is not None and azure.store.get("virtualMachine", document["source"]) is None:
        text = f"The resource with id '{document['source']}' was not found: it was deleted while it was being copied."
        azure.store.put(VERSION.store, data["key"], {**document, "spoiled": text})


async def miscopied(azure: Azure, data: dict[str, Any]) -> None:
    document = azure.store.get(VERSION.store, data["key"])
    if document is not None:
        azure.store.put(VERSION.store, data["key"], {**document, "spoiled": data["error"]["message"]})


async def made(azure: Azure, data: dict[str, Any]) -> None:
    document = azure.store.get(VERSION.store, data["key"])
    if document is not None and document["spoiled"]:
        raise Failure(409, "Conflict", document["spoiled"])
    await serving.ends(VERSION)["imageVersion.made"](azure, data)


async def failed(azure: Azure, data: dict[str, Any]) -> None:
    await miscopied(azure, data)
    await serving.ends(VERSION)["imageVersion.made.failed"](azure, data)


async def delete(azure: Azure, call: Call) -> Answer:
    document = azure.store.get(VERSION.store, VERSION.key(azure, call))
    properties = document["resource"]["properties"] if document else {"safetyProfile": {}}
    end = properties.get("publishingProfile", {}).get("endOfLifeDate")
    if properties["safetyProfile"].get("blockDeletionBeforeEndOfLife") and end and not azure.clock.passed(end):
        text = "The gallery image version cannot be deleted before its end of life, as its safetyProfile says."
        raise Failure(409, "OperationNotAllowed", text)
    return await tracked.remove(azure, call, VERSION)


def bootable(azure: Azure, image_id: str, region: str) -> Document | None:
    """The version that the id of a version or of a definition refers to; None if none can be booted in the region."""
    name = image_id if "/versions/" in image_id.lower() else newest(azure, image_id, region)
    document = azure.store.get(VERSION.store, name or "")
    return document if document is not None and usable(azure, document, region) else None


def newest(azure: Azure, definition: str, region: str) -> str | None:
    """The id of the version that `latest` means in a region: the highest that is ready and not excluded."""
    documents = [d for d in azure.store.list(VERSION.store, f"{definition}/versions/") if usable(azure, d, region)]
    kept = [document for document in documents if not _excluded(document, region)]
    best = max(kept, key=lambda d: [int(part) for part in d["resource"]["name"].split(".")], default=None)
    return str(best["resource"]["id"]) if best else None


def _excluded(document: Document, region: str) -> bool:
    profile = document["resource"]["properties"]["publishingProfile"]
    here: Document = next((target for target in profile["targetRegions"] if publishing.region(target) == region), {})
    return bool(profile["excludeFromLatest"] or here.get("excludeFromLatest"))


def usable(azure: Azure, document: Document, region: str) -> bool:
    """Whether machines can boot the version in the region."""
    moment = document["ready"].get(region)
    going = document["resource"]["properties"]["provisioningState"] == "Deleting"
    return moment is not None and azure.clock.past(moment) and not document["spoiled"] and not going


SERVICE = serving.service(
    VERSION,
    above=image_definition.DEFINITION,
    put=put,
    patch=patch,
    get=get,
    delete=delete,
    completions={
        "imageVersion.made": made,
        "imageVersion.made.failed": failed,
        "imageVersion.copied": copied,
        "imageVersion.copied.failed": miscopied,
    },
    seconds={"replication": 120},
)
