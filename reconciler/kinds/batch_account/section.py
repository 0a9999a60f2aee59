"""The section `batchAccount` of a spec: checks that Batch reaches its auto-storage, and we its pools and jobs."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.errors import Problem
from reconciler.kinds.batch_account import quota_checks
from reconciler.spec import vault_keys
from reconciler.spec.document import Document
from reconciler.spec.family import Section
from reconciler.spec.schema import Path_
from reconciler.spec.spec import Spec


def check(document: Document, spec: Spec) -> Iterator[Problem]:
    yield from _signing_in(document, spec)
    yield from quota_checks.check(document, spec)
    yield from _encryption(document, spec)
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


def _signing_in(document: Document, spec: Spec) -> Iterator[Problem]:
    """After an apply that took Entra ID away, no plan could read what is in the account."""
    account = spec.batch_account
    if account and "AAD" not in account["allowedAuthenticationModes"] and (spec.pools or spec.jobs):
        message = "lacks AAD: Entra ID is the only way in which reconcile signs in to read pools and jobs; add AAD"
        yield document.problem(("batchAccount", "allowedAuthenticationModes"), message)


def _encryption(document: Document, spec: Spec) -> Iterator[Problem]:
    """Azure is not told which of several identities of an account it uses the key as, so there is one."""
    account = spec.batch_account
    if account is None or "encryption" not in account:
        return
    path = ("batchAccount", "encryption")
    yield from vault_keys.problems(document, spec, path, account["encryption"])
    other = account.get("autoStorageIdentity", account["encryption"]["identity"])
    if other != account["encryption"]["identity"]:
        message = f"is another one than autoStorageIdentity ({other}), and the account can have one only; name it twice"
        yield document.problem((*path, "identity"), message)


def advice(spec: Spec) -> Iterator[tuple[Path_, str]]:
    """Source: github.com/Azure/Batch/issues/140; tasks of API 2025-06-01 have no authenticationTokenSettings."""
    if spec.batch_account and "TaskAuthenticationToken" in spec.batch_account["allowedAuthenticationModes"]:
        why = "TaskAuthenticationToken is retired, and no task can ask for such a token since API 2025-06-01"
        where = ("batchAccount", "allowedAuthenticationModes")
        yield where, f"{why}; leave it out, tasks use the identities of their pool"
    if spec.batch_account and spec.batch_account["publicNetworkAccess"] == "Disabled" and (spec.pools or spec.jobs):
        why = "from outside its network reconcile can then read and change neither jobs nor the nodes of pools"
        yield ("batchAccount", "publicNetworkAccess"), f"{why}; run it on a machine inside"


SECTION = Section(key="batchAccount", check=check, advice=advice)
