"""Endpoints of container registries outside ARM: their data plane, the public registries, and the blobs of builds."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from azure_local.asked import Wrong, members, text
from azure_local.azure import Azure, Door, Service, Setting
from azure_local.registry import data, images, links

PREFIX = "/registries/"


def serves(path: str) -> bool:
    return path.startswith(PREFIX) or (path.startswith(("/acr-source/", "/acr-log/")) and path.count("/") == 3)


async def serve(azure: Azure, request: Request) -> Response:
    """One request. Failure if it is refused."""
    if request.url.path.startswith(PREFIX):
        return await data.serve(azure, request)
    return await links.serve(azure, request)


def move(azure: Azure, body: dict[str, Any]) -> Any:
    """`{"image": "host/repository:tag"}`: move the tag of a public image; its new digest."""
    image = images.parsed(body["image"])
    if image is None or not images.is_public(image.host) or images.DIGEST.fullmatch(image.reference):
        raise Wrong(f"image: {body['image']} is no tag in a public registry")
    named = f"{image.host}/{image.repository}:{image.reference}"
    return {"image": named, "digest": images.move(azure, image).digest}


SERVICE = Service(
    door=Door("registry", serves, serve, lambda path: "registry" if path.startswith(PREFIX) else "blob", data.refusal),
    settings={"images": Setting(members({"image": text}, "image"), move)},
)
"""Its paths are tried before those of Entra ID, because a registry issues tokens of its own below /oauth2/."""
