"""VM images: short names of marketplace images, what images of a spec are built from, and what a pool may boot."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

SHORT = {
    "ubuntu-22.04": "canonical:0001-com-ubuntu-server-jammy:22_04-lts",
    "ubuntu-24.04": "canonical:ubuntu-24_04-lts:server",
    "almalinux-8": "almalinux:almalinux-x86_64:8-gen2",
    "almalinux-9": "almalinux:almalinux-x86_64:9-gen2",
    "debian-12": "debian:debian-12:12",
}
"""Short name → publisher:offer:sku of the marketplace image."""

Image = str | Mapping[str, str]
"""The image of a pool in a spec: a name, publisher:offer:sku[:version], or a map of these or of a gallery image."""

KEYS = ("publisher", "offer", "sku", "version")


@dataclass(frozen=True, slots=True)
class Base:
    """The base of an image of a spec: a marketplace image, its Hyper-V generation and how it gets a GPU driver.

    `agent` is the node agent that Batch pairs it with, for specs without an account to ask. `driver` is `extension`
    where NVIDIA's VM extension supports the system, else `script`.
    Source: learn.microsoft.com, NVIDIA GPU driver extension for Linux, supported distributions.
    """

    urn: str
    agent: str
    generation: str
    driver: str


BASES = {
    "ubuntu-22.04": Base(
        "canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2", "batch.node.ubuntu 22.04", "V2", "extension"
    ),
    "ubuntu-24.04": Base("canonical:ubuntu-24_04-lts:server", "batch.node.ubuntu 24.04", "V2", "extension"),
    "almalinux-8": Base("almalinux:almalinux-x86_64:8-gen2", "batch.node.el 8", "V2", "script"),
    "almalinux-9": Base("almalinux:almalinux-x86_64:9-gen2", "batch.node.el 9", "V2", "script"),
}


def built(image: Image) -> str:
    """NAME of `images/NAME`, an image that the spec builds; empty for any other."""
    return image.removeprefix("images/") if isinstance(image, str) and image.startswith("images/") else ""


def unknown(image: Image) -> str | None:
    """Why `image` of a pool names no image, or None if it does; `images/NAME` is looked up by the caller."""
    if isinstance(image, Mapping):
        return _incomplete(image)
    if built(image) or image in SHORT or image.count(":") in (2, 3):
        return None
    close = difflib.get_close_matches(image, SHORT, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    return f"is no image{hint}; write images/NAME, one of {', '.join(SHORT)}, or publisher:offer:sku[:version]"


def _incomplete(image: Mapping[str, str]) -> str | None:
    forms = (
        ({"id"}, {"id"}),
        ({"gallery", "definition"}, {"gallery", "definition", "version", "resourceGroup"}),
        ({"publisher", "offer", "sku"}, set(KEYS)),
    )
    if any(needed <= set(image) <= known for needed, known in forms):
        return None
    return "is no image; it must have id, or gallery and definition, or publisher, offer and sku"


def reference(image: Image) -> dict[str, str]:
    """The imageReference of a marketplace image of a spec, in lower case as Batch compares it."""
    if isinstance(image, str):
        image = dict(zip(KEYS, SHORT.get(image, image).split(":"), strict=False))
    return {key: image.get(key, "latest").lower() for key in KEYS}


def gallery_id(image: Image, subscription: str, group: str) -> str | None:
    """The id of a gallery image, with its version if the spec names one; None for other images."""
    if not isinstance(image, Mapping) or "publisher" in image:
        return None
    if "id" in image:
        return image["id"]
    where = f"/subscriptions/{subscription}/resourceGroups/{image.get('resourceGroup', group)}"
    image_id = f"{where}/providers/Microsoft.Compute/galleries/{image['gallery']}/images/{image['definition']}"
    version = image.get("version", "latest")
    return image_id if version == "latest" else f"{image_id}/versions/{version}"


def semantic(version: str) -> tuple[int, ...]:
    """A key by which 1.0.10 comes after 1.0.9."""
    return tuple(int(part) for part in re.findall(r"\d+", version))


def following(versions: list[str]) -> str:
    """The version after the highest: 1.0.0, 1.0.1, ..."""
    if not versions:
        return "1.0.0"
    major, minor, patch = semantic(max(versions, key=semantic))[:3]
    return f"{major}.{minor}.{patch + 1}"


def home(regions: Collection[str], location: str) -> str:
    """The region to build and first publish an image in: `location`, or the first of `regions` if it is not in them."""
    return next(iter(regions)) if regions and location not in regions else location
