"""Checks of the certificates of a pool: who fetches them, and where on its nodes they may go."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.azure import roles
from reconciler.errors import Problem
from reconciler.kinds.pool import certificates
from reconciler.spec import vault_secrets
from reconciler.spec.document import Document
from reconciler.spec.pools import Pool
from reconciler.spec.schema import Path_
from reconciler.spec.spec import Spec


def check(document: Document, spec: Spec, path: Path_, pool: Pool) -> Iterator[Problem]:
    """`path` is that of the pool; the identities of one that is made for a job do not count: it gets none."""
    listed, where = pool.get("certificates", ()), (*path, "certificates")
    if not listed:
        return
    who = "" if "autoPool" in pool else certificates.reader(spec, pool)
    if not who:
        message = "are fetched as an identity of the pool, which has none; set identity: to one with the role"
        yield document.problem(where, f"{message} {roles.SECRET_READERS[0]}", at_key=True)
        return
    for scope in vault_secrets.unread(spec, who, certificates.settings(pool)):
        index = next(at for at, one in enumerate(listed) if one["secret"].startswith(f"{scope}/"))
        give = f"give it roles: [{{role: {roles.SECRET_READERS[0]}, scope: {scope}}}]"
        yield document.problem((*where, index), f"{who} cannot read secrets there; {give}")
    for index, one in enumerate(listed):
        if one in listed[:index]:
            yield document.problem((*where, index), "is given twice")
        yield from _store(document, (*where, index), one["store"], certificates.windows(pool))
    yield from _beside(document, path, pool)


def _store(document: Document, path: Path_, store: str, windows: bool) -> Iterator[Problem]:  # noqa: FBT001
    if windows and "/" in store:
        message = "is a folder, and Windows keeps certificates in stores; write the name of one, such as My"
        yield document.problem((*path, "store"), message)
    if not windows and not store.startswith("/"):
        message = "is no folder; write a path from the root on, such as /var/lib/certificates"
        yield document.problem((*path, "store"), message)


def _beside(document: Document, path: Path_, pool: Pool) -> Iterator[Problem]:
    """A machine has one extension of a type. Source: Azure's error "Multiple VMExtensions per handler"."""
    kind = certificates.system(pool)
    for index, extension in enumerate(pool.get("extensions", ())):
        if extension["type"].lower() == kind.lower() or extension["name"] == certificates.NAME:
            message = f"is what certificates: makes, and a machine has one {kind}; say all of them in one place"
            yield document.problem((*path, "extensions", index), message)
