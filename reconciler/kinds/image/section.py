"""The section `images` of a spec: its defaults, its scripts as text, and checks of what it pulls and where it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reconciler.azure import images, retired, roles
from reconciler.errors import Problem
from reconciler.spec import role_targets, secrets
from reconciler.spec.document import Document
from reconciler.spec.family import Section
from reconciler.spec.schema import Path_
from reconciler.spec.sections import Image
from reconciler.spec.spec import Spec


def spell(image: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Fill in the size of the machine that builds the image, and the text of each script."""
    size = "Standard_NC4as_T4_v3" if image.get("gpu") else "Standard_D2s_v3"
    steps: dict[str, Any] = {
        key: [_step(step, folder) for step in image[key]] for key in ("scripts", "verify") if key in image
    }
    return {**image, **steps, "buildVm": {"size": size, **image.get("buildVm", {})}}


def _step(step: dict[str, str], folder: Path) -> dict[str, str]:
    """The step with its script in `run`; without it if the file cannot be read, which `check` reports."""
    try:
        return step if "run" in step else {**step, "run": (folder / step["file"]).read_text(encoding="utf-8")}
    except (OSError, UnicodeDecodeError):
        return step


def check(document: Document, spec: Spec) -> Iterator[Problem]:
    for name, image in spec.images.items():
        path: Path_ = ("images", name)
        yield from _preload(document, spec, path, image)
        yield from _steps(document, spec, path, image)
        users = [pool for pool, body in spec.pools.items() if body["image"] == f"images/{name}"]
        location = spec.azure.location
        if users and "regions" in image and location not in image["regions"]:
            message = f"pools/{users[0]} boots it in {location}, where it would not be; add {location}: 1"
            yield document.problem((*path, "regions"), message)


def _steps(document: Document, spec: Spec, path: Path_, image: Image) -> Iterator[Problem]:
    names: set[str] = set()
    for section, steps in (("scripts", image["scripts"]), ("verify", image["verify"])):
        for index, step in enumerate(steps):
            where = (*path, section, index)
            if step["name"] in names:
                yield document.problem((*where, "name"), "is given twice; each step needs a name of its own")
            names.add(step["name"])
            if reason := _unreadable(spec.folder / step["file"]) if "file" in step else "":
                yield document.problem((*where, "file"), reason)
            if "file" in step:
                yield from secrets.of_file(document, (*where, "file"), spec.folder / step["file"])


def _unreadable(file: Path) -> str:
    """Why the text in a file cannot be read; empty if it can."""
    try:
        file.read_text(encoding="utf-8")
    except OSError as error:
        return f"cannot be read: {file}: {error.strerror}"
    except UnicodeDecodeError:
        return f"{file} is no text in UTF-8"
    return ""


def _preload(document: Document, spec: Spec, path: Path_, image: Image) -> Iterator[Problem]:
    """Container images that are not public need an identity that may pull them."""
    identity = image.get("identity")
    for index, reference in enumerate(image["preload"]):
        where = (*path, "preload", index)
        if not reference.startswith("registries/"):
            if ".azurecr.io/" in reference and identity is None:
                yield document.problem(where, "needs identity: identities/NAME, one that may pull from that registry")
            continue
        registry = "/".join(reference.split("/")[:2])
        there = registry.removeprefix("registries/") in spec.registries
        if there and not role_targets.holds(spec, identity or "", registry, roles.PULLERS):
            who = identity or "an identity (identity: identities/NAME)"
            message = f"{who} cannot pull there; give it roles: [{{role: AcrPull, scope: {registry}}}]"
            yield document.problem(where, message)


def retiring(spec: Spec) -> Iterator[tuple[Path_, retired.Retired]]:
    for name, image in spec.images.items():
        if notice := retired.image(images.BASES[image["os"]].urn):
            yield ("images", name, "os"), notice


SECTION = Section(key="images", spell=spell, check=check, retiring=retiring)
