"""The control API under `/local`: simulated time, faults, gaps and health, for tests and for the curious."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reconciler.local.azure import Azure
from reconciler.local.clock import stamp


async def serve(azure: Azure, request: Request) -> Response:
    what = (request.method, request.url.path.removeprefix("/local/"))
    if what == ("GET", "health"):
        return JSONResponse({"time": stamp(azure.clock.now()), "speed": azure.clock.speed})
    if what == ("POST", "clock"):
        azure.clock.advance(float((await request.json())["advance"]))
        return JSONResponse({"time": stamp(azure.clock.now())})
    if what == ("POST", "faults"):
        azure.faults.append(await request.json())
        return JSONResponse({"faults": len(azure.faults)})
    if what == ("GET", "faults"):
        return JSONResponse(azure.faults)
    if what == ("DELETE", "faults"):
        azure.faults.clear()
        return JSONResponse({"faults": 0})
    if what == ("GET", "gaps"):
        return JSONResponse(azure.gaps)
    return JSONResponse({"error": f"there is no {request.method} {request.url.path}"}, 404)
