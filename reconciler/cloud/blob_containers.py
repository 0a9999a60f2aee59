"""Blob containers that a spec names as ACCOUNT/CONTAINER, looked at on the ARM plane."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud


def exist(cloud: Cloud, places: Iterable[str]) -> bool:
    """Whether all of these containers are there."""
    for place in places:
        name, container = place.split("/")
        account = cloud.id_of("Microsoft.Storage/storageAccounts", name)
        if arm.get(cloud, f"{account}/blobServices/default/containers/{container}") is None:
            return False
    return True
