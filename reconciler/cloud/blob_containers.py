"""Blob containers that a spec names as ACCOUNT/CONTAINER, looked at on the ARM plane."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud


def exist(cloud: Cloud, places: Iterable[str]) -> bool:
    """Whether all of these containers are there.

    While lists are shared, those of their accounts say it, which others need too; else each is asked for by itself,
    because a list may lag behind what was made just now.
    """
    for place in places:
        name, container = place.split("/")
        account = cloud.id_of("Microsoft.Storage/storageAccounts", name)
        collection = f"{account}/blobServices/default/containers"
        if cloud.shared.lasts:
            there = any(raw["name"] == container for raw in arm.listing(cloud, collection))
        else:
            there = arm.get(cloud, f"{collection}/{container}") is not None
        if not there:
            return False
    return True
