"""The pools that mount containers and file shares: their nodes read and write what is in them."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.kind.going import Neighbours, User, user


def all_of(neighbours: Neighbours) -> Iterator[tuple[str, str, User]]:
    """(storage account, container or share, pool) of every mount of every pool of the subscription."""
    for pool in neighbours.pools:
        for mount in pool["properties"].get("mountConfiguration") or ():
            if blobs := mount.get("azureBlobFileSystemConfiguration"):
                yield blobs["accountName"], blobs["containerName"], user(pool)
            if share := mount.get("azureFileShareConfiguration"):
                yield share["accountName"], share["azureFileUrl"].rsplit("/", 1)[-1], user(pool)
