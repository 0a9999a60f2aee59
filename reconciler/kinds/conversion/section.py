"""The conversions in the section `jobs` of a spec: checks of their containers and of the nodes that write there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reconciler.azure import roles
from reconciler.errors import Problem
from reconciler.spec import role_targets
from reconciler.spec.document import Document
from reconciler.spec.family import Section
from reconciler.spec.pools import Pool
from reconciler.spec.schema import Path_
from reconciler.spec.sections import Conversion
from reconciler.spec.spec import Spec


def spell(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Put the scripts in the account of the results unless the spec says where they are."""
    if "convert" in job:
        account = job["convert"]["to"].split("/")[1]
        job["convert"] = {"scripts": f"storage/{account}/scripts", **job["convert"]}
    return job


def check(document: Document, spec: Spec) -> Iterator[Problem]:
    for name, job in spec.jobs.items():
        if "convert" in job:
            path: Path_ = ("jobs", name, "convert")
            yield from _containers(document, spec, path, job["convert"])
            pool = job["pool"].removeprefix("pools/")
            if pool in spec.pools:
                yield from _nodes(document, spec, path, job["convert"], pool)


def _containers(document: Document, spec: Spec, path: Path_, convert: Conversion) -> Iterator[Problem]:
    places, scripts = (convert["from"], convert["to"]), convert["scripts"]
    if convert["from"] == convert["to"]:
        yield document.problem((*path, "to"), "must not be the container that is converted from")
    implied = not document.says((*path, "scripts"))
    if implied and all(_exists(spec, place) for place in places) and not _exists(spec, scripts):
        message = f"needs a container for its scripts; declare {scripts} under storage, or set scripts:"
        yield document.problem(path, message, at_key=True)
    if scripts in places:
        yield document.problem((*path, "scripts"), "must be a container of its own")


def _nodes(document: Document, spec: Spec, path: Path_, convert: Conversion, name: str) -> Iterator[Problem]:
    pool = spec.pools[name]
    if _holds_containers(spec, pool):
        message = f"pools/{name} runs tasks in containers only, as its nodes hold container images; use another pool"
        yield document.problem(path, message, at_key=True)
    places = (convert["from"], convert["to"], convert["scripts"])
    written = places if document.says((*path, "scripts")) else places[:2]
    if all(_exists(spec, place) for place in written):
        accounts = {"/".join(place.split("/")[:2]) for place in places}
        yield from _writers(document, spec, path, name, sorted(accounts))


def _exists(spec: Spec, place: str) -> bool:
    """Whether `storage/ACCOUNT/CONTAINER` is in the spec."""
    _, account, container = place.split("/")
    return account in spec.storage and container in spec.storage[account]["containers"]


def _holds_containers(spec: Spec, pool: Pool) -> bool:
    """Whether Batch runs tasks of the pool in containers only: its image preloads some, or it names some."""
    image = pool["image"] if isinstance(pool["image"], str) else ""
    built = spec.images.get(image.removeprefix("images/"))
    return bool((built and built["preload"]) or pool.get("containers", {}).get("images"))


def _writers(document: Document, spec: Spec, path: Path_, name: str, accounts: list[str]) -> Iterator[Problem]:
    """Tasks act as the pool's first identity, which must be able to read and write blobs."""
    role = roles.BLOB_WRITERS[0]
    if not spec.pools[name]["identity"]:
        message = f"needs nodes with an identity; set identity: on pools/{name} to one with the role {role}"
        yield document.problem(path, message, at_key=True)
        return
    first = spec.pools[name]["identity"][0]
    for account in accounts:
        if not role_targets.holds(spec, first, account, roles.BLOB_WRITERS):
            message = f"{first} cannot write there; give it roles: [{{role: {role}, scope: {account}}}]"
            yield document.problem(path, message, at_key=True)


SECTION = Section(key="jobs", spell=spell, check=check)
