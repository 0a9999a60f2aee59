"""Every resource kind, each after those that it refers to."""

from __future__ import annotations

from reconciler.kinds import (
    batch_account,
    container,
    conversion,
    identity,
    job,
    pool,
    resource_group,
    role_assignment,
    storage_account,
)
from reconciler.kinds.kind import Kinds

KINDS: Kinds = {
    kind.name: kind
    for kind in (
        resource_group.KIND,
        storage_account.KIND,
        container.KIND,
        identity.KIND,
        role_assignment.KIND,
        batch_account.KIND,
        pool.KIND,
        job.KIND,
        conversion.KIND,
    )
}
