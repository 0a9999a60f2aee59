"""The control API under `/local`: simulated time, faults, quotas, images, gaps and health, for tests."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from azure_local.azure import SECONDS, SUBSCRIPTION, Azure
from azure_local.clock import stamp
from azure_local.nodes import troubles
from azure_local.registry import images


def _quota(azure: Azure, body: dict[str, Any]) -> Any:
    """`{"location", "name": family, "limit": cores}`: Compute's quota of a region."""
    return azure.store.put("quota", f"{body['location']}/{body['name']}", {"limit": body["limit"]})


def _restriction(azure: Azure, body: dict[str, Any]) -> Any:
    """`{"location", "size"}`: the size is sold out there; with `zones`, only in these."""
    return azure.store.put("restriction", f"{body['location']}/{body['size']}", body)


def _platform_image(azure: Azure, body: dict[str, Any]) -> Any:
    """`{"urn": "publisher:offer:sku", "version"}`: the publisher has published a newer version."""
    known = azure.store.get("platformImage", body["urn"]) or {"versions": []}
    return azure.store.put("platformImage", body["urn"], {"versions": [*known["versions"], body["version"]]})


def _subscription(azure: Azure, body: dict[str, Any]) -> Any:
    """`{"state": "Warned"}`: the subscription's state from now on; while it is Disabled nothing can be written."""
    if body.get("state") not in ("Enabled", "Warned", "PastDue", "Disabled"):
        return {"error": f"a subscription is never {body.get('state')}"}
    return azure.store.put("subscription", SUBSCRIPTION, {"state": body["state"]})


def _durations(azure: Azure, body: dict[str, Any]) -> Any:
    """`{"vm": seconds, ...}`: how long things take from now on, by their names in `SECONDS`."""
    SECONDS.update({name: int(seconds) for name, seconds in body.items() if name in SECONDS})
    return SECONDS


SETTINGS = {
    "durations": _durations,
    "subscription": _subscription,
    "quotas": _quota,
    "restrictions": _restriction,
    "platform-images": _platform_image,
    **troubles.SETTINGS,
}


PREFIX = "/local/"


async def serve(azure: Azure, request: Request) -> Response:
    what = (request.method, request.url.path.removeprefix(PREFIX))
    if what == ("GET", "health"):
        return JSONResponse({"time": stamp(azure.clock.now()), "speed": azure.clock.speed})
    if what == ("POST", "clock"):
        return JSONResponse(await _clock(azure, await request.json()))
    if what == ("POST", "faults"):
        azure.faults.append(await request.json())
        return JSONResponse({"faults": len(azure.faults)})
    if what == ("GET", "faults"):
        return JSONResponse(azure.faults)
    if what == ("DELETE", "faults"):
        azure.faults.clear()
        return JSONResponse({"faults": 0})
    if what[0] == "POST" and what[1] in SETTINGS:
        return JSONResponse(SETTINGS[what[1]](azure, await request.json()))
    if what == ("POST", "images"):
        return _moved(azure, str((await request.json())["image"]))
    if what == ("GET", "gaps"):
        return JSONResponse(azure.gaps)
    return JSONResponse({"error": f"there is no {request.method} {request.url.path}"}, 404)


async def _clock(azure: Azure, body: dict[str, Any]) -> dict[str, Any]:
    """`{"advance": seconds}`, `{"next": true}`, `{"speed", "jumps"}`: what time does, now and from now on.

    The answer comes when the background has done what is due: `time`, and `next`, the moment of what is due then.
    """
    clock = azure.clock
    clock.jumps = bool(body.get("jumps", clock.jumps))
    clock.run(float(body.get("speed", clock.speed)))
    clock.advance(float(body.get("advance", 0)))
    if body.get("next") is True:
        await clock.rest()
        clock.to_next()
    await clock.rest()
    return {"time": stamp(clock.now()), "next": clock.next()}


def _moved(azure: Azure, text: str) -> JSONResponse:
    """The new digest of a public image whose tag has moved."""
    image = images.parsed(text)
    if image is None or not images.is_public(image.host) or images.DIGEST.fullmatch(image.reference):
        return JSONResponse({"error": f"{text} is no tag in a public registry"}, 400)
    named = f"{image.host}/{image.repository}:{image.reference}"
    return JSONResponse({"image": named, "digest": images.move(azure, image).digest})
