"""Checks of pools that are made for a job: what only a pool for itself can have, and what Batch makes of the rest."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.azure import images
from reconciler.errors import Problem
from reconciler.spec import auto_pools, identities
from reconciler.spec.document import Document
from reconciler.spec.pools import Pool
from reconciler.spec.schema import Path_
from reconciler.spec.spec import Spec

OWN: dict[Path_, str] = {
    ("identity",): "Batch gives no identity to its nodes",
    ("tags",): "Batch gives it no tags",
    ("protect",): "it goes with its job, which can be protected",
    ("logs",): "its nodes have no identity that could write them",
    ("telemetry",): "its nodes have no identity that could write it",
    ("verify",): "tasks begin as soon as it has nodes",
    ("rollout",): "a change of it makes the job anew",
    ("idle",): "it goes with its job",
    ("onExisting",): "it is always a new one",
    ("nodes", "nodeDeallocationOption"): "nobody resizes it",
    ("containers", "preloaded"): "name the images under containers.images",
    ("containers", "registries"): "its nodes pull as nobody",
    ("osDisk", "managedDisk", "securityProfile", "diskEncryptionSet"): "Batch takes it only of a pool for itself",
}
"""What only a pool for itself has → why. Source: BatchPoolSpecification of azure-batch 15.1."""


def problems(document: Document, spec: Spec, name: str, pool: Pool) -> Iterator[Problem]:
    path: Path_ = ("pools", name)
    for key, why in OWN.items():
        if document.says((*path, *key)):
            message = f"has no meaning for a pool that is made for a job: {why}; take it out, or autoPool"
            yield document.problem((*path, *key), message, at_key=True)
    for where, _ in identities.referring(pool, path):
        yield document.problem(where, auto_pools.nobody(f"pools/{name}"))
    yield from _image(document, spec, path, pool)


def _image(document: Document, spec: Spec, path: Path_, pool: Pool) -> Iterator[Problem]:
    """Batch itself takes the latest version of an image, and looks at nothing else."""
    if images.gallery_id(pool["image"], "", "") and "nodeAgentSkuId" not in pool:
        message = "may hold any system; say which on the pool, such as nodeAgentSkuId: batch.node.ubuntu 22.04"
        yield document.problem((*path, "image"), message)
    built = spec.images.get(images.built(pool["image"]))
    if built and built["excludeFromLatest"] is not False:
        message = f"has excludeFromLatest: {str(built['excludeFromLatest']).replace('True', 'true')}"
        remedy = "take that out, or autoPool"
        yield document.problem((*path, "image"), f"{message}, and Batch boots the latest version; {remedy}")


def advice(spec: Spec, name: str, pool: Pool) -> Iterator[tuple[Path_, str]]:
    if not any(auto_pools.users(spec, name)):
        yield ("pools", name, "autoPool"), f"no job names pools/{name}, so that it is never made"
    if pool.get("autoPool", {}).get("keepAlive"):
        yield (
            ("pools", name, "autoPool", "keepAlive"),
            "it outlives its job and costs until somebody deletes it, which no apply does",
        )
