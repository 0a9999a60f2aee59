"""The services of the local Azure, a file each; ARM's here, the Batch data plane's in `batch_*`."""

from azure_local.authorization import role_assignment
from azure_local.batch.arm import applications, batch_account, pool
from azure_local.batch.data import applications as batch_applications
from azure_local.batch.data import jobs, nodes, pools, schedules, tasks
from azure_local.compute import (
    catalogue,
    disk,
    gallery,
    image_definition,
    image_version,
    virtual_machine_extension,
    virtual_machine_power,
    virtual_machine_run_command,
)
from azure_local.http import Route
from azure_local.identity import identity
from azure_local.network import network
from azure_local.registry import registry, runs
from azure_local.resources import resource_group
from azure_local.storage import container, storage_account

SERVICES = (
    resource_group,
    storage_account,
    container,
    identity,
    role_assignment,
    network,
    catalogue,
    disk,
    virtual_machine_power,
    virtual_machine_run_command,
    virtual_machine_extension,
    gallery,
    image_definition,
    image_version,
    registry,
    runs,
    batch_account,
    pool,
    applications,
)
"""In this order a path is looked up: the scope of a role assignment may be any other resource."""


def batch_routes() -> tuple[Route, ...]:
    services = (pools, nodes, batch_applications, jobs, tasks, schedules)
    return tuple(route for service in services for route in service.ROUTES)
