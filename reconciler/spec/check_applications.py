"""What no schema can say of applications: their files, versions, storage, and the pools that bring them to nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reconciler import packing
from reconciler.errors import Problem
from reconciler.spec.document import Document, Path_
from reconciler.spec.references import absent, nearest

STORERS = ("Storage Blob Data Contributor", "Storage Blob Data Owner")
"""Roles with which Batch can keep packages in auto-storage."""


def check(document: Document, value: Mapping[str, Any]) -> Iterator[Problem]:
    """Every problem of `applications`, and of pools as far as they name them."""
    applications = value.get("applications", {})
    if applications:
        yield from _storage(document, value)
    for name, body in applications.items():
        yield from _application(document, ("applications", name), body, Path(document.file).parent)
    for name, body in value.get("pools", {}).items():
        yield from _pool(document, value, ("pools", name), body)


def _storage(document: Document, value: Mapping[str, Any]) -> Iterator[Problem]:
    account = value.get("batchAccount")
    if account is None:
        message = "applications need a batchAccount; add batchAccount: {name: ..., autoStorage: storage/NAME}"
        yield document.problem(("applications",), message, at_key=True)
    elif "autoStorage" not in account:
        message = "are kept in the account's auto-storage; add autoStorage: storage/NAME to batchAccount"
        yield document.problem(("applications",), message, at_key=True)
    elif "autoStorageIdentity" in account:
        who, storage = account["autoStorageIdentity"], account["autoStorage"]
        given = (value.get("identities", {}).get(who.split("/")[1]) or {}).get("roles", [])
        held = {role["on"] for role in given if role["role"] in STORERS}
        if not absent(value, who) and not {storage, "resourceGroup"} & held:
            message = f"{who} cannot keep packages there; give it roles: [{{role: {STORERS[0]}, on: {storage}}}]"
            yield document.problem(("batchAccount", "autoStorageIdentity"), message)


def _application(document: Document, path: Path_, body: Mapping[str, Any], folder: Path) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for version, source in body["packages"].items():
        here = (*path, "packages", version)
        if reason := packing.fault(folder / source):
            yield document.problem(here, reason)
        first = seen.setdefault(version.lower(), version)
        if first != version:
            message = f"differs from {first} in case only, which Azure takes for the same"
            yield document.problem(here, message, at_key=True)
    default = body.get("defaultVersion")
    if default is not None and default not in body["packages"]:
        close = nearest(default, body["packages"])
        message = f"is {default!r}, but there is no such package{close}; add it to packages, or name another version"
        yield document.problem((*path, "defaultVersion"), message)


def _pool(document: Document, value: Mapping[str, Any], path: Path_, body: Mapping[str, Any]) -> Iterator[Problem]:
    """A package of an application of this spec must be in it; what others made is theirs to know."""
    known = {name.lower(): (name, own) for name, own in value.get("applications", {}).items()}
    brings = False
    for index, reference in enumerate(body.get("applicationPackages", [])):
        here = (*path, "applicationPackages", index)
        if reference["id"].lower() not in known:
            continue
        brings = True
        name, own = known[reference["id"].lower()]
        version = reference.get("version")
        if version is None and "defaultVersion" not in own:
            message = f"names no version, and applications.{name} has no defaultVersion; add one of them"
            yield document.problem(here, message)
        elif version is not None and version not in own["packages"]:
            versions = ", ".join(own["packages"])
            message = (
                f"is {version!r}, but applications.{name} has {versions}; name one of these, or add a package there"
            )
            yield document.problem((*here, "version"), message)
    identity = value.get("batchAccount", {}).get("autoStorageIdentity")
    held = body.get("identity", [])
    if brings and identity is not None and identity not in ([held] if isinstance(held, str) else held):
        message = f"its nodes fetch packages as {identity}, the autoStorageIdentity; add that to the pool's identity"
        yield document.problem((*path, "applicationPackages"), message, at_key=True)
