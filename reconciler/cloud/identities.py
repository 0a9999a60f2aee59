"""Managed identities that a spec names, as they are now."""

from __future__ import annotations

from typing import Any

from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.errors import AzureError
from reconciler.spec.identities import IDENTITIES


def read(cloud: Cloud, name: str) -> dict[str, Any]:
    """The identity that tasks are to act as. AzureError if there is none."""
    raw = arm.get(cloud, cloud.id_of(IDENTITIES, name))
    if raw is None:
        raise AzureError(404, "PrincipalNotFound", f"the identity {name} does not exist")
    return raw
