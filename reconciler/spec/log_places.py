"""Where what tasks print is kept, as the pool of their job says: for all kinds whose work are tasks. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.azure import roles
from reconciler.model import Address
from reconciler.spec import role_targets
from reconciler.spec.identities import identity_id
from reconciler.spec.sections import Job
from reconciler.spec.spec import Spec


def of_job(spec: Spec, job: Job) -> tuple[str, str] | None:
    """A container of the spec, and the ARM id of who writes there; None if nothing is kept."""
    pool = spec.pools[job["pool"].split("/")[1]]
    if "logs" not in pool:
        return None
    return pool["logs"]["to"], identity_id(pool["identity"][0], spec.azure)


def pool_of(spec: Spec, job: str) -> str:
    """The name of the pool of a job of the spec; empty if the spec has no such job."""
    return spec.jobs[job]["pool"].partition("/")[2] if job in spec.jobs else ""


def refs(spec: Spec, job: Job) -> Iterator[Address]:
    """What must be there before the tasks of a job can bring what they print."""
    if kept := of_job(spec, job):
        yield from reaching(spec, *kept)


def reaching(spec: Spec, place: str, identity: str) -> Iterator[Address]:
    """A container, `storage/ACCOUNT/CONTAINER`, and the roles with which an identity, or its ARM id, writes there."""
    _, account, container = place.split("/")
    yield Address("container", f"{account}/{container}")
    target = {Address("storage_account", account)}
    yield from role_targets.reaching(spec, identity.rpartition("/")[2], target, roles.BLOB_WRITERS)
