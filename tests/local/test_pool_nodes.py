"""Nodes of the local Batch: rebooted, deallocated, taken out of work and out of the pool, and their files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from azure.batch import models

from tests.conftest import SPEED
from tests.local.pools import Bench, bench, refused, until

__all__ = ["bench"]

WAITS = "/bin/sh -c 'touch begun; while [ ! -e go ]; do sleep 0.05; done'"
"""A command line that runs until a file called go is in its working directory."""


def state(bench: Bench, pool: str, node: str) -> Any:
    return bench.batch.get_node(pool, node).state


def busy(bench: Bench, pool: str, tasks: int = 1, slots: int = 1) -> str:
    """A node with a running task, `t0` of the job that is called as the pool."""
    (node,) = bench.pool(pool, taskSlotsPerNode=slots)
    bench.job(pool, pool)
    for number in range(tasks):
        bench.task(pool, f"t{number}", WAITS)
    until(lambda: bench.batch.get_task(pool, "t0").state == "running")
    return str(node.id)


def go(bench: Bench, job: str, task: str) -> None:
    """Let a waiting task end."""
    for folder in bench.azure.folder.glob(f"nodes/*/*/*/workitems/{job}/job-1/{task}/wd"):
        (folder / "go").touch()


def info(bench: Bench, job: str, task: str = "t0") -> models.BatchTaskExecutionInfo:
    found = bench.batch.get_task(job, task).execution_info
    assert found is not None
    return found


Act = Callable[[Bench, str, str, str], None]


def reboot(bench: Bench, pool: str, node: str, option: str) -> None:
    options: Any = {"nodeRebootOption": option}
    bench.batch.begin_reboot_node(pool, node, options)


def deallocate(bench: Bench, pool: str, node: str, option: str) -> None:
    options: Any = {"nodeDeallocateOption": option}
    bench.batch.begin_deallocate_node(pool, node, options)


def remove(bench: Bench, pool: str, node: str, option: str) -> None:
    options = {"nodeList": [node], "nodeDeallocationOption": option}
    bench.batch.begin_remove_nodes(pool, models.BatchNodeRemoveOptions(options))


def shrink(bench: Bench, pool: str, node: str, option: str) -> None:
    options = {"targetDedicatedNodes": 0, "nodeDeallocationOption": option}
    bench.batch.begin_resize_pool(pool, models.BatchPoolResizeOptions(options))


def shrink_by_arm(bench: Bench, pool: str, node: str, option: str) -> None:
    names = {"requeue": "Requeue", "terminate": "Terminate", "taskcompletion": "TaskCompletion"}
    fixed = {"targetDedicatedNodes": 0, "nodeDeallocationOption": names[option]}
    bench.patch(pool, {"scaleSettings": {"fixedScale": fixed}})


ACTS = (reboot, deallocate, remove, shrink, shrink_by_arm)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_requeue_gives_the_tasks_back_at_once(bench: Bench, act: Act) -> None:
    pool = f"requeue-{act.__name__}"
    node = busy(bench, pool)
    act(bench, pool, node, "requeue")
    until(lambda: info(bench, pool).requeue_count == 1)
    bench.drop(pool)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_terminate_ends_the_tasks_for_good(bench: Bench, act: Act) -> None:
    pool = f"terminate-{act.__name__}"
    node = busy(bench, pool)
    act(bench, pool, node, "terminate")
    until(lambda: bench.batch.get_task(pool, "t0").state == "completed")
    ended = info(bench, pool)
    assert ended.result == "failure"
    assert ended.failure_info is not None
    assert ended.failure_info.code == "TaskEnded"
    bench.drop(pool)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__)
def test_taskcompletion_waits_for_the_running_task_and_gives_the_node_no_other(bench: Bench, act: Act) -> None:
    pool = f"completion-{act.__name__}"
    node = busy(bench, pool, tasks=2)
    act(bench, pool, node, "taskcompletion")
    assert state(bench, pool, node) == "running"
    go(bench, pool, "t0")
    bench.ended(pool, "t0")
    assert info(bench, pool).exit_code == 0
    left = {"reboot": "idle", "deallocate": "deallocated"}.get(act.__name__)
    if left is None:
        until(lambda: bench.nodes(pool) == [])
        assert bench.batch.get_task(pool, "t1").state == "active"
    elif left == "deallocated":
        until(lambda: state(bench, pool, node) == left)
    else:
        until(lambda: bench.batch.get_task(pool, "t1").state == "running")
        assert info(bench, pool, "t1").requeue_count == 0
    bench.drop(pool)


def test_retaineddata_waits_until_nobody_needs_the_tasks_files(bench: Bench) -> None:
    node = busy(bench, "retained")
    shrink(bench, "retained", node, "retaineddata")
    go(bench, "retained", "t0")
    bench.ended("retained", "t0")
    assert bench.get("retained")["properties"]["allocationState"] == "Resizing"
    assert state(bench, "retained", node) == "idle"
    bench.batch.delete_task("retained", "t0")
    bench.steady("retained")
    assert bench.nodes("retained") == []
    bench.drop("retained")


def test_a_reboot_keeps_the_disk_and_a_reimage_is_refused(bench: Bench) -> None:
    (node,) = bench.pool("disk")
    name = str(node.id)
    bench.job("disk", "disk")
    bench.task("disk", "writes", "/bin/sh -c 'echo kept > $AZ_BATCH_NODE_SHARED_DIR/file'")
    bench.ended("disk", "writes")

    def kept() -> bool:
        return "shared/file" in [one.name for one in bench.batch.list_node_files("disk", name, recursive=True)]

    assert kept()
    reboot(bench, "disk", name, "requeue")
    until(lambda: state(bench, "disk", name) == "idle")
    assert kept()
    assert b"".join(bench.batch.download_node_file("disk", name, "shared/file")) == b"kept\n"
    options: Any = {"nodeReimageOption": "requeue"}
    status, code, values = refused(lambda: bench.batch.begin_reimage_node("disk", name, options))
    assert (status, code) == (409, "OperationNotValidOnNode")
    assert values["Reason"].endswith("can be invoked only on pools created with cloudServiceConfiguration")
    assert state(bench, "disk", name) == "idle"
    bench.drop("disk")


def test_a_deallocated_node_stays_in_the_pool_and_can_be_started(bench: Bench) -> None:
    (node,) = bench.pool("asleep")
    name = str(node.id)
    assert refused(lambda: bench.batch.begin_start_node("asleep", name))[1] == "OperationNotValidOnNode"
    deallocate(bench, "asleep", name, "requeue")
    until(lambda: state(bench, "asleep", name) == "deallocated")
    assert bench.get("asleep")["properties"]["currentDedicatedNodes"] == 1
    assert refused(lambda: reboot(bench, "asleep", name, "requeue"))[1] == "OperationNotValidOnNode"
    bench.batch.begin_start_node("asleep", name)
    until(lambda: state(bench, "asleep", name) == "idle")
    bench.drop("asleep")


@pytest.mark.parametrize(
    ("option", "left"), [("requeue", "active"), ("terminate", "completed"), ("taskcompletion", "running")]
)
def test_a_node_without_scheduling_takes_no_tasks_and_is_offline_without_any(
    bench: Bench, option: str, left: str
) -> None:
    pool = f"off-{option}"
    node = busy(bench, pool, slots=2)
    options = models.BatchNodeDisableSchedulingOptions({"nodeDisableSchedulingOption": option})
    bench.batch.disable_node_scheduling(pool, node, options)
    assert bench.batch.get_task(pool, "t0").state == left
    again = refused(lambda: bench.batch.disable_node_scheduling(pool, node, options))
    assert again[:2] == (409, "NodeAlreadyInTargetSchedulingState")
    go(bench, pool, "t0")
    until(lambda: state(bench, pool, node) == "offline")
    bench.task(pool, "later")
    shown = bench.batch.get_node(pool, node)
    assert (shown.scheduling_state, shown.running_tasks_count) == ("disabled", 0)
    assert bench.batch.get_task(pool, "later").state == "active"
    bench.batch.enable_node_scheduling(pool, node)
    bench.ended(pool, "later")
    bench.drop(pool)


def test_a_resize_excludes_another_and_can_be_stopped(bench: Bench) -> None:
    bench.put("sized", bench.body())
    bench.steady("sized")
    bench.control("allocations", pool="sized", creating=100_000)
    resize = models.BatchPoolResizeOptions({"targetDedicatedNodes": 2, "resizeTimeout": "PT6H"})
    bench.batch.begin_resize_pool("sized", resize)
    busy_pool = (409, "PoolBeingResized")
    assert refused(lambda: bench.batch.begin_resize_pool("sized", resize))[:2] == busy_pool
    scale = {"scaleSettings": {"fixedScale": {"targetDedicatedNodes": 1}}}
    assert refused(lambda: bench.patch("sized", scale))[:2] == busy_pool
    assert bench.get("sized")["properties"]["resizeOperationStatus"]["targetDedicatedNodes"] == 2
    stopped = bench.arm.pool.stop_resize(bench.group, bench.account, "sized").as_dict()
    assert stopped["properties"]["allocationState"] in ("Stopping", "Steady")
    bench.steady("sized")
    assert bench.nodes("sized") == []
    bench.drop("sized")


def test_removed_nodes_are_off_the_target_and_must_be_in_the_pool(bench: Bench) -> None:
    nodes = bench.pool("fewer", 2)
    assert refused(lambda: remove(bench, "fewer", "tvm-none", "requeue"))[:2] == (404, "NodeNotFound")
    bench.azure.run(1)  # the pool is still being resized by the second request
    remove(bench, "fewer", str(nodes[0].id), "requeue")
    assert refused(lambda: remove(bench, "fewer", str(nodes[1].id), "requeue"))[1] == "PoolBeingResized"
    bench.azure.run(SPEED)
    fixed = bench.steady("fewer")["scaleSettings"]["fixedScale"]
    assert fixed["targetDedicatedNodes"] == 1
    assert [node.id for node in bench.nodes("fewer")] == [nodes[1].id]
    bench.drop("fewer")


def test_a_node_tells_its_login_endpoints_users_and_extensions(bench: Bench) -> None:
    extension = {
        "name": "watch",
        "publisher": "p",
        "type": "t",
        "settings": {"a": "b"},
        "protectedSettings": {"c": "d"},
    }
    ports = {"backendPort": 22, "frontendPortRangeStart": 1000, "frontendPortRangeEnd": 1099}
    endpoints = {"endpointConfiguration": {"inboundNatPools": [{"name": "ssh", "protocol": "TCP", **ports}]}}
    machine = {"extensions": [extension]}
    (node,) = bench.pool("told", networkConfiguration=endpoints, machine=machine)
    name = str(node.id)
    assert node.endpoint_configuration is not None
    assert node.endpoint_configuration.inbound_endpoints[0].backend_port == 22
    assert bench.batch.get_node_remote_login_settings("told", name).remote_login_port
    (shown,) = bench.batch.list_node_extensions("told", name)
    assert shown.vm_extension is not None
    assert shown.vm_extension.settings == {"a": "b"}
    assert "protectedSettings" not in shown.vm_extension.as_dict()
    assert bench.batch.get_node_extension("told", name, "watch").provisioning_state == "Succeeded"
    user = models.BatchNodeUserCreateOptions({"name": "ann", "password": "p"})
    bench.batch.create_node_user("told", name, user)
    assert refused(lambda: bench.batch.create_node_user("told", name, user))[:2] == (409, "NodeUserExists")
    bench.batch.delete_node_user("told", name, "ann")
    assert refused(lambda: bench.batch.delete_node_user("told", name, "ann"))[:2] == (404, "NodeUserNotFound")
    bench.drop("told")
