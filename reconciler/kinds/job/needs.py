"""What a job or a job schedule needs of quotas: it counts as active, and may have a pool of its own, which policies ask
about, too. Pure."""

from __future__ import annotations

from reconciler.azure import images
from reconciler.kind import permissions
from reconciler.kind.needs import HasNodes, Needs, Nodes, wants
from reconciler.kind.permissions import Permissions
from reconciler.kind.traits import Traits
from reconciler.kinds.job import auto_pool
from reconciler.kinds.job.pool_info import AUTO
from reconciler.kinds.job.schedule import SPECIFICATION
from reconciler.model import Action, Body, Desired, Observed


def wanted(desired: Desired) -> Nodes | None:
    """The nodes of a pool that is made for it."""
    pool = own(desired.body)
    return _nodes(pool) if pool else None


def held(observed: Observed) -> Nodes | None:
    """The nodes that go when it goes: those of a live pool, as which they are listed."""
    pool = own(observed.body)
    return _nodes(pool) if pool and active(observed) else None


def active(observed: Observed) -> bool:
    return observed.body.get("state") == "active"


def own(body: Body) -> Body | None:
    """The pool that is made for a job or a schedule, if one is."""
    automatic: Body | None = body.get(SPECIFICATION, body)["poolInfo"].get(AUTO)
    return automatic["pool"] if automatic else None


def _nodes(pool: Body) -> Nodes:
    machine, network = pool[auto_pool.MACHINE], pool["networkConfiguration"]
    return Nodes(
        size=pool["vmSize"],
        dedicated=pool.get("targetDedicatedNodes") or 0,
        spot=pool.get("targetLowPriorityNodes") or 0,
        slots=pool["taskSlotsPerNode"],
        image=_image(machine[auto_pool.IMAGE]),
        agent=machine.get("nodeAgentSKUId") or "",
        subnet=(network["subnetId"] or "").lower(),
        disks=len(machine["dataDisks"] or ()),
        containers=bool(machine["containerConfiguration"]),
        wants=wants(network, machine, between=pool["enableInterNodeCommunication"]),
    )


def _image(reference: Body) -> str:
    """publisher:offer:sku, or the id of a version; empty where Batch chooses the version."""
    if gallery_image := reference.get(auto_pool.GALLERY_IMAGE):
        return str(gallery_image) if "/versions/" in gallery_image else ""
    return ":".join(reference[key] for key in images.KEYS[:3])


def public(desired: Desired) -> str:
    """That of the nodes of a pool that is made for it."""
    pool = own(desired.body)
    network = pool["networkConfiguration"]["publicIPAddressConfiguration"] if pool else {}
    if pool is None or network["provision"] == "nopublicipaddresses":
        return ""
    where = "networkConfiguration: {publicIPAddressConfiguration: {provision: NoPublicIPAddresses}}"
    return f"gives the nodes of its pool public addresses; write {where} there"


def endless(desired: Desired) -> str:
    """How it may go on forever."""
    job = desired.body.get(SPECIFICATION, desired.body)
    return "" if job["constraints"]["maxWallClockTime"] else "may go on forever; write maxWallClockTime: PT8H"


def permitted(desired: Desired) -> Permissions:
    """Whoever makes something that brings a pool of its own must be allowed to make pools."""
    pool = own(desired.body)
    if pool is None:
        return Permissions()
    joins = (permissions.JOIN,) if (pool["networkConfiguration"] or {}).get("subnetId") else ()
    return Permissions(
        checks=(permissions.SIZES,), reads=(permissions.ACCOUNT,), writes=(f"{permissions.POOLS}/write", *joins)
    )


NEEDS = Needs(
    nodes=HasNodes(wanted, lambda job: None, lambda action: action in (Action.CREATE, Action.REPLACE), held),
    active=active,
)
TRAITS = Traits(public=public, endless=endless)
