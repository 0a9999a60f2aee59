"""Microsoft.ContainerRegistry: quick builds. A run goes by itself through Queued, Started, Running to its end.

Each step is an operation kept in the store, so that a restart in the middle loses nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any

from azure_local import operations
from azure_local.azure import Azure, Route, Service
from azure_local.http import Answer, Call, Failure, page
from azure_local.registry import build, images, links, registry

VERSIONS = ("2025-03-01-preview", "2019-06-01-preview", "2019-04-01")
TYPE = "Microsoft.ContainerRegistry/registries/runs"
KNOWN = (
    "type", "isArchiveEnabled", "agentPoolName", "logTemplate", "imageNames", "isPushEnabled", "noCache",
    "dockerFilePath", "target", "arguments", "timeout", "platform", "agentConfiguration", "sourceLocation",
    "credentials",
)  # fmt: skip
ARCHITECTURES = ("amd64", "x86", "386", "arm", "arm64")
UNFINISHED = ("Queued", "Started", "Running")


def _bad(text: str) -> Failure:
    return Failure(400, "InvalidRunRequest", f"The run request is not valid: {text}")


async def upload_url(azure: Azure, call: Call) -> Answer:
    document = registry.settled(azure, call)
    return Answer(200, links.new_source(azure, document["resource"]["id"]))


async def schedule(azure: Azure, call: Call) -> Answer:
    document = registry.settled(azure, call)
    owner: dict[str, Any] = document["resource"]
    login: str = owner["properties"]["loginServer"]
    request = _request(call.body, login)
    document["runs"] += 1
    letter = "abcdefghj"[hashlib.sha256(owner["id"].encode()).digest()[0] % 9]
    name = f"c{letter}{document['runs']}"
    now = azure.clock.after(0)
    properties = {
        "runId": name,
        "status": "Queued",
        "lastUpdatedTime": now,
        "createTime": now,
        "runType": "QuickBuild",
        "provisioningState": "Creating",
        "isArchiveEnabled": bool(request.get("isArchiveEnabled")),
        "outputImages": None,
        "platform": request["platform"],
        "agentConfiguration": {"cpu": (request.get("agentConfiguration") or {}).get("cpu", 2)},
    }
    resource: dict[str, Any] = {
        "id": f"{owner['id']}/runs/{name}",
        "name": name,
        "type": TYPE,
        "properties": properties,
    }
    azure.store.put("registry", owner["id"], document)
    azure.store.put("run", resource["id"], {"resource": resource, "request": request, "login": login, "log": []})
    _next(azure, resource, "Started", azure.seconds["buildQueued"])
    return Answer(200, resource)


def _request(body: Any, login: str) -> dict[str, Any]:
    """A DockerBuildRequest with the platform in the service's spelling. Failure 400 if it is not valid."""
    if isinstance(body, dict) and body.get("type") != "DockerBuildRequest":
        raise _bad(f"the type '{body.get('type')}' is not DockerBuildRequest, the only one that is run here.")
    request = dict(_only(body, KNOWN, "DockerBuildRequest"))
    for name in ("dockerFilePath", "sourceLocation"):
        if not isinstance(request.get(name), str) or not request[name]:
            raise _bad(f"{name} is required.")
    if "://" in request["sourceLocation"]:
        raise _bad("sourceLocation must be the relativePath of an upload; other sources are not fetched here.")
    if request.get("agentPoolName"):
        raise _bad(f"there is no agent pool {request['agentPoolName']}.")
    names = request.get("imageNames") or []
    if request.get("isPushEnabled", True) and not names:
        raise _bad("imageNames is required when isPushEnabled is true.")
    try:
        build.targets(login, request, "ca1")
    except ValueError as error:
        raise _bad(f"the image name '{error}' is not a repository with a tag.") from None
    timeout = request.get("timeout")
    if timeout is not None and not (isinstance(timeout, int) and 300 <= timeout <= 28800):
        raise _bad("timeout must be between 300 and 28800 seconds.")
    _check_arguments(request)
    return {**request, "platform": _platform(request.get("platform"))}


