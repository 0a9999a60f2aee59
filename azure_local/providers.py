"""The services of the local Azure, one module per line. A module has a `SERVICE`, or several in `SERVICES`."""

from __future__ import annotations

from importlib import import_module

from azure_local.azure import Service

MODULES = (
    "operations",
    "registry.endpoints",
    "identity.entra",
    "prices.retail_prices",
    "resources.resource_group",
    "storage.storage_account",
    "storage.container",
    "identity.identity",
    "identity.federated",
    "identity.federation",
    "operational_insights.workspace",
    "key_vault.vault",
    "key_vault.secrets",
    "authorization.role_assignment",
    "authorization.role_definition",
    "network.quotas",
    "network.virtual_network",
    "network.security_group",
    "network.public_address",
    "network.nat_gateway",
    "network.interface",
    "network.private_link",
    "network.private_endpoint",
    "network.dns_zone_group",
    "reach.places",
    "private_dns.zone",
    "private_dns.link",
    "private_dns.record_set",
    "compute.catalogue",
    "compute.shortages",
    "compute.disk",
    "compute.virtual_machine_power",
    "compute.virtual_machine_run_command",
    "compute.virtual_machine_extension",
    "compute.gallery",
    "compute.image_definition",
    "compute.image_version",
    "registry.registry",
    "registry.runs",
    "batch.arm.batch_account",
    "batch.arm.pool",
    "batch.arm.applications",
    "batch.data.pools",
    "batch.data.nodes",
    "batch.data.applications",
    "batch.data.jobs",
    "batch.data.tasks",
    "batch.data.schedules",
    "nodes.batch",
)
"""Routes are tried in this order, which matters: the scope of a role assignment may be any other resource."""


def services() -> tuple[Service, ...]:
    modules = [import_module(f"azure_local.{name}") for name in MODULES]
    return tuple(service for module in modules for service in getattr(module, "SERVICES", ()) or (module.SERVICE,))
