"""What goes wrong with nodes and capacity on the local Batch when a test asks for it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.pools import Bench, bench, until
from tests.local.test_pool_nodes import WAITS, busy, go, info, reboot, state

__all__ = ["bench"]


def errors(properties: dict[str, Any]) -> list[str]:
    return [error["code"] for error in properties["resizeOperationStatus"].get("errors", ())]


@pytest.mark.parametrize("trouble", ["unusable", "startTaskFailed", "offline"])
def test_a_node_that_fails_gives_its_tasks_back_and_a_reboot_heals_it(bench: Bench, trouble: str) -> None:
    pool = f"ill-{trouble.lower()}"
    node = busy(bench, pool)
    bench.control("nodes", pool=pool, node=node, state=trouble)
    assert state(bench, pool, node) == trouble.lower()
    assert (bench.batch.get_task(pool, "t0").state, info(bench, pool).requeue_count) == ("active", 1)
    assert bench.batch.get_node(pool, node).errors or trouble == "offline"
    if trouble == "offline":
        bench.batch.enable_node_scheduling(pool, node)
    else:
        reboot(bench, pool, node, "requeue")
    until(lambda: bench.batch.get_task(pool, "t0").state == "running")
    bench.drop(pool)


def test_a_preempted_spot_node_is_replaced_under_its_name_and_its_tasks_run_again(bench: Bench) -> None:
    scale = {"fixedScale": {"targetLowPriorityNodes": 1}}
    (node,) = bench.pool("spot", 0, scaleSettings=scale)
    assert node.is_dedicated is False
    name = str(node.id)
    bench.job("spot", "spot")
    bench.task("spot", "t0", WAITS)
    until(lambda: bench.batch.get_task("spot", "t0").state == "running")
    bench.control("nodes", pool="spot", state="preempted", seconds=30_000)
    assert state(bench, "spot", name) == "preempted"
    shown = bench.get("spot")["properties"]
    assert (shown["allocationState"], shown["currentLowPriorityNodes"]) == ("Steady", 1)
    assert info(bench, "spot").requeue_count == 1
    (count,) = [one for one in bench.batch.list_pool_node_counts() if one.pool_id == "spot"]
    assert count.low_priority is not None
    assert count.low_priority.preempted == 1
    bench.azure.advance(30_000)
    until(lambda: bench.batch.get_task("spot", "t0").state == "running")
    assert [one.id for one in bench.nodes("spot")] == [name]
    go(bench, "spot", "t0")
    bench.ended("spot", "t0")
    bench.drop("spot")


def test_a_preempted_node_may_show_unusable_first_and_without_an_error(bench: Bench) -> None:
    (node,) = bench.pool("shows", 0, scaleSettings={"fixedScale": {"targetLowPriorityNodes": 1}})
    name = str(node.id)
    bench.control("nodes", pool="shows", state="preempted", unusable=20_000, seconds=30_000)
    shown = bench.batch.get_node("shows", name)
    assert (shown.state, shown.errors) == ("unusable", None)
    bench.azure.advance(20_000)
    until(lambda: state(bench, "shows", name) == "preempted")
    bench.azure.advance(30_000)
    until(lambda: state(bench, "shows", name) == "idle")
    bench.drop("shows")


def test_an_unusable_node_shows_the_error_that_is_asked_for(bench: Bench) -> None:
    (node,) = bench.pool("full")
    bench.control("nodes", pool="full", state="unusable", code="DiskFull", message="No room.")
    errors = bench.batch.get_node("full", str(node.id)).errors or []
    assert [(error.code, error.message) for error in errors] == [("DiskFull", "No room.")]
    bench.drop("full")


def test_a_shortage_of_capacity_fails_as_many_resizes(bench: Bench) -> None:
    bench.control("allocations", pool="short", times=2)
    bench.put("short", bench.body(1))
    one = {"scaleSettings": {"fixedScale": {"targetDedicatedNodes": 1}}}
    for code in (["AllocationFailed"], ["AllocationFailed"], []):
        shown = bench.steady("short")
        assert (errors(shown), shown["currentDedicatedNodes"]) == (code, 0 if code else 1)
        bench.patch("short", one)
    told = bench.batch.get_pool("short")
    assert not told.resize_errors
    bench.drop("short")


def test_what_is_not_allocated_in_time_is_given_up(bench: Bench) -> None:
    bench.control("allocations", pool="slow", creating=100_000)
    scale = {"fixedScale": {"targetDedicatedNodes": 2, "targetLowPriorityNodes": 1, "resizeTimeout": "PT5M"}}
    bench.put("slow", bench.body(scaleSettings=scale))
    bench.azure.advance(400)
    shown = bench.steady("slow")
    assert errors(shown) == ["AllocationTimedOut", "AllocationTimedOut"]
    assert (shown["currentDedicatedNodes"], bench.nodes("slow")) == (0, [])
    bench.drop("slow")


def test_a_slow_boot_leaves_nodes_starting(bench: Bench) -> None:
    bench.control("allocations", pool="boots", starting=100_000)
    bench.put("boots", bench.body(1))
    bench.steady("boots")
    until(lambda: bench.nodes("boots")[0].state == "starting")
    bench.azure.advance(100_100)
    until(lambda: bench.nodes("boots")[0].state == "idle")
    bench.drop("boots")


@pytest.mark.parametrize(
    ("quota", "scale", "code", "nodes"),
    [
        ({"dedicatedCoreQuota": 4}, {"targetDedicatedNodes": 3}, "AccountCoreQuotaReached", 2),
        ({"lowPriorityCoreQuota": 2}, {"targetLowPriorityNodes": 3}, "AccountLowPriorityCoreQuotaReached", 1),
        ({"families": {"standardDSv3Family": 2}}, {"targetDedicatedNodes": 2}, "AccountVMSeriesCoreQuotaReached", 1),
    ],
)
def test_a_quota_lets_in_as_many_nodes_as_it_has_cores(
    bench: Bench, quota: dict[str, Any], scale: dict[str, Any], code: str, nodes: int
) -> None:
    before = {"dedicatedCoreQuota": 300, "lowPriorityCoreQuota": 100, "families": {"standardDSv3Family": 100}}
    bench.azure.advance(60)
    until(lambda: not list(bench.batch.list_pools()))
    bench.control("batch-quotas", **quota)
    pool = f"quota-{code.lower()}"
    bench.put(pool, bench.body(scaleSettings={"fixedScale": scale}))
    shown = bench.steady(pool)
    assert errors(shown) == [code]
    assert len(bench.nodes(pool)) == nodes
    assert [error.code for error in bench.batch.get_pool(pool).resize_errors or ()] == [code]
    bench.control("batch-quotas", **before)
    bench.drop(pool)
