"""Every resource kind, and the sections of a spec of which their schema does not say all.

Kinds are loaded when KINDS is first asked for: to read a spec takes none of what they do to Azure.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler import spec
from reconciler.kinds.application import section as application_section
from reconciler.kinds.batch_account import section as account_section
from reconciler.kinds.conversion import section as conversion_section
from reconciler.kinds.identity import section as identity_section
from reconciler.kinds.image import section as image_section
from reconciler.kinds.pool import section as pool_section
from reconciler.kinds.registry import section as registry_section
from reconciler.kinds.storage import section as storage_section
from reconciler.spec import Sections, Spec

if TYPE_CHECKING:
    from reconciler.kind import Kinds

    KINDS: Kinds

SECTIONS: Sections = (
    storage_section.SECTION,
    identity_section.SECTION,
    registry_section.SECTION,
    account_section.SECTION,
    application_section.SECTION,
    pool_section.SECTION,
    image_section.SECTION,
    conversion_section.SECTION,
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


def _kinds() -> Kinds:
    """By name, each after those that it refers to."""
    from reconciler.kinds import job, resource_group
    from reconciler.kinds.application import application, application_package
    from reconciler.kinds.batch_account import batch_account
    from reconciler.kinds.conversion import conversion
    from reconciler.kinds.identity import identity, role_assignment
    from reconciler.kinds.image import gallery, image_definition, image_version
    from reconciler.kinds.pool import pool
    from reconciler.kinds.registry import container_image, registry
    from reconciler.kinds.storage import container, storage_account
    from reconciler.kinds.verification import verification

    every = (
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
    return {kind.name: kind for kind in every}


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name != "KINDS":
            raise AttributeError(name)
        globals()["KINDS"] = _kinds()
        return globals()["KINDS"]
