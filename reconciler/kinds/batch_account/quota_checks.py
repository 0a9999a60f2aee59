"""Whether the quotas that a spec counts on suffice for its own pools and jobs, as far as names tell it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.azure import sizes
from reconciler.errors import Problem
from reconciler.spec import auto_pools
from reconciler.spec.document import Document
from reconciler.spec.pools import Pool
from reconciler.spec.spec import Spec


def check(document: Document, spec: Spec) -> Iterator[Problem]:
    asked: Mapping[str, Any] = (spec.batch_account.get("quota") if spec.batch_account else None) or {}
    pools = {name: pool for name, pool in spec.pools.items() if not auto_pools.marked(pool)}
    needs: dict[str, Mapping[str, int]] = {
        "cores": {name: _cores(pool) * _most(pool, spot=False) for name, pool in pools.items()},
        "spotCores": {name: _cores(pool) * _most(pool, spot=True) for name, pool in pools.items()},
        "pools": dict.fromkeys(pools, 1),
        "jobs": dict.fromkeys(spec.jobs, 1),
    }
    for key, need in needs.items():
        limit, total = asked.get(key), sum(need.values())
        if isinstance(limit, int) and total > limit:
            largest = sorted((name for name in need if need[name]), key=lambda name: (-need[name], name))
            told = ", ".join(f"{name} {need[name]}" for name in largest[:5]) if key.endswith("ores") else ""
            message = f"is {limit}, and this spec needs {total}{f': {told}' if told else ''}; raise it, or need less"
            yield document.problem(("batchAccount", "quota", key), message)


def _cores(pool: Pool) -> int:
    """The vCPUs of a node: of several sizes, those of the smallest."""
    return min(map(sizes.cores, pool["vmSize"]))


def _most(pool: Pool, *, spot: bool) -> int:
    """The most nodes of a kind, as far as the spec says it; a formula may limit itself."""
    nodes = pool["nodes"]
    if "autoscale" not in nodes:
        return nodes["spot" if spot else "dedicated"]
    return nodes["autoscale"].get("max", 0) if nodes["autoscale"]["spot"] is spot else 0
