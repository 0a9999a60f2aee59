"""The control API under `/local`, for tests: simulated time, durations, faults, gaps, health, and what services add."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from azure_local.azure import Azure
from azure_local.clock import stamp


def _durations(azure: Azure, body: dict[str, Any]) -> Any:
    """`{"virtualMachine": seconds}`: how long things take from now on, by the names in the services' `seconds`."""
    azure.seconds.update({name: int(seconds) for name, seconds in body.items() if name in azure.seconds})
    return azure.seconds


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
    if what == ("POST", "durations"):
        return JSONResponse(_durations(azure, await request.json()))
    if what[0] == "POST" and (setting := azure.setting(what[1])):
        answer = setting(azure, await request.json())
        return answer if isinstance(answer, Response) else JSONResponse(answer)
    if what == ("GET", "gaps"):
        return JSONResponse(azure.gaps)
    return JSONResponse({"error": f"there is no {request.method} {request.url.path}"}, 404)


async def _clock(azure: Azure, body: dict[str, Any]) -> dict[str, Any]:
    """`{"advance": seconds}`, `{"next": true}`, `{"speed", "jumps"}`: sets the time forward, or how it runs.

    The answer comes when the background has done what is due: `time` now, and `next`, the next moment waited for.
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
