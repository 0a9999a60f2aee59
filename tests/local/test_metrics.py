"""What is measured of a Batch account, and told by Azure Monitor: events, nodes, requests, over simulated time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azure_local.insights.series import AGGREGATIONS, Cell, grains, summed, together
from tests.local.monitors import Desk, bench, desk
from tests.local.pools import until

__all__ = ["bench", "desk"]

CELLS = st.dictionaries(st.integers(0, 60), st.integers(0, 9).map(Cell.of))


def read(desk: Desk, names: str, resource: str = "", **query: str) -> dict[str, Any]:
    """The answer for metrics of the account, by default of the last hour."""
    place = f"{resource or desk.bench.account_id}/providers/Microsoft.Insights/metrics"
    answer = desk.get(place, **{"metricnames": names, "timespan": "PT1H", **query})
    return {one["name"]["value"]: one["timeseries"] for one in answer["value"]}


def total(series: list[dict[str, Any]], name: str = "total") -> float:
    return float(sum(point.get(name, 0) for one in series for point in one["data"]))


def test_tasks_and_pools_are_counted_by_pool_and_job(desk: Desk) -> None:
    bench = desk.bench
    bench.pool("counted")
    bench.job("good", "counted")
    bench.job("bad", "counted")
    bench.task("good", "one")
    bench.task("bad", "one", "/bin/false", constraints={"maxTaskRetryCount": 1})
    bench.ended("good", "one")
    bench.ended("bad", "one")
    bench.control("nodes", pool="counted", state="unusable")
    bench.azure.advance(180)
    names = (
        "TaskStartEvent,TaskCompleteEvent,TaskFailEvent,PoolCreateEvent,PoolResizeStartEvent,PoolResizeCompleteEvent"
    )
    found = {name: total(series) for name, series in read(desk, names).items()}
    assert found == {
        "TaskStartEvent": 3,
        "TaskCompleteEvent": 2,
        "TaskFailEvent": 1,
        "PoolCreateEvent": 1,
        "PoolResizeStartEvent": 1,
        "PoolResizeCompleteEvent": 1,
    }
    (failed,) = read(desk, "TaskFailEvent", **{"$filter": "jobId eq '*'", "aggregation": "count"})["TaskFailEvent"]
    assert [one["value"] for one in failed["metadatavalues"]] == ["bad"]
    split = read(desk, "TaskCompleteEvent", **{"$filter": "poolId eq 'counted' and jobId eq '*'"})["TaskCompleteEvent"]
    assert {one["metadatavalues"][1]["value"] for one in split} == {"good", "bad"}
    nothing = read(desk, "TaskFailEvent", **{"$filter": "jobId eq 'good'"})["TaskFailEvent"]
    assert nothing == []
    assert total(read(desk, "JobStartEvent")["JobStartEvent"]) == 2
    assert total(
        read(desk, "UnusableNodeCount", interval="PT1M", aggregation="maximum")["UnusableNodeCount"], "maximum"
    )
    bench.drop("counted")


def test_a_task_that_runs_again_or_cannot_run_is_counted(desk: Desk) -> None:
    bench = desk.bench
    bench.pool("troubled")
    bench.job("lost", "troubled")
    bench.task("lost", "one", "/bin/sh -c 'while [ ! -e go ]; do sleep 0.05; done'")
    until(lambda: bench.batch.get_task("lost", "one").state == "running")
    bench.control("nodes", pool="troubled", state="unusable")
    assert bench.batch.get_task("lost", "one").state == "active"
    bench.batch.begin_delete_job("lost")
    bench.control("nodes", pool="troubled", state="idle")
    bench.job("unready", "troubled", jobPreparationTask={"commandLine": "/bin/false"})
    bench.task("unready", "one")
    until(lambda: total(read(desk, "TaskScheduleFailEvent")["TaskScheduleFailEvent"]))
    names = "TaskRequeueEvent,TaskScheduleFailEvent,JobDeleteStartEvent,JobDeleteCompleteEvent"
    assert {name: total(series) for name, series in read(desk, names).items()} == dict.fromkeys(names.split(","), 1)
    bench.drop("troubled")


def test_nodes_are_sampled_once_a_minute_also_when_nothing_happens(desk: Desk) -> None:
    bench = desk.bench
    bench.pool("sampled", 2)
    bench.azure.advance(1860)
    query = {"timespan": "PT30M", "interval": "PT5M", "aggregation": "average,count"}
    (series,) = read(desk, "TotalNodeCount", **query)["TotalNodeCount"]
    assert [point["average"] for point in series["data"][:5]] == [2] * 5
    assert [point["count"] for point in series["data"][:5]] == [5] * 5
    (cores,) = read(desk, "CoreCount", **query)["CoreCount"]
    assert cores["data"][0]["average"] == 4
    bench.drop("sampled")
    bench.azure.advance(300)
    (series,) = read(desk, "TotalNodeCount", timespan="PT3M", aggregation="average")["TotalNodeCount"]
    assert [point["average"] for point in series["data"] if "average" in point] == [0, 0]


def test_what_has_just_happened_is_not_seen_yet(desk: Desk) -> None:
    desk.bench.azure.run(0.001)
    try:
        before = total(read(desk, "JobStartEvent")["JobStartEvent"])
        desk.bench.job("late", "none")
        assert total(read(desk, "JobStartEvent")["JobStartEvent"]) == before
        desk.bench.azure.advance(150)
        assert total(read(desk, "JobStartEvent")["JobStartEvent"]) == before + 1
    finally:
        desk.bench.azure.run(240)


def test_requests_are_counted_by_what_they_do_and_how_they_end(desk: Desk) -> None:
    with pytest.raises(Exception, match="JobNotFound"):
        desk.bench.batch.get_job("missing")
    desk.bench.azure.advance(180)
    found = read(desk, "ApiCount", **{"$filter": "operation eq 'GetJobs' and result eq '*'"})["ApiCount"]
    assert {one["metadatavalues"][1]["value"] for one in found} >= {"404"}
    duration = read(desk, "ApiDuration", aggregation="average", **{"$filter": "operation eq 'GetJobs'"})["ApiDuration"]
    assert total(duration, "average") > 0


def test_definitions_tell_of_every_metric(desk: Desk) -> None:
    place = f"{desk.bench.account_id}/providers/Microsoft.Insights/metricDefinitions"
    found = {one["name"]["value"]: one for one in desk.get(place)["value"]}
    assert len(found) == 36
    assert [one["value"] for one in found["TaskFailEvent"]["dimensions"]] == ["poolId", "jobId"]
    assert "dimensions" not in found["IdleNodeCount"]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"metricnames": "TaskFails"}, "Failed to find metric configuration"),
        ({"metricnames": ""}, "metricnames must name"),
        ({"interval": "PT2M"}, "invalid time grain"),
        ({"aggregation": "sum"}, "invalid aggregation"),
        ({"timespan": "yesterday"}, "invalid timespan"),
        ({"$filter": "nodeId eq 'x'"}, "does not support requested dimension"),
        ({"$filter": "poolId like 'x'"}, "Invalid filter"),
    ],
)
def test_what_cannot_be_asked_is_refused(desk: Desk, query: dict[str, str], text: str) -> None:
    place = f"{desk.bench.account_id}/providers/Microsoft.Insights/metrics"
    assert text in desk.refused("GET", place, **{"metricnames": "TaskFailEvent", **query})[2]


@given(CELLS, CELLS, st.integers(1, 20))
def test_grains_lose_nothing_and_invent_nothing(one: dict[int, Cell], other: dict[int, Cell], length: int) -> None:
    both = summed([one, other])
    whole = together([*one.values(), *other.values()])
    found = together(cell for _, cell in grains(both, 0, 61, length) if cell)
    assert found == whole
    if found:
        assert found.value("Minimum") <= found.value("Average") <= found.value("Maximum")
        assert all(found.value(name) is not None for name in AGGREGATIONS)
