"""Where what tasks print is kept, as the pool of their job says: for all kinds whose work are tasks. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.azure import roles
from reconciler.model import Address
from reconciler.spec import role_targets
from reconciler.spec.identities import identity_id
from reconciler.spec.sections import Job
from reconciler.spec.spec import Spec


def of_job(spec: Spec, job: Job) -> dict[str, str]:
    """`{to, identity}`: a container of the spec, and the ARM id of who writes there; empty if they are not kept."""
    pool = spec.pools[job["pool"].split("/")[1]]
    if "logs" not in pool:
        return {}
    return {"to": pool["logs"]["to"], "identity": identity_id(pool["identity"][0], spec.azure)}


def refs(spec: Spec, job: Job) -> Iterator[Address]:
    """What must be there before the tasks of a job can bring what they print."""
    if kept := of_job(spec, job):
        yield from reaching(spec, kept["to"], kept["identity"])


def reaching(spec: Spec, place: str, identity: str) -> Iterator[Address]:
    """A container, `storage/ACCOUNT/CONTAINER`, and the roles with which an identity, or its ARM id, writes there."""
    _, account, container = place.split("/")
    yield Address("container", f"{account}/{container}")
    target = {Address("storage_account", account)}
    yield from role_targets.reaching(spec, identity.rpartition("/")[2], target, roles.BLOB_WRITERS)
