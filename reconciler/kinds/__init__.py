"""Every resource kind, each after those that it refers to."""

from __future__ import annotations

from reconciler.kinds import (
    application,
    application_package,
    batch_account,
    container,
    container_image,
    conversion,
    gallery,
    identity,
    image_definition,
    image_version,
    job,
    pool,
    registry,
    resource_group,
    role_assignment,
    storage_account,
    verification,
)
from reconciler.kinds.kind import Kinds

KINDS: Kinds = {
    kind.name: kind
    for kind in (
        resource_group.KIND,
        storage_account.KIND,
        container.KIND,
        identity.KIND,
        registry.KIND,
        role_assignment.KIND,
        container_image.KIND,
        gallery.KIND,
        image_definition.KIND,
        image_version.KIND,
        batch_account.KIND,
        application_package.KIND,
        application.KIND,
        pool.KIND,
        verification.KIND,
        job.KIND,
        conversion.KIND,
    )
}
