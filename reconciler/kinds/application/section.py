"""The section `applications` of a spec: checks of files, versions, storage, and of what uses the packages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.azure import roles
from reconciler.errors import Problem
from reconciler.kinds.application import packing
from reconciler.spec import auto_pools, role_targets
from reconciler.spec.document import Document
from reconciler.spec.family import Section
from reconciler.spec.pools import Pool
from reconciler.spec.references import nearest
from reconciler.spec.schema import Path_
from reconciler.spec.sections import Application
from reconciler.spec.spec import Spec


def check(document: Document, spec: Spec) -> Iterator[Problem]:
    if spec.applications:
        yield from _storage(document, spec)
    for name, application in spec.applications.items():
        yield from _application(document, spec, ("applications", name), application)
    for name, pool in spec.pools.items():
        packages = [(package["id"], package.get("version")) for package in pool["applicationPackages"]]
        yield from _brought(document, spec, ("pools", name, "applicationPackages"), packages, pool)
    for name, job in spec.jobs.items():
        pool_of_job = spec.pools.get(job["pool"].removeprefix("pools/"))
        for task, entry in job.get("tasks", {}).items():
            references = entry.get("applicationPackageReferences", ())
            packages = [(reference["applicationId"], reference.get("version")) for reference in references]
            path = ("jobs", name, "tasks", task, "applicationPackageReferences")
            yield from _brought(document, spec, path, packages, pool_of_job)


def _storage(document: Document, spec: Spec) -> Iterator[Problem]:
    account = spec.batch_account
    if account is None:
        message = "applications need a batchAccount; add batchAccount: {name: ..., autoStorage: storage/NAME}"
        yield document.problem(("applications",), message, at_key=True)
    elif account["existing"]:
        message = "are packed into the account's auto-storage, which is not this spec's; write existing: true for each"
        if not all(application["existing"] for application in spec.applications.values()):
            yield document.problem(("applications",), message, at_key=True)
    elif "autoStorage" not in account:
        message = "are kept in the account's auto-storage; add autoStorage: storage/NAME to batchAccount"
        yield document.problem(("applications",), message, at_key=True)
    elif "autoStorageIdentity" in account:
        who, storage = account["autoStorageIdentity"], account["autoStorage"]
        there = who.removeprefix("identities/") in spec.identities
        if there and not role_targets.holds(spec, who, storage, roles.BLOB_WRITERS):
            role = roles.BLOB_WRITERS[0]
            message = f"{who} cannot keep packages there; give it roles: [{{role: {role}, scope: {storage}}}]"
            yield document.problem(("batchAccount", "autoStorageIdentity"), message)


def _application(document: Document, spec: Spec, path: Path_, application: Application) -> Iterator[Problem]:
    packages, default = application.get("packages", {}), application.get("defaultVersion")
    for version, source in packages.items():
        if reason := packing.fault(spec.folder / source):
            yield document.problem((*path, "packages", version), reason)
    if default is not None and default not in packages:
        close = nearest(default, packages)
        message = f"is {default!r}, but there is no such package{close}; add it to packages, or name another version"
        yield document.problem((*path, "defaultVersion"), message)


def _brought(
    document: Document, spec: Spec, path: Path_, packages: Sequence[tuple[str, str | None]], pool: Pool | None
) -> Iterator[Problem]:
    """If the spec has an application, it must also have the packages of it that a pool, or a task on a pool, names.

    `packages` are pairs of application and version; applications of others are not checked.
    """
    known = {name.lower(): name for name in spec.applications}
    brings = False
    for index, (application_id, version) in enumerate(packages):
        name = known.get(application_id.lower())
        if name is None or spec.applications[name]["existing"]:
            continue
        brings, application = True, spec.applications[name]
        if version is None and "defaultVersion" not in application:
            message = f"names no version, and applications.{name} has no defaultVersion; add one of them"
            yield document.problem((*path, index), message)
        elif version is not None and version not in application.get("packages", {}):
            versions = ", ".join(application.get("packages", {}))
            message = (
                f"is {version!r}, but applications.{name} has {versions}; name one of these, or add a package there"
            )
            yield document.problem((*path, index, "version"), message)
    identity = spec.batch_account.get("autoStorageIdentity") if spec.batch_account else None
    if brings and pool is not None and identity is not None and identity not in pool["identity"]:
        message = f"its nodes fetch packages as {identity}, the autoStorageIdentity; add that to the pool's identity"
        if auto_pools.marked(pool):
            message = f"nodes fetch packages as {identity}, the autoStorageIdentity, and those of a pool that is made"
            message += " for a job act as nobody; take autoPool out of the pool"
        yield document.problem(path, message, at_key=True)


def files(spec: Spec) -> Iterator[str]:
    """The source of each package."""
    for application in spec.applications.values():
        yield from application.get("packages", {}).values()


SECTION = Section(key="applications", check=check, files=files)
