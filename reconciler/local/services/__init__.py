"""The services of the local Azure, a file each; ARM's here, the Batch data plane's in `batch_*`."""

from reconciler.local.http import Route
from reconciler.local.services import (
    batch_account,
    batch_jobs,
    batch_pools,
    batch_tasks,
    container,
    identity,
    pool,
    resource_group,
    role_assignment,
    storage_account,
)

SERVICES = (resource_group, storage_account, container, identity, role_assignment, batch_account, pool)
"""In this order a path is looked up: the scope of a role assignment may be any other resource."""


def batch_routes() -> tuple[Route, ...]:
    return (*batch_pools.ROUTES, *batch_jobs.ROUTES, *batch_tasks.ROUTES)