def _only(body: Any, known: Iterable[str], where: str) -> dict[str, Any]:
    """`body` as a mapping. Failure 400 for other members than the known ones."""
    if not isinstance(body, dict):
        raise Failure(400, "InvalidRequestContent", f"The request content was invalid: {where} must be an object.")
    for name in body:
        if name not in set(known):
            text = f"Could not find member '{name}' on object of type '{where}'. Path '{name}'."
            raise Failure(
                400, "InvalidRequestContent", f"The request content was invalid and could not be deserialized: '{text}'"
            )
    return body


def _check_arguments(request: dict[str, Any]) -> None:
    for argument in request.get("arguments") or ():
        _only(argument, ("name", "value", "isSecret"), "Argument")
        if not isinstance(argument.get("name"), str) or not isinstance(argument.get("value"), str):
            raise _bad("an argument needs a name and a value.")


def _platform(platform: Any) -> dict[str, str]:
    if not isinstance(platform, dict):
        raise _bad("platform is required.")
    _only(platform, ("os", "architecture", "variant"), "PlatformProperties")
    system, architecture = str(platform.get("os")).lower(), str(platform.get("architecture") or "amd64").lower()
    if system not in ("linux", "windows"):
        raise _bad("platform.os must be Linux or Windows.")
    if architecture not in ARCHITECTURES:
        raise _bad(f"platform.architecture must be one of {', '.join(ARCHITECTURES)}.")
    variant = {"variant": str(platform["variant"])} if platform.get("variant") else {}
    return {"os": system, "architecture": architecture, **variant}


def _next(azure: Azure, resource: dict[str, Any], state: str, seconds: float) -> None:
    operations.start(
        azure, "Microsoft.ContainerRegistry", seconds, "registryRun.advance", run=resource["id"], state=state
    )


def _move(azure: Azure, document: dict[str, Any], status: str, **more: Any) -> None:
    ended = status not in UNFINISHED
    state = {"Succeeded": "Succeeded", "Canceled": "Canceled"}.get(status, "Failed") if ended else "Creating"
    now = azure.clock.after(0)
    properties = document["resource"]["properties"]
    properties.update(status=status, lastUpdatedTime=now, provisioningState=state, **more)
    if ended:
        properties["finishTime"] = now
    azure.store.put("run", document["resource"]["id"], document)


async def advance(azure: Azure, data: dict[str, Any]) -> None:
    """Set the next state of a run and start an operation for the one after it; a repeated call has no effect."""
    document = azure.store.get("run", data["run"])
    before = {"Started": "Queued", "Running": "Started", "Finished": "Running"}[data["state"]]
    if document is None or document["resource"]["properties"]["status"] != before:
        return
    if data["state"] == "Started":
        _next(azure, document["resource"], "Running", azure.seconds["buildStarted"])
        _move(azure, document, "Started", startTime=azure.clock.after(0))
    elif data["state"] == "Running":
        await _build(azure, document)
    else:
        _finish(azure, document)


async def _build(azure: Azure, document: dict[str, Any]) -> None:
    place = document["resource"]["id"].rsplit("/runs/", 1)[0]
    source = links.source(azure, place, document["request"]["sourceLocation"])
    outcome = await build.carry_out(azure, document, source)
    current = azure.store.get("run", document["resource"]["id"])
    if current is not document or document["resource"]["properties"]["status"] != "Started":
        return  # cancelled or deleted while the source was read
    document |= {"log": outcome.log, "outcome": outcome.status, "manifest": outcome.manifest}
    _next(azure, document["resource"], "Finished", outcome.seconds)
    _move(azure, document, "Running")


