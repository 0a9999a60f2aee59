"""Every resource kind, and every section of a spec that needs more than its schema.

Kinds are imported when KINDS is first read: reading a spec needs none of the code that talks to Azure.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler import spec
from reconciler.kinds.application import section as application_section
from reconciler.kinds.batch_account import section as account_section
from reconciler.kinds.budget import section as budget_section
from reconciler.kinds.conversion import section as conversion_section
from reconciler.kinds.identity import section as identity_section
from reconciler.kinds.image import section as image_section
from reconciler.kinds.job import section as job_section
from reconciler.kinds.key_vault import section as key_vault_section
from reconciler.kinds.monitoring import section as monitoring_section
from reconciler.kinds.network import section as network_section
from reconciler.kinds.pool import section as pool_section
from reconciler.kinds.registry import section as registry_section
from reconciler.kinds.storage import section as storage_section
from reconciler.kinds.tasks import section as tasks_section
from reconciler.policy import section as policy_section
from reconciler.spec import Sections, Spec

if TYPE_CHECKING:
    from reconciler.kind import Kind, Kinds

    KINDS: Kinds
    GROUP: Kind
    ACCOUNT: Kind

MODULES = (
    "resource_group",
    "identity.identity",
    "identity.federated_identity_credential",
    "key_vault.key_vault",
    "key_vault.vault_secret",
    "key_vault.vault_key",
    "storage.storage_account",
    "storage.container",
    "registry.registry",
    "monitoring.log_analytics_workspace",
    "batch_account.batch_account",
    "batch_account.batch_quota",
    "monitoring.action_group",
    "budget.budget",
    "monitoring.diagnostic_setting",
    "monitoring.metric_alert",
    "monitoring.scheduled_query_rule",
    "monitoring.activity_log_alert",
    "monitoring.workbook",
    "network.virtual_network",
    "network.network_security_group",
    "network.public_ip_address",
    "network.nat_gateway",
    "network.subnet",
    "network.private_dns_zone",
    "network.virtual_network_link",
    "network.private_endpoint",
    "network.private_dns_zone_group",
    "identity.role_assignment",
    "registry.container_image",
    "image.gallery",
    "image.image_definition",
    "image.image_version",
    "application.application_package",
    "application.application",
    "pool.pool",
    "pool.verification",
    "job.job",
    "job.job_schedule",
    "tasks.tasks",
    "conversion.conversion",
)
"""The module of each kind, after those of the kinds that it refers to; its `KIND` is the kind."""
NAMES = tuple(module.rpartition(".")[2] for module in MODULES)
"""The names of the kinds, in the same order."""
HOLDERS = {"GROUP": "resource_group", "ACCOUNT": "batch_account"}
"""The two kinds that contain others: the group holds everything in a spec, the account its pools and jobs."""

SECTIONS: Sections = (
    storage_section.SECTION,
    identity_section.SECTION,
    registry_section.SECTION,
    key_vault_section.SECTION,
    account_section.SECTION,
    monitoring_section.SECTION,
    network_section.SECTION,
    application_section.SECTION,
    pool_section.SECTION,
    image_section.SECTION,
    job_section.SECTION,
    tasks_section.SECTION,
    conversion_section.SECTION,
    budget_section.SECTION,
    policy_section.section(NAMES),
)


def load(
    path: Path,
    environ: Mapping[str, str],
    cloud: str | None = None,
    today: date | None = None,
    *,
    trying: bool = True,
) -> Spec:
    """The spec in `path`, read and checked with every family's sections; see `reconciler.spec.load`."""
    return spec.load(path, environ, SECTIONS, cloud, today, trying=trying)


def __getattr__(name: str) -> Any:
    """KINDS, by name in the order of MODULES, and the two HOLDERS of them."""
    if name == "KINDS":
        kinds = (import_module(f"{__name__}.{module}").KIND for module in MODULES)
        value: Any = {kind.name: kind for kind in kinds}
    elif name in HOLDERS:
        value = __getattr__("KINDS")[HOLDERS[name]]
    else:
        raise AttributeError(name)
    return globals().setdefault(name, value)
