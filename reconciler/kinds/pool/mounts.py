"""What a pool mounts of storage accounts: it is there before its nodes look for it, and stays while they use it.

A mount names accounts and containers by their names only, so their ids are computed. An account of another group than
the one that is named here has another id, and is nobody's of this spec.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model import Address, Body
from reconciler.spec.pools import Pool
from reconciler.spec.spec import Spec

ACCOUNTS = "Microsoft.Storage/storageAccounts"


def refs(spec: Spec, pool: Pool) -> Iterator[Address]:
    """The containers of the spec that it mounts, and the accounts of other containers."""
    for account, container in _mounted(pool):
        if account in spec.storage:
            known = container in spec.storage[account]["containers"]
            yield Address("container", f"{account}/{container}") if known else Address("storage_account", account)


def wanted(spec: Spec, pool: Pool) -> Iterator[str]:
    """The ids of the containers that it mounts by the spec."""
    for account, container in _mounted(pool):
        yield _id(spec.id_of(ACCOUNTS, account), container)


def live(pool_id: str, properties: Mapping[str, Any]) -> Iterator[str]:
    """The ids of the containers that a live pool mounts, if their accounts are in its group."""
    group = pool_id[: pool_id.lower().index("/providers/")]
    for account, container in _mounted(properties):
        yield _id(f"{group}/providers/{ACCOUNTS}/{account}", container)


def _id(account: str, container: str) -> str:
    return f"{account}/blobServices/default/containers/{container}"


def _mounted(pool: Pool | Body) -> Iterator[tuple[str, str]]:
    """(account, container) of each mount of blobs."""
    for mount in pool.get("mountConfiguration") or ():
        if blobs := mount.get("azureBlobFileSystemConfiguration"):
            yield blobs["accountName"], blobs["containerName"]
