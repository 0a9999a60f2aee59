"""Pools on the data plane, as Batch shows them beside their jobs: with resize errors and the last run of a formula."""

from __future__ import annotations

from typing import Any

from reconciler import marks
from reconciler.cloud import pairs
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import missing_is_none


def get(cloud: Cloud, name: str) -> dict[str, Any] | None:
    pool = missing_is_none(lambda: cloud.batch().get_pool(name))
    return pool.as_dict() if pool else None


def current(cloud: Cloud, name: str) -> dict[str, Any] | None:
    """The newest live pool of that name in the spec: a later generation carries the name in its metadata."""
    text = name.replace("'", "''")
    pools = [pool.as_dict() for pool in cloud.batch().list_pools(filter=f"startswith(id,'{text}')")]
    mine = [pool for pool in pools if _name(cloud, pool).lower() == name.lower()]
    staying = [pool for pool in mine if pool["state"] != "deleting"]
    exact = [pool for pool in pools if pool["id"].lower() == name.lower()]
    return max(staying or mine or exact, key=lambda pool: marks.generation(pool["id"]), default=None)


def _name(cloud: Cloud, pool: dict[str, Any]) -> str:
    return marks.spec_name(cloud.owner, pairs.mapped(pool.get("metadata")), marks.POOL, pool["id"])
