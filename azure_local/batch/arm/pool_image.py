"""The image of a pool: a marketplace image that Batch supports, or a gallery version that is ready in the region."""

from __future__ import annotations

from typing import Any

from azure_local.azure import Azure
from azure_local.batch import offers
from azure_local.batch.shapes import invalid
from azure_local.compute import image_version


def check(azure: Azure, machine: dict[str, Any], location: str) -> dict[str, Any]:
    """The imageReference to keep. Failure 400 if it cannot be booted in the region, or not with that node agent."""
    image: dict[str, Any] = machine["imageReference"]
    for name in ("sharedGalleryImageId", "communityGalleryImageId"):
        if name in image:
            raise invalid(f"imageReference.{name}", image[name], "The local Azure has no such galleries.")
    gallery = "id" in image
    agent = _gallery_agent(azure, image, location) if gallery else offers.agent(image)
    if agent is None:
        raise invalid("imageReference", image, "The specified image is not supported by Batch.")
    if machine.get("nodeAgentSkuId") != agent:
        raise invalid("nodeAgentSkuId", machine.get("nodeAgentSkuId"), "The node agent SKU does not fit the image.")
    return image if gallery else {"version": "latest", **image}


def _gallery_agent(azure: Azure, image: dict[str, Any], location: str) -> str | None:
    image_id = str(image["id"])
    if set(image) != {"id"}:
        raise invalid("imageReference", image, "id cannot stand beside publisher, offer, sku and version.")
    document = image_version.bootable(azure, image_id, location)
    if document is not None:
        return offers.agent(document["base"]["reference"])
    known = azure.store.get("imageVersion", image_id) or azure.store.list("imageVersion", f"{image_id}/versions/")
    if known:
        raise invalid("imageReference.id", image_id, f"The image is not replicated to the region {location}.")
    text = "The specified image does not exist, or the Batch service has no access to it."
    raise invalid("imageReference.id", image_id, text)
