"""Every resource kind, each after those that it refers to."""

from __future__ import annotations

from reconciler.kind import Kinds
from reconciler.kinds import batch_account, job, resource_group
from reconciler.kinds.application import application, application_package
from reconciler.kinds.conversion import conversion
from reconciler.kinds.identity import identity, role_assignment
from reconciler.kinds.image import gallery, image_definition, image_version
from reconciler.kinds.pool import pool
from reconciler.kinds.registry import container_image, registry
from reconciler.kinds.storage import container, storage_account
from reconciler.kinds.verification import verification

KINDS: Kinds = {
    kind.name: kind
    for kind in (
        resource_group.KIND,
        storage_account.KIND,
        container.KIND,
        identity.KIND,
        registry.KIND,
        batch_account.KIND,
        role_assignment.KIND,
        container_image.KIND,
        gallery.KIND,
        image_definition.KIND,
        image_version.KIND,
        application_package.KIND,
        application.KIND,
        pool.KIND,
        verification.KIND,
        job.KIND,
        conversion.KIND,
    )
}

GROUP, ACCOUNT = resource_group.KIND, batch_account.KIND
"""The two that hold others: the group all that a spec makes, the account its pools and jobs."""
