"""The node agent that a Batch account pairs with each marketplace image: asked once a run."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from reconciler.cloud.cloud import Cloud
from reconciler.errors import ReconcileError


def agent_of(cloud: Cloud, urn: str) -> str:
    """The node agent SKU for `publisher:offer:sku` in lower case. ReconcileError names the nearest if there is none."""
    if not cloud.node_agents:
        cloud.node_agents = dict(_supported(cloud))
    supported = cloud.node_agents
    if urn not in supported:
        near = difflib.get_close_matches(urn, supported, n=5, cutoff=0.3)
        raise ReconcileError(f"Batch offers no image {urn}; nearest are: {', '.join(near) or 'none'}")
    return supported[urn]


def _supported(cloud: Cloud) -> Iterator[tuple[str, str]]:
    for image in cloud.batch().list_supported_images():
        reference = image.image_reference
        yield f"{reference.publisher}:{reference.offer}:{reference.sku}".lower(), image.node_agent_sku_id
