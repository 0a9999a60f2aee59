"""The services of the local Azure, a file each; ARM's here, the Batch data plane's in `batch_*`."""

from reconciler.local.http import Route
from reconciler.local.services import (
    applications,
    batch_account,
    batch_applications,
    batch_jobs,
    batch_nodes,
    batch_pools,
    batch_schedules,
    batch_tasks,
    compute_catalogue,
    container,
    disk,
    gallery,
    identity,
    image_definition,
    image_version,
    network,
    pool,
    registry,
    registry_runs,
    resource_group,
    role_assignment,
    storage_account,
    virtual_machine_extension,
    virtual_machine_power,
    virtual_machine_run_command,
)

SERVICES = (
    resource_group,
    storage_account,
    container,
    identity,
    role_assignment,
    network,
    compute_catalogue,
    disk,
    virtual_machine_power,
    virtual_machine_run_command,
    virtual_machine_extension,
    gallery,
    image_definition,
    image_version,
    registry,
    registry_runs,
    batch_account,
    pool,
    applications,
)
"""In this order a path is looked up: the scope of a role assignment may be any other resource."""


def batch_routes() -> tuple[Route, ...]:
    services = (batch_pools, batch_nodes, batch_applications, batch_jobs, batch_tasks, batch_schedules)
    return tuple(route for service in services for route in service.ROUTES)
