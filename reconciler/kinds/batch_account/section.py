"""The section `batchAccount` of a spec: checks that Batch can reach its auto-storage."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.errors import Problem
from reconciler.spec.document import Document
from reconciler.spec.family import Section
from reconciler.spec.schema import Path_
from reconciler.spec.spec import Spec


def check(document: Document, spec: Spec) -> Iterator[Problem]:
    account = spec.batch_account
    if account is None or "autoStorageIdentity" in account:
        if account is not None and "autoStorage" not in account:
            yield document.problem(("batchAccount", "autoStorageIdentity"), "has no meaning without autoStorage")
        return
    storage = spec.storage.get(account.get("autoStorage", "").removeprefix("storage/"))
    if storage is not None and not storage["existing"] and not storage["allowSharedKeyAccess"]:
        message = (
            "is closed to shared keys, so Batch needs an identity for it; set autoStorageIdentity: identities/NAME"
        )
        yield document.problem(("batchAccount", "autoStorage"), message)


def advice(spec: Spec) -> Iterator[tuple[Path_, str]]:
    """Source: github.com/Azure/Batch/issues/140; tasks of API 2025-06-01 have no authenticationTokenSettings."""
    if spec.batch_account and "TaskAuthenticationToken" in spec.batch_account["allowedAuthenticationModes"]:
        why = "TaskAuthenticationToken is retired, and no task can ask for such a token since API 2025-06-01"
        where = ("batchAccount", "allowedAuthenticationModes")
        yield where, f"{why}; leave it out, tasks use the identities of their pool"


SECTION = Section(key="batchAccount", check=check, advice=advice)
