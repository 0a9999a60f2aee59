"""What the forges of the tests have in common: JSON, refusals, pages, and zips of artifacts."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class Refusal(Exception):
    """An answer that ends a request."""

    def __init__(self, status: int, body: Any, **headers: str) -> None:
        super().__init__(status, body)
        self.answer = JSONResponse(body, status, headers)


def paged(request: Request, items: list[Any], body: Any = None) -> Response:
    """A page of a list, 20 or 30 long unless it is told, 100 at most, with a Link to the others; `body` wraps it."""
    each = min(int(request.query_params.get("per_page", 30)), 100)
    page = int(request.query_params.get("page", 1))
    part = items[(page - 1) * each : page * each]
    headers = {}
    if page * each < len(items):
        there = request.url.include_query_params(page=page + 1)
        headers["Link"] = f'<{request.url.include_query_params(page=1)}>; rel="first", <{there}>; rel="next"'
    return JSONResponse(part if body is None else body(part), headers=headers)


async def document(request: Request, media: str = "application/json") -> Any:
    """The JSON that a request carries."""
    if request.headers.get("content-type", "").partition(";")[0] != media:
        raise Refusal(415, {"message": f"Content-Type must be {media}"})
    try:
        return json.loads(await request.body())
    except ValueError:
        raise Refusal(400, {"message": "Problems parsing JSON"}) from None


def zipped(artifact: dict[str, Any], folder: str = "") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(artifact["files"]):
            archive.writestr(f"{folder}{artifact['path']}{number or ''}", artifact["data"])
    return packed.getvalue()
