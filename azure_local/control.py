"""The control API under `/local`, for tests: simulated time, durations, faults, gaps, health, and what services add.

It takes the token of profile.json only, which nobody but the owner of the folder can read. A body that asks for
nonsense is answered with 400 and the member that is wrong, and nothing has happened.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from azure_local import faults
from azure_local.asked import Wrong, flag, members, number
from azure_local.azure import Azure
from azure_local.clock import stamp
from azure_local.store import Unwritten

PREFIX = "/local/"
CLOCK = members({"advance": number(), "next": flag, "jumps": flag, "speed": number(least=1e-9, most=1e6)})


async def serve(azure: Azure, request: Request) -> Response:
    shown = request.headers.get("authorization", "").encode()
    if not secrets.compare_digest(shown, f"Bearer {azure.control}".encode()):
        return _refusal(401, "the control API needs the token of profile.json: Authorization: Bearer TOKEN")
    what = f"{request.method} {request.url.path.removeprefix(PREFIX)}"
    content = await request.body()
    try:
        with azure.store.written():
            return JSONResponse(await _answer(azure, what, _json(content)))
    except KeyError:
        return _refusal(404, f"there is no {request.method} {request.url.path}")
    except Wrong as wrong:
        return _refusal(400, str(wrong))
    except Unwritten as error:
        return _refusal(503, f"the disk does not take the change: {error}")


def _refusal(status: int, text: str) -> Response:
    return JSONResponse({"error": text}, status)


def _json(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        raise Wrong("the body is not JSON") from None


async def _answer(azure: Azure, what: str, body: Any) -> Any:
    """What is answered to `METHOD name`. Wrong, and KeyError if there is no such thing."""
    match what:
        case "GET health":
            return {"time": stamp(azure.clock.now()), "speed": azure.clock.speed}
        case "GET gaps":
            return azure.gaps
        case "GET actions":
            return azure.actions
        case "GET faults":
            return azure.faults
        case "POST faults":
            azure.faults.append(faults.read(body))
            return {"faults": len(azure.faults)}
        case "DELETE faults":
            azure.faults.clear()
            azure.stale.clear()
            azure.reads.clear()
            return {"faults": 0}
        case "POST clock":
            return await _clock(azure, CLOCK(body))
        case "POST durations":
            azure.seconds.update(members(dict.fromkeys(azure.seconds, number()))(body))
            return azure.seconds
    method, _, name = what.partition(" ")
    if method == "GET":
        return azure.shows[name](azure)
    setting = azure.settings[what.removeprefix("POST ")]
    return setting.do(azure, setting.read(body))


async def _clock(azure: Azure, body: dict[str, Any]) -> dict[str, Any]:
    """`{"advance": seconds}`, `{"next": true}`, `{"speed", "jumps"}`: sets the time forward, or how it runs.

    The answer comes when the background has done what is due: `time` now, and `next`, the next moment waited for.
    """
    clock = azure.clock
    clock.advance(float(body.get("advance", 0)))
    clock.jumps = body.get("jumps", clock.jumps)
    clock.run(float(body.get("speed", clock.speed)))
    if body.get("next") is True:
        await clock.rest()
        clock.to_next()
    await clock.rest()
    return {"time": stamp(clock.now()), "next": clock.next()}
