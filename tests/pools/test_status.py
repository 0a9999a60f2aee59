"""What `status` says of pools and jobs beyond their health."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure.batch import models
from click.testing import CliRunner

from reconciler import departed, marks
from reconciler.cli import commands
from reconciler.kinds import KINDS
from reconciler.kinds.pool import readiness, telling
from reconciler.kinds.pool.body import MAPS
from reconciler.kinds.pool.state import State
from reconciler.model import Address, Desired, Mark, Observed
from tests.conftest import World
from tests.local.pools import until
from tests.pools.conftest import Pools


def rows(world: World) -> dict[str, Any]:
    world.spec()
    done = CliRunner().invoke(commands, ["status", str(world.file), "--format", "json"], standalone_mode=False)
    assert done.exception is None
    return {row["address"]: row for row in json.loads(done.output)}


def test_nodes_and_tasks_are_told_by_state_and_nodes_that_lack_a_start_task_too(pools: Pools) -> None:
    world = pools.world
    pools.pool["nodes"] = 2
    world.text["jobs"] = {"job": {"pool": "pools/pool"}}
    pools.done()
    shown = rows(world)
    assert shown["pool/pool"]["facts"] == ["2 idle", "boots 22_04-lts"]
    assert shown["job/job"]["facts"] == ["no tasks"]

    pools.pool["startTask"] = {"commandLine": "/bin/true"}
    batch = world.cloud().batch()
    batch.create_task("job", models.BatchTaskCreateOptions(id="well", command_line="/bin/true"))
    batch.create_task("job", models.BatchTaskCreateOptions(id="badly", command_line="/bin/false"))
    pools.done()
    late = "2 nodes have yet to boot with what changed (rollout.newNodes: rolling reboots them)"
    assert rows(world)["pool/pool"]["facts"][-1] == late
    until(lambda: rows(world)["job/job"]["facts"] == ["tasks: 1 succeeded, 1 failed"])

    pools.pool["metadata"] = {"team": "a"}
    pools.done()
    first, second = (str(node.id) for node in batch.list_nodes("pool"))
    at_once: Any = {"nodeRebootOption": "requeue"}
    batch.begin_reboot_node("pool", first, at_once)
    one_left = "1 node has yet to boot with what changed (rollout.newNodes: rolling reboots them)"
    until(lambda: rows(world)["pool/pool"]["facts"][-1] == one_left)
    batch.begin_reboot_node("pool", second, at_once)
    until(lambda: rows(world)["pool/pool"]["facts"] == ["2 idle", "boots 22_04-lts"])

    text = CliRunner().invoke(commands, ["status", str(world.file)], standalone_mode=False).output
    assert "ready   2 idle; boots 22_04-lts" in text


def live(metadata: dict[str, str], environment: dict[str, str], keys: frozenset[str] = frozenset()) -> Observed:
    body = {"properties": {"startTask": {"environmentSettings": environment}}, "stage": None}
    mark = Mark("me", "x", keys=keys)
    return Observed(Address("pool", "p"), "/pools/p", body, mark, occupants=("1 node",), state=State(0, 0, metadata))


@pytest.mark.parametrize("said", ["", "soon", "2026-11-26", "2026-11-26T10:00:00", "\x1b[2J"])
def test_a_mark_that_is_no_time_says_nothing_about_nodes(said: str) -> None:
    assert telling.changed(live({marks.STARTED: said}, {})) is None
    assert telling.changed(live({}, {})) is None
    assert telling.changed(live({marks.STARTED: "2026-11-26T10:00:00Z"}, {})) is not None


def test_a_pool_with_a_key_that_left_the_spec_is_not_yet_what_is_asked_for(world: World) -> None:
    body: dict[str, Any] = {"properties": {"startTask": {"environmentSettings": {}}}, "stage": None}
    desired = Desired(Address("pool", "p"), body, data={"rollout": {"newNodes": "rolling"}})
    ours = departed.tokens(MAPS, live({}, {"A": "1"}).body)
    rule = KINDS["pool"].rule
    told = "pools/p has yet to become what the spec asks"
    assert readiness.missing(world.cloud(), desired, live({}, {"A": "1"}, ours), rule, planned=False) == told
    assert readiness.missing(world.cloud(), desired, live({}, {"A": "1"}), rule, planned=False) == "", "it is another's"
