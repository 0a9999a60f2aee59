"""Readers of a pool's properties, desired or observed: its machine, image, nodes and formula."""

from __future__ import annotations

from reconciler.model import Body


def machine(properties: Body) -> Body:
    """Its virtualMachineConfiguration; empty where it has none."""
    configuration: Body = (properties.get("deploymentConfiguration") or {}).get("virtualMachineConfiguration") or {}
    return configuration


def image(properties: Body) -> str:
    """What its nodes boot, in lower case: publisher:offer:sku, or the id of a gallery image."""
    reference = machine(properties).get("imageReference") or {}
    named = reference.get("id") or ":".join(str(reference.get(key, "")) for key in ("publisher", "offer", "sku"))
    return str(named).lower()


def targets(properties: Body) -> tuple[int, int] | None:
    """The dedicated and Spot nodes that it is to have; None where a formula says how many."""
    fixed = (properties.get("scaleSettings") or {}).get("fixedScale")
    if not fixed:
        return None
    return fixed.get("targetDedicatedNodes") or 0, fixed.get("targetLowPriorityNodes") or 0


def formula(properties: Body) -> str:
    """The autoscale formula that says how many nodes it has; empty where their number is fixed."""
    return str(((properties.get("scaleSettings") or {}).get("autoScale") or {}).get("formula", ""))


def running(properties: Body) -> tuple[int | None, int | None]:
    """The dedicated and Spot nodes that it has now; None where the properties do not tell."""
    return properties.get("currentDedicatedNodes"), properties.get("currentLowPriorityNodes")
