"""What no schema can say of registries, images and the pools that boot them: files, references, roles and regions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reconciler.azure import images
from reconciler.errors import Problem
from reconciler.spec.document import Document, Path_
from reconciler.spec.references import dangling

PULLERS = ("AcrPull", "AcrPush", "Contributor", "Owner")
"""Roles with which an identity can pull images."""


def check(document: Document, value: Mapping[str, Any]) -> Iterator[Problem]:
    """Every problem of the sections `registries` and `images`, and of pools as far as their images go."""
    folder = Path(document.file).parent
    for name, body in value.get("registries", {}).items():
        for repository, build in (body or {}).get("builds", {}).items():
            yield from _build(document, ("registries", name, "builds", repository), build, folder)
    for name, body in value.get("images", {}).items():
        yield from _image(document, value, ("images", name), body, folder)
    for name, body in value.get("pools", {}).items():
        yield from _pool(document, value, ("pools", name), body)


def _build(document: Document, path: Path_, build: Mapping[str, Any], folder: Path) -> Iterator[Problem]:
    context = folder / build["context"]
    if not context.is_dir():
        yield document.problem((*path, "context"), f"there is no folder {context}")
        return
    dockerfile = (context / build.get("dockerfile", "Dockerfile")).resolve()
    where = (*path, "dockerfile") if "dockerfile" in build else path
    if not dockerfile.is_relative_to(context.resolve()):
        yield document.problem(where, "must be inside the context")
    elif not dockerfile.is_file():
        yield document.problem(where, f"there is no file {context / build.get('dockerfile', 'Dockerfile')}")


def _image(
    document: Document, value: Mapping[str, Any], path: Path_, body: Mapping[str, Any], folder: Path
) -> Iterator[Problem]:
    if "identity" in body:
        yield from dangling(document, value, (*path, "identity"), body["identity"])
    yield from _preload(document, value, path, body)
    seen: set[str] = set()
    for section in ("scripts", "verify"):
        for index, step in enumerate(body.get(section, [])):
            where = (*path, section, index)
            if step["name"] in seen:
                yield document.problem((*where, "name"), "is given twice; each step needs a name of its own")
            seen.add(step["name"])
            yield from _script(document, (*where, "file"), step.get("file"), folder)
    location = str(value["azure"]["location"]).replace(" ", "").lower()
    users = [name for name, pool in value.get("pools", {}).items() if pool.get("image") == f"images/{path[1]}"]
    if users and "regions" in body and location not in body["regions"]:
        message = f"pools/{users[0]} boots it in {location}, where it would not be; add {location}: 1"
        yield document.problem((*path, "regions"), message)


def _script(document: Document, path: Path_, file: str | None, folder: Path) -> Iterator[Problem]:
    if file is None:
        return
    try:
        (folder / file).read_text(encoding="utf-8")
    except OSError as error:
        yield document.problem(path, f"cannot be read: {folder / file}: {error.strerror}")
    except UnicodeDecodeError:
        yield document.problem(path, f"{folder / file} is no text in UTF-8")


def _preload(document: Document, value: Mapping[str, Any], path: Path_, body: Mapping[str, Any]) -> Iterator[Problem]:
    """Each must come from somewhere, and what is not public needs an identity that may pull it."""
    held = _pulled(value, body.get("identity"))
    for index, reference in enumerate(body.get("preload", [])):
        where = (*path, "preload", index)
        if not reference.startswith("registries/"):
            if ".azurecr.io/" in reference and "identity" not in body:
                yield document.problem(where, "needs identity: identities/NAME, one that may pull from that registry")
            continue
        registry = "/".join(reference.split("/")[:2])
        missing = list(dangling(document, value, where, registry))
        yield from missing
        if not missing and not {registry, "resourceGroup"} & held:
            who = body.get("identity", "an identity (identity: identities/NAME)")
            message = f"{who} cannot pull there; give it roles: [{{role: AcrPull, on: {registry}}}]"
            yield document.problem(where, message)


def _pulled(value: Mapping[str, Any], identity: str | None) -> set[str]:
    given = (value.get("identities", {}).get((identity or "/").split("/")[1]) or {}).get("roles", [])
    return {role["on"] for role in given if role["role"] in PULLERS}


def _pool(document: Document, value: Mapping[str, Any], path: Path_, body: Mapping[str, Any]) -> Iterator[Problem]:
    image = body["image"]
    if reason := images.unknown(image):
        yield document.problem((*path, "image"), f"{image!r} {reason}" if isinstance(image, str) else reason)
    elif images.built(image):
        yield from dangling(document, value, (*path, "image"), image)
    names = [check["name"] for check in body.get("verify", []) if isinstance(check, dict)] if _listed(body) else []
    for index, name in enumerate(names):
        if name in names[:index]:
            yield document.problem((*path, "verify", index, "name"), "is given twice")


def _listed(body: Mapping[str, Any]) -> bool:
    return isinstance(body.get("verify"), list)


def holds_containers(value: Mapping[str, Any], pool: str) -> bool:
    """Whether Batch runs tasks of the pool in containers only: its image preloads some, or it names some."""
    body = value["pools"][pool.split("/")[1]]
    image = body["image"] if isinstance(body["image"], str) else ""
    preloads = value.get("images", {}).get(image.removeprefix("images/"), {}).get("preload", [])
    return bool(preloads or (body.get("containers") or {}).get("images"))
