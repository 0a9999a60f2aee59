"""Changes that reach nodes wait for the pool's maintenance window; others do not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from reconciler.kind import windows
from reconciler.model import Action, Decision, Status
from tests.pools.conftest import Pools
from tests.pools.test_drain import begin


def window(pools: Pools, hours: int) -> dict[str, Any]:
    """One of six hours that opens so many hours from now, as Azure's clock says."""
    cloud = pools.world.cloud()
    cloud.batch()
    opens = cloud.time + timedelta(hours=hours)
    return {"days": [windows.DAYS[opens.weekday()]], "start": f"{opens:%H:%M}", "lasts": "PT6H"}


def decided(pools: Pools) -> Decision:
    return next(one for one in pools.world.plan().decisions if str(one.address) == "pool/pool")


@pytest.mark.parametrize("way", ["drain", "blueGreen"])
def test_a_change_that_needs_an_empty_pool_waits_for_the_window(pools: Pools, way: str) -> None:
    begin(pools)
    pools.world.azure.run(1)
    pools.pool.update(vmSize="Standard_D4s_v3", rollout={"whenEmpty": way, "windows": [window(pools, 30)]})
    made = decided(pools)
    assert made.action is Action.DEFER
    assert made.reason.startswith("waits for its maintenance window, which opens on ")
    assert pools.world.apply(poll_seconds=0.05) == {}
    pools.pool["rollout"]["windows"].append(window(pools, -1))
    pools.world.azure.jump()
    pools.done()
    assert (
        pools.world.cloud().batch().get_pool("pool-g2" if way == "blueGreen" else "pool").vm_size == "standard_d4s_v3"
    )


def test_what_disturbs_nobody_is_done_at_once_and_the_rest_is_deferred(pools: Pools) -> None:
    begin(pools)
    pools.world.azure.run(1)
    pools.pool["rollout"] = {"newNodes": "rolling", "windows": [window(pools, 30)]}
    pools.pool.update(metadata={"team": "blue"}, startTask={"commandLine": "/bin/true"})
    made = decided(pools)
    assert made.action is Action.UPDATE
    assert "the rest waits for its maintenance window" in made.reason
    outcome = pools.world.apply(poll_seconds=0.05)["pool/pool"]
    assert outcome.status is Status.DEFERRED
    assert "maintenance window" in (outcome.error or "")
    live = pools.live()["properties"]
    assert {"name": "team", "value": "blue"} in live["metadata"]
    assert "startTask" not in live


def test_a_pool_without_nodes_needs_no_window(pools: Pools) -> None:
    pools.done()
    pools.pool.update(vmSize="Standard_D4s_v3", rollout={"windows": [window(pools, 30)]})
    pools.done()
