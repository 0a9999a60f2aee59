"""Pools that rest: nodes go when nothing has run for long, and are back when there is work, of the plan or in Azure."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds import load
from reconciler.kinds.pool import idle
from reconciler.kinds.pool.pool import KIND
from reconciler.kinds.pool.state import Idle, State
from reconciler.model import Action, Address, Decision, Observed, Status
from tests.documents import loaded
from tests.pools.conftest import Pools
from tests.pools.test_drain import ended, submit

DAYS = 3 * 86_400.0
FOLDER = Path(__file__).parents[1] / "cases/idle"
DAY = "2026-11-28T{}:00Z"
POOL = """\
apiVersion: reconciler/v1
name: test
azure: {cloud: local, location: italynorth, resourceGroup: rg-test}
batchAccount: {name: abc}
pools:
  p: {vmSize: Standard_D2s_v3, image: ubuntu-22.04, nodes: {dedicated: 3, spot: 2}, idle: {after: PT1H, to: 1}}
"""


@pytest.mark.parametrize("case", loaded((FOLDER / "nodes.yaml").read_text()), ids=str)
def test_nodes_are_idle_since_the_last_of_them_is(case: dict[str, Any]) -> None:
    raws = [{"state": state, "stateTransitionTime": DAY.format(at)} for state, at in case["nodes"]]
    since = idle.last(raws)
    assert since == (datetime.fromisoformat(DAY.format(case["since"])) if case["since"] else None)


@pytest.mark.parametrize("case", loaded((FOLDER / "sizes.yaml").read_text()), ids=str)
def test_a_pool_is_asked_for_its_nodes_while_there_is_work(case: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(POOL)
    desired = next(iter(KIND.expand(load(tmp_path / "spec.yaml", {"AZURE_SUBSCRIPTION_ID": "0" * 8}))))
    facts = None if case.get("busy") else Idle(datetime.fromisoformat(DAY.format("09:00")), case.get("waiting", 0))
    fixed = dict(zip(("targetDedicatedNodes", "targetLowPriorityNodes"), case["now"], strict=True))
    body = {"properties": {"scaleSettings": {"fixedScale": fixed}}}
    live = Observed(Address("pool", "p"), "/p", body, state=State(0, 0, {}, idle=facts))
    asked, seen = idle.settled(desired, live, [Address.parse(name) for name in case.get("coming", ())])
    size = asked.body["properties"]["scaleSettings"]["fixedScale"]
    assert [size["targetDedicatedNodes"], size["targetLowPriorityNodes"]] == case["asked"]
    assert seen.detail == case["reason"]


def decided(pools: Pools) -> Decision:
    return next(one for one in pools.world.plan().decisions if str(one.address) == "pool/pool")


def targets(pools: Pools) -> int:
    fixed: dict[str, Any] = pools.live()["properties"]["scaleSettings"]["fixedScale"]
    return int(fixed["targetDedicatedNodes"])


def test_an_idle_pool_rests_and_is_back_for_work(pools: Pools) -> None:
    world = pools.world
    world.text["jobs"] = {"job": {"pool": "pools/pool"}}
    pools.pool.update(nodes=2, idle={"after": "P2D"})
    pools.done()
    assert decided(pools).reason == "as desired"  # a job without tasks is no work, but it has not been idle for long

    world.azure.advance(DAYS)
    made = decided(pools)
    assert made.action is Action.UPDATE
    assert made.reason.startswith("idle since 20")
    assert made.reason.endswith(" UTC, longer than 48 h 0 min: rests with 0 of 2 nodes until a task waits for it")
    pools.done()
    assert (targets(pools), decided(pools).reason) == (0, "rests with 0 of 2 nodes until a task waits for it")

    submit(pools, 3, 0.1)  # by somebody else
    made = decided(pools)
    assert made.reason == "rested, and gets its 2 nodes back: 3 tasks wait for it"
    pools.done()
    assert targets(pools) == 2
    assert {task["state"] for task in ended(pools)} == {"completed"}

    world.azure.advance(DAYS)
    pools.done()
    world.text["jobs"]["more"] = {"pool": "pools/pool", "tasks": {"one": {"command": "true"}}}
    plan = world.plan()
    assert {str(step.address) for step in plan.steps} == {"pool/pool", "job/more", "tasks/more"}
    assert decided(pools).reason == "rested, and gets its 2 nodes back: job/more, tasks/more need it"
    outcomes = world.apply(poll_seconds=0.05)
    assert {one.status for one in outcomes.values()} == {Status.DONE}
    assert targets(pools) == 2
    assert world.plan().steps == ()


def test_a_change_finds_a_resting_pool_empty(pools: Pools) -> None:
    pools.pool.update(nodes=1, idle={"after": "P2D"})
    pools.done()
    pools.world.azure.advance(DAYS)
    pools.done()
    pools.pool.update(vmSize="Standard_D4s_v3", nodes=3)
    assert [change.path for change in decided(pools).diff.changes] == ["properties.vmSize"]
    pools.done()
    assert pools.live()["properties"]["vmSize"].lower() == "standard_d4s_v3"
    assert targets(pools) == 0
