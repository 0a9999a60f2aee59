"""Which pools run their tasks in containers."""

from __future__ import annotations

from reconciler.spec.pools import Pool
from reconciler.spec.spec import Spec


def only(spec: Spec, pool: Pool) -> bool:
    """Whether Batch runs tasks of the pool in containers only: it says so, or its image preloads some.

    Source: Batch service, containerConfiguration: where a pool has one, every task needs containerSettings.
    """
    image = pool["image"] if isinstance(pool["image"], str) else ""
    built = spec.images.get(image.removeprefix("images/"))
    return "containers" in pool or bool(built and built["preload"])
