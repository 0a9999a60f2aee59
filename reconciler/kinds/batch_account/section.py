"""The section `batchAccount` of a spec: checks that Batch can reach its auto-storage."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.errors import Problem
from reconciler.spec.document import Document
from reconciler.spec.family import Section
from reconciler.spec.spec import Spec


def check(document: Document, spec: Spec) -> Iterator[Problem]:
    account = spec.batch_account
    if account is None or "autoStorageIdentity" in account:
        if account is not None and "autoStorage" not in account:
            yield document.problem(("batchAccount", "autoStorageIdentity"), "has no meaning without autoStorage")
        return
    storage = spec.storage.get(account.get("autoStorage", "").removeprefix("storage/"))
    if storage is not None and not storage["allowSharedKeyAccess"]:
        message = (
            "is closed to shared keys, so Batch needs an identity for it; set autoStorageIdentity: identities/NAME"
        )
        yield document.problem(("batchAccount", "autoStorage"), message)


SECTION = Section(key="batchAccount", check=check)
