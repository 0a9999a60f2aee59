"""Whether the name of a resource that is to be made can be had, and what to do where a deleted one keeps it."""

from __future__ import annotations

import time

from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import tolerated
from reconciler.kind import ArmType

LOOKS = 3
"""How often a resource is looked for whose name is taken: the first reads after a write may not show it yet."""


def fault(cloud: Cloud, kind: ArmType, name: str, location: str) -> str:
    """Why the name cannot be had; empty if it can.

    A name is taken by ourselves too while the resource is being made, by an apply that was cut off or that runs beside
    this one. Azure shows it meanwhile, though lists may lag; so it is looked at by its id, more than once.
    """
    path = f"/subscriptions/{cloud.target.subscription}/providers/{kind.named_at.format(location=location)}"
    answer = cloud.told(f"{path}/checkNameAvailability", {"name": name, "type": kind.name})
    if answer.get("nameAvailable"):
        return ""
    if answer.get("reason") == "AlreadyExists" and _in_our_group(cloud, kind, name):
        return ""
    if deleted := _deleted(cloud, kind, name, location):
        return deleted
    return str(answer.get("message") or f"the name {name} is taken")


def _deleted(cloud: Cloud, kind: ArmType, name: str, location: str) -> str:
    """That one of the name was deleted and keeps it, with what to do; empty if there is none, or we may not look."""
    if not kind.deleted_at:
        return ""
    path = f"/subscriptions/{cloud.target.subscription}/providers/{kind.deleted_at.format(location=location)}/{name}"
    with tolerated(403):
        raw = arm.get(cloud, path, kind.api_version)
        properties = (raw or {}).get("properties") or {}
        if raw is None:
            return ""
        back = f"bring it back: {kind.recovers.format(name=name)}"
        kept = f"one of this name was deleted, and keeps the name until {properties.get('scheduledPurgeDate', '')[:10]}"
        fixed = properties.get("purgeProtectionEnabled")
        return f"{kept}; {back}" if fixed else f"{kept}; {back}, or end it: {kind.purges.format(name=name)}"
    return ""


def _in_our_group(cloud: Cloud, kind: ArmType, name: str) -> bool:
    """Whether the spec's group has the resource by now, ready or not."""
    resource_id = f"{cloud.group_id}/providers/{kind.name}/{name}"
    for look in range(LOOKS):
        if arm.get(cloud, resource_id, kind.api_version) is not None:
            return True
        if look < LOOKS - 1:
            time.sleep(cloud.endpoints.poll_seconds / 2)
    return False
