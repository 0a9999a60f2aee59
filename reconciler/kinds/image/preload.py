"""Container images that a VM image contains: where each comes from, what its tag means now, how it is pulled.

An image that this spec builds is identified by its source, because it has no digest before it is built; any other by
the digest that its registry gives for the tag.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.cloud import registries
from reconciler.cloud.cloud import Cloud
from reconciler.kinds.image.recipe import Pull
from reconciler.model import Address, Desired
from reconciler.spec.spec import Spec

BUILT, REGISTRY = "container_image", "registry"


@dataclass(frozen=True, slots=True)
class Pin:
    """What a reference means now: its digest (or `source:DIGEST`) and the way to pull it."""

    digest: str
    pull: Pull


def refs(spec: Spec, references: Iterable[str]) -> list[Address]:
    """What must exist before `references` can be pulled: registries, or images that the spec builds in them."""
    addresses = []
    for reference in references:
        if not reference.startswith("registries/"):
            continue
        _, registry, rest = reference.split("/", 2)
        repository, tag = registries.repository(rest)
        build = spec.registries[registry]["builds"].get(repository)
        built = build is not None and build["tag"] == tag
        addresses.append(Address(BUILT, f"{registry}/{repository}:{tag}") if built else Address(REGISTRY, registry))
    return list(dict.fromkeys(addresses))


def resolve(cloud: Cloud, reference: str, before: Mapping[Address, Desired]) -> Pin | None:
    """What a reference of a spec means now, or None if there is no such image."""
    if not reference.startswith("registries/"):
        return _looked_up(cloud, *registries.split(reference))
    _, registry, rest = reference.split("/", 2)
    repository, tag = registries.repository(rest)
    server = f"{registry}.azurecr.io"
    built = before.get(Address(BUILT, f"{registry}/{repository}:{tag}"))
    if built is None:
        return _looked_up(cloud, server, repository, tag)
    source = built.body["source"]
    pull = Pull(f"{server}/{repository}:src-{source}", f"{server}/{repository}:{tag}", server)
    return Pin(f"source:{source}", pull)


def _looked_up(cloud: Cloud, server: str, repository: str, tag: str) -> Pin | None:
    digest = registries.manifest_digest(cloud, server, repository, tag)
    if digest is None:
        return None
    name = f"{server}/{repository}"
    login = server if server.endswith(".azurecr.io") else None
    return Pin(digest, Pull(f"{name}@{digest}", name if tag.startswith("sha256:") else f"{name}:{tag}", login))
