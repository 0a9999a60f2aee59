"""Pools that are made for a job rather than for themselves: which they are, and what their nodes cannot do."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.spec.pools import Pool
from reconciler.spec.spec import Spec


def marked(pool: Pool) -> bool:
    """Whether Batch makes a pool for each job that names it."""
    return "autoPool" in pool


def users(spec: Spec, name: str) -> Iterator[str]:
    """The jobs that name a pool."""
    return (job for job, entry in spec.jobs.items() if entry["pool"] == f"pools/{name}")


def nobody(name: str) -> str:
    """Why something needs another pool than `name`, pools/NAME: nodes act as nobody, and files come and go as somebody.

    Source: BatchPoolSpecification of azure-batch 15.1, which has no identity.
    """
    return f"needs nodes with an identity, and a pool that is made for a job has none; take autoPool out of {name}"
