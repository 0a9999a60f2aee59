"""Images: the repositories of our registries, and a stand-in for the public ones.

Only manifests are kept, no layers, as nothing here runs a container. In a public registry every image exists, and its
digest depends on its name and on how often its tag has moved; names with `missing` in them do not exist.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from azure_local.azure import Azure

TYPE = "application/vnd.docker.distribution.manifest.v2+json"
SUFFIX = ".azurecr.io"
HUB = "docker.io"
REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*")
TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Manifest:
    digest: str
    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """A reference: registry host, repository, and a tag or digest."""

    host: str
    repository: str
    reference: str


def parsed(text: str) -> Image | None:
    """A reference as docker reads it, with its defaults; None if it is not valid."""
    name, _, digest = text.partition("@")
    head, _, rest = name.partition("/")
    host, path = (head, rest) if rest and ("." in head or ":" in head or head == "localhost") else (HUB, name)
    path, _, tag = path.partition(":")
    if host == HUB and "/" not in path:
        path = f"library/{path}"
    reference = digest or tag or "latest"
    if not REPOSITORY.fullmatch(path) or not (TAG.fullmatch(reference) or DIGEST.fullmatch(reference)):
        return None
    return Image(host.lower(), path, reference)


def manifest(config: str, layers: Iterable[str]) -> Manifest:
    """An image manifest, determined by its content alone."""

    def blob(kind: str, seed: str) -> dict[str, Any]:
        digest = hashlib.sha256(seed.encode()).hexdigest()
        return {"mediaType": kind, "size": 1024 + int(digest[:5], 16), "digest": f"sha256:{digest}"}

    body = {
        "schemaVersion": 2,
        "mediaType": TYPE,
        "config": blob("application/vnd.docker.container.image.v1+json", config),
        "layers": [blob("application/vnd.docker.image.rootfs.diff.tar.gzip", layer) for layer in layers],
    }
    text = json.dumps(body, indent=3)
    return Manifest(f"sha256:{hashlib.sha256(text.encode()).hexdigest()}", text)


def registry(azure: Azure, host: str) -> dict[str, Any] | None:
    """The registry with this login server, None until it is made."""
    for document in azure.store.list("registry"):
        properties = document["resource"]["properties"]
        if properties["loginServer"] == host.lower():
            ready = properties["provisioningState"] in ("Succeeded", "Updating")
            return dict(document["resource"]) if ready else None
    return None


def is_public(host: str) -> bool:
    return not host.lower().endswith(SUFFIX)


def _repository(azure: Azure, host: str, name: str) -> dict[str, Any]:
    known: dict[str, Any] = {"name": name, "tags": {}, "manifests": {}, "generations": {}}
    return azure.store.get("repository", f"{host}/{name}") or known


def repositories(azure: Azure, host: str) -> list[str]:
    return sorted(document["name"] for document in azure.store.list("repository", f"{host}/"))


def is_kept(azure: Azure, text: str) -> bool:
    """Whether our registries have this image, or a public one has been asked for it."""
    image = parsed(text)
    if image is None:
        return False
    kept = _repository(azure, image.host, image.repository)
    return image.reference in kept["tags"] or image.reference in kept["manifests"]


def tags(azure: Azure, host: str, name: str) -> list[str] | None:
    """The tags of a repository, None if there is none; for a public one, the tags that have been asked for."""
    document = azure.store.get("repository", f"{host}/{name}")
    return None if document is None else sorted(document["tags"])


def find(azure: Azure, image: Image) -> Manifest | None:
    """The manifest that a tag or digest stands for."""
    if is_public(image.host) and not DIGEST.fullmatch(image.reference):
        if "missing" in image.repository or not image.repository:
            return None
        return _public(azure, image)
    kept = _repository(azure, image.host, image.repository)
    digest = kept["tags"].get(image.reference, image.reference)
    return Manifest(digest, kept["manifests"][digest]) if digest in kept["manifests"] else None


def _public(azure: Azure, image: Image) -> Manifest:
    generation = _repository(azure, image.host, image.repository)["generations"].get(image.reference, 0)
    seed = f"{image.host}/{image.repository}:{image.reference} {generation}"
    described = manifest(seed, [f"{seed} layer {number}" for number in range(3)])
    keep(azure, image, described)
    return described


def keep(azure: Azure, image: Image, described: Manifest) -> None:
    """Point the image's tag to the manifest; the previous manifest stays reachable by digest."""
    kept = _repository(azure, image.host, image.repository)
    if kept["tags"].get(image.reference) != described.digest:
        kept["tags"][image.reference] = described.digest
        kept["manifests"][described.digest] = described.text
        azure.store.put("repository", f"{image.host}/{image.repository}", kept)


def move(azure: Azure, image: Image) -> Manifest:
    """Move a public tag: it has another digest from now on."""
    kept = _repository(azure, image.host, image.repository)
    kept["generations"][image.reference] = kept["generations"].get(image.reference, 0) + 1
    azure.store.put("repository", f"{image.host}/{image.repository}", kept)
    return _public(azure, image)


def forget(azure: Azure, host: str) -> None:
    for key, _ in azure.store.items("repository", f"{host}/"):
        azure.store.delete("repository", key)