def _finish(azure: Azure, document: dict[str, Any]) -> None:
    request, login = document["request"], document["login"]
    if document["outcome"] != "Succeeded" or images.registry(azure, login) is None:
        _move(azure, document, "Failed")
        return
    digest = f"sha256:{hashlib.sha256(document['manifest'].encode()).hexdigest()}"
    shown = []
    for image in build.targets(login, request, document["resource"]["name"]):
        named = {"registry": login, "repository": image.repository, "tag": image.reference}
        if request.get("isPushEnabled", True):
            images.keep(azure, image, images.Manifest(digest, document["manifest"]))
            named["digest"] = digest
        shown.append(named)
    _move(azure, document, "Succeeded", outputImages=shown)


async def broken(azure: Azure, data: dict[str, Any]) -> None:
    """A fault has made a step fail: the run ends in error."""
    document = azure.store.get("run", data["run"])
    if document is not None and document["resource"]["properties"]["status"] in UNFINISHED:
        document["log"] = [line for line in document["log"] if azure.clock.passed(line[0])]
        _move(azure, document, "Error", runErrorMessage=data["error"]["message"])


def _lookup(azure: Azure, call: Call) -> dict[str, Any]:
    place = registry.lookup(azure, call)["resource"]["id"]
    document = azure.store.get("run", f"{place}/runs/{call.params['run']}")
    if document is None:
        raise Failure(404, "RunNotFound", f"The run '{call.params['run']}' was not found.")
    return document


async def get(azure: Azure, call: Call) -> Answer:
    return Answer(200, _lookup(azure, call)["resource"])


async def listing(azure: Azure, call: Call) -> Answer:
    """The newest first; `$filter` by status or run id, `$top` at most 100."""
    place = registry.lookup(azure, call)["resource"]["id"]
    match = re.fullmatch(r"(status|runId) eq '([^']*)'", call.query.get("$filter", ""), re.IGNORECASE)
    if call.query.get("$filter") and match is None:
        raise Failure(400, "InvalidFilterInQueryString", "Only 'Status eq' and 'RunId eq' are filtered by.")
    shown = [document["resource"] for document in reversed(azure.store.list("run", f"{place}/runs/"))]
    if match:
        name = "status" if match[1].lower() == "status" else "runId"
        shown = [run for run in shown if run["properties"][name].lower() == match[2].lower()]
    top = call.query.get("$top", "100")
    if not top.isdigit() or not 1 <= int(top) <= 100:
        raise Failure(400, "InvalidQueryParameter", "$top must be between 1 and 100.")
    return Answer(200, page(shown, call, int(top)))


async def log_url(azure: Azure, call: Call) -> Answer:
    return Answer(200, {"logLink": links.new_log(azure, _lookup(azure, call)["resource"]["id"])})


async def cancel(azure: Azure, call: Call) -> Answer:
    document = _lookup(azure, call)
    if document["resource"]["properties"]["status"] not in UNFINISHED:
        raise Failure(409, "RunFinished", f"The run '{call.params['run']}' has finished and cannot be canceled.")
    document["log"] = [line for line in document["log"] if azure.clock.passed(line[0])]
    _move(azure, document, "Canceled")
    return Answer(200)


ONE = f"{registry.REGISTRY.one}/runs/{{run}}"
SERVICE = Service(
    routes=(
        Route("POST", f"{registry.REGISTRY.one}/listBuildSourceUploadUrl", upload_url, VERSIONS),
        Route("POST", f"{registry.REGISTRY.one}/scheduleRun", schedule, VERSIONS),
        Route("GET", f"{registry.REGISTRY.one}/runs", listing, VERSIONS),
        Route("GET", ONE, get, VERSIONS),
        Route("POST", f"{ONE}/listLogSasUrl", log_url, VERSIONS),
        Route("POST", f"{ONE}/cancel", cancel, VERSIONS),
    ),
    completions={"registryRun.advance": advance, "registryRun.advance.failed": broken},
    seconds={"buildQueued": 8, "buildStarted": 4, "buildRunning": 108},
)
