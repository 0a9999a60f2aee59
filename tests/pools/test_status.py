"""What `status` says of pools and jobs beyond their health."""

from __future__ import annotations

import json
from typing import Any

from azure.batch import models
from click.testing import CliRunner

from reconciler.cli import commands
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
