"""Checks of whom tasks act as: the identity that their files come and go as, and the user of their processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.azure import roles
from reconciler.errors import Problem
from reconciler.kinds.tasks import auto_pool_checks
from reconciler.spec import auto_pools, role_targets, vault_secrets
from reconciler.spec.document import Document
from reconciler.spec.pools import Pool
from reconciler.spec.references import nearest
from reconciler.spec.schema import Path_
from reconciler.spec.sections import Job
from reconciler.spec.spec import Spec
from reconciler.spec.tasks import Task, chunked, identity, local_files

SOURCES = ("httpUrl", "storageContainerUrl", "autoStorageContainerName")


def problems(document: Document, spec: Spec, path: Path_, entry: Task, job: Job, pool: Pool) -> Iterator[Problem]:
    """What is wrong with an entry whose tasks run on `pool`."""
    yield from _user(document, path, entry, job["pool"], pool)
    for index, file in enumerate(entry.get("resourceFiles", ())):
        yield from _file(document, (*path, "resourceFiles", index), file, job["pool"], pool)
    if auto_pools.marked(pool):
        yield from auto_pool_checks.problems(document, path, entry, job["pool"])
    elif "identity" in entry and entry["identity"] not in pool["identity"]:
        yield document.problem((*path, "identity"), _stranger(job["pool"], pool))
    else:
        yield from _roles(document, spec, path, entry, job, pool)
    held = () if auto_pools.marked(pool) else pool["identity"]
    settings, here = entry["environmentSettings"], (*path, "environmentSettings")
    yield from vault_secrets.problems(document, spec, here, settings, identity(entry, held), job["pool"])


def _stranger(name: str, pool: Pool) -> str:
    there = f"which has {', '.join(pool['identity'])}" if pool["identity"] else "which has none"
    return f"is no identity of {name}, {there}; add it to identity: there"


def _roles(document: Document, spec: Spec, path: Path_, entry: Task, job: Job, pool: Pool) -> Iterator[Problem]:
    """Files come and go as one identity, which must be able to read blobs, or to write them."""
    written = [output["to"] for output in entry["outputs"]]
    read = [*(taken["from"] for taken in entry["inputs"]), *([entry["forEach"]] if "forEach" in entry else [])]
    read += [job["staging"]] if (local_files(entry) or chunked(entry)) and "staging" in job else []
    who = identity(entry, pool["identity"])
    if (written or read) and not who:
        message = f"its files come and go as an identity of {job['pool']}; set identity: there to one with the role"
        yield document.problem(path, f"{message} {roles.BLOB_WRITERS[0]}", at_key=True)
        return
    verbs = {_account(place): "read" for place in read} | {_account(place): "write" for place in written}
    for account, verb in sorted(verbs.items()):
        any_of = roles.BLOB_WRITERS if verb == "write" else roles.BLOB_READERS
        if not role_targets.holds(spec, who, account, any_of):
            message = f"{who} cannot {verb} there; give it roles: [{{role: {any_of[0]}, scope: {account}}}]"
            yield document.problem(path, message, at_key=True)


def _account(place: str) -> str:
    """`storage/ACCOUNT` of a container."""
    return "/".join(place.split("/")[:2])


def _user(document: Document, path: Path_, entry: Task, name: str, pool: Pool) -> Iterator[Problem]:
    """The user is one of the pool's, or one that Batch makes. Source: Batch service, UserIdentity."""
    user = entry.get("userIdentity", {})
    here = (*path, "userIdentity")
    if user and entry["elevationLevel"] == "Admin":
        message = "stands beside elevationLevel: Admin; say it in one place: userIdentity: {autoUser: {...}}"
        yield document.problem(here, message, at_key=True)
    if "username" in user and "autoUser" in user:
        yield document.problem(here, "has a username and an autoUser; take one of them out", at_key=True)
    known = [account["name"] for account in pool.get("userAccounts", ())]
    if "username" in user and user["username"] not in known:
        there = f"there are {', '.join(known)}" if known else "write them there under userAccounts:"
        message = f"{name} has no user account {user['username']}{nearest(user['username'], known)}; {there}"
        yield document.problem((*here, "username"), message)


def _file(document: Document, here: Path_, file: Mapping[str, Any], name: str, pool: Pool) -> Iterator[Problem]:
    """A file has one source. Source: Batch service, ResourceFile."""
    sources = [source for source in SOURCES if source in file]
    if len(sources) != 1:
        told = f"has {' and '.join(sources)}; take all but one out" if sources else f"needs one of {', '.join(SOURCES)}"
        yield document.problem(here, told)
    elif sources == ["httpUrl"] and "filePath" not in file:
        yield document.problem(here, "needs filePath, the name that the file gets in the working directory")
    elif sources == ["httpUrl"] and "blobPrefix" in file:
        yield document.problem((*here, "blobPrefix"), "has no meaning beside httpUrl", at_key=True)
    elif sources == ["autoStorageContainerName"] and "identityReference" in file:
        message = "has no meaning for a container of the account's auto-storage, which Batch itself reads"
        yield document.problem((*here, "identityReference"), message, at_key=True)
    who = file.get("identityReference", {}).get("resourceId", "")
    if who.startswith("identities/") and who not in pool["identity"] and not auto_pools.marked(pool):
        yield document.problem((*here, "identityReference", "resourceId"), _stranger(name, pool))
