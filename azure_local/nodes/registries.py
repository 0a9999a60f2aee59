"""Registries of container images: which one an image comes from, and a temporary sign-in to it."""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HUB = "docker.io"


def server(image: str) -> str:
    """`example.azurecr.io` of `example.azurecr.io/tool:1`; Docker Hub of `tool:1`."""
    first, slash, _ = image.partition("/")
    return first.lower() if slash and ("." in first or ":" in first or first == "localhost") else HUB


def full(image: str) -> str:
    """`docker.io/library/tool:1` of `tool:1`."""
    if server(image) != HUB or image.startswith(f"{HUB}/"):
        return image
    return f"{HUB}/{image}" if "/" in image else f"{HUB}/library/{image}"


def matching(image: str, preferred: dict[str, Any] | None, known: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The task's own registry, or that of the pool's registries from which the image comes."""
    if preferred:
        return preferred
    named = ((registry, registry.get("registryServer") or HUB) for registry in known)
    return next((registry for registry, name in named if _host(name) == server(image)), None)


@contextmanager
def signed_in(registry: dict[str, Any] | None) -> Iterator[dict[str, str]]:
    """Variables with which Docker and Podman find the registry's user and password, valid during this context."""
    if not registry or not registry.get("username"):
        yield {}
        return
    secret = f"{registry['username']}:{registry.get('password', '')}"
    name = _host(registry.get("registryServer") or HUB)
    keys = (HUB, "https://index.docker.io/v1/") if name == HUB else (name,)  # Podman's word for it, and Docker's
    login = {"auth": base64.b64encode(secret.encode()).decode()}
    with tempfile.TemporaryDirectory() as private:  # no other user may read it
        file = Path(private, "config.json")
        file.write_text(json.dumps({"auths": dict.fromkeys(keys, login)}))
        yield {"DOCKER_CONFIG": private, "REGISTRY_AUTH_FILE": str(file)}


def _host(name: str) -> str:
    return name.lower().removeprefix("https://").rstrip("/")
