"""Container registries beside ARM: their data plane, the public registries, and the blobs of builds."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from azure_local.azure import Azure
from azure_local.registry import data, links
from azure_local.registry.data import refusal

__all__ = ["refusal", "serve", "serves"]


def serves(path: str) -> bool:
    return path.startswith("/registries/") or (path.startswith(("/acr-source/", "/acr-log/")) and path.count("/") == 3)


async def serve(azure: Azure, request: Request) -> Response:
    """One request. Failure if it is refused."""
    if request.url.path.startswith("/registries/"):
        return await data.serve(azure, request)
    return await links.serve(azure, request)
