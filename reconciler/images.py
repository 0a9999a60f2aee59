"""Which VM image a pool boots, by short name or by full reference."""

from __future__ import annotations

import difflib
from typing import Any

SHORT = {
    "ubuntu-22.04": "canonical:0001-com-ubuntu-server-jammy:22_04-lts",
    "ubuntu-24.04": "canonical:ubuntu-24_04-lts:server",
    "almalinux-8": "almalinux:almalinux:8-gen2",
    "almalinux-9": "almalinux:almalinux:9-gen2",
    "debian-12": "debian:debian-12:12",
}
"""Short name → publisher:offer:sku of the marketplace image."""

KEYS = ("publisher", "offer", "sku", "version")


def unknown(image: Any) -> str | None:
    """Why `image` of a spec names no image, or None if it does."""
    if not isinstance(image, str) or image in SHORT or image.count(":") in (2, 3):
        return None
    close = difflib.get_close_matches(image, SHORT, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    return f"is no image{hint}; write one of {', '.join(SHORT)}, or publisher:offer:sku[:version]"


def reference(image: Any) -> dict[str, str]:
    """The imageReference of an image of a spec, in lower case as Batch compares it."""
    if isinstance(image, str):
        image = dict(zip(KEYS, SHORT.get(image, image).split(":"), strict=False))
    return {key: str(image.get(key, "latest")).lower() for key in KEYS}
