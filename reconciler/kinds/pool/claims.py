"""What the image of a pool is said to hold: Docker, a GPU driver, container images. Pure.

Of an image of this spec the spec says it; of a version that another spec built its tags do. Anybody who may write tags
can have written those, so what does not look like the name of a container image is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler import marks
from reconciler.cloud import registries
from reconciler.spec.sections import Image

NONE: Mapping[str, Any] = {"docker": False, "gpu": False, "images": [], "registries": []}
MOST = 50
"""The most container images of a version that are believed."""
PRELOAD = "preload "
_REFERENCE = re.compile(
    r"(registries/[A-Za-z0-9]{5,50}/)?[a-z0-9][a-z0-9._-]*(:\d+)?(/[a-z0-9][a-z0-9._-]*)*(:[\w][\w.-]{0,127})?"
    r"(@sha256:[0-9a-f]{64})?"
)
"""A container image as specs write it; see the OCI distribution spec for the characters of its parts."""


def of_spec(image: Image) -> dict[str, Any]:
    """What an image of this spec holds."""
    return _claims(image["preload"], gpu=image["gpu"])


def of_version(tags: Mapping[str, str] | None) -> dict[str, Any]:
    """What the tags of an image version say that it holds; nothing if no spec has built it."""
    tags = tags or {}
    if marks.CONTENT not in tags:
        return dict(NONE)
    inputs = marks.inputs(tags)
    references = [key.removeprefix(PRELOAD) for key in sorted(inputs) if key.startswith(PRELOAD)]
    believed = [reference for reference in references if _believable(reference)]
    return _claims(believed[:MOST], gpu=inputs.get("gpu") == "yes")


def _believable(reference: str) -> bool:
    """Whether this is how a spec writes a container image."""
    whole = reference.count("/") > 1 or not reference.startswith("registries/")
    return whole and len(reference) <= 256 and _REFERENCE.fullmatch(reference) is not None


def _claims(references: Sequence[str], *, gpu: bool) -> dict[str, Any]:
    names, logins = registries.names(references)
    return {"docker": True, "gpu": gpu, "images": names, "registries": logins}
