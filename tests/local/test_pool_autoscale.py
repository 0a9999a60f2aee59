"""Pools of the local Batch that a formula sizes: on both planes, over time, and across a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from azure.batch import models

import azure_local
from tests.conftest import SPEED, Azure, serving
from tests.local.pools import IMAGE, MACHINE, SIZE, Bench, bench, refused, until

__all__ = ["bench"]

TWO = "$TargetDedicatedNodes = 2;"
TASKS = "$TargetDedicatedNodes = min(2, max(0, $PendingTasks.GetSample(1)));"
AVERAGE = "$TargetDedicatedNodes = min(2, avg($PendingTasks.GetSample(TimeInterval_Minute * 10)));"


@pytest.fixture(scope="module")
def azure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with serving(tmp_path_factory.mktemp("azure")) as azure:
        yield azure


def auto(bench: Bench, name: str, formula: str, **more: Any) -> dict[str, Any]:
    """A new pool with this formula, as ARM answers."""
    settings = {"autoScale": {"formula": formula, **more}}
    return dict(bench.put(name, bench.body(scaleSettings=settings))["properties"])


def enable(bench: Bench, name: str, **given: Any) -> None:
    bench.batch.enable_pool_auto_scale(name, models.BatchPoolEnableAutoScaleOptions(**given))


def evaluate(bench: Bench, name: str, formula: str) -> models.AutoScaleRun:
    return bench.batch.evaluate_pool_auto_scale(
        name, models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula=formula)
    )


def sized(bench: Bench, name: str, nodes: int) -> None:
    until(lambda: len(bench.nodes(name)) == nodes and bench.steady(name)["currentDedicatedNodes"] == nodes)


def test_a_new_pool_is_sized_by_its_formula_at_once_and_shown_on_both_planes(bench: Bench) -> None:
    made = auto(bench, "two", f"{TWO} $NodeDeallocationOption = taskcompletion;", evaluationInterval="PT05M")
    assert made["scaleSettings"]["autoScale"]["evaluationInterval"] == "PT5M"
    assert "fixedScale" not in made["scaleSettings"]
    assert made["autoScaleRun"]["results"].startswith("$TargetDedicatedNodes=2;$TargetLowPriorityNodes=0;")
    assert made["resizeOperationStatus"]["nodeDeallocationOption"] == "TaskCompletion"
    sized(bench, "two", 2)
    live = bench.batch.get_pool("two")
    assert (live.enable_auto_scale, live.target_dedicated_nodes) == (True, 2)
    assert (live.auto_scale_formula or "").startswith(TWO)
    assert live.auto_scale_evaluation_interval == timedelta(minutes=5)
    assert live.auto_scale_run is not None
    assert (live.auto_scale_run.results or "").endswith("$NodeDeallocationOption=taskcompletion")
    bench.drop("two")


def test_the_pool_follows_the_samples_of_its_tasks_every_interval(bench: Bench) -> None:
    auto(bench, "follow", TASKS, evaluationInterval="PT5M")
    sized(bench, "follow", 0)
    bench.job("follow", "follow")
    for number in range(2):
        bench.task("follow", f"t{number}", "/bin/sh -c 'while [ ! -e go ]; do sleep 0.05; done'")
    sized(bench, "follow", 2)
    until(lambda: all(bench.batch.get_task("follow", f"t{n}").state == "running" for n in range(2)))
    for folder in bench.azure.folder.glob("nodes/*/*/*/workitems/follow/job-1/*/wd"):
        (folder / "go").touch()
    sized(bench, "follow", 0)
    bench.drop("follow")


def test_a_pool_without_samples_keeps_its_size_and_says_so_until_it_has_some(bench: Bench) -> None:
    made = auto(bench, "young", AVERAGE, evaluationInterval="PT5M")
    assert made["autoScaleRun"]["error"]["code"] == "InsufficientSampleData"
    shown = bench.batch.get_pool("young").auto_scale_run
    assert shown is not None
    assert shown.error is not None
    (value,) = shown.error["values"]
    assert "wanted 70%, received 0%" in value["value"]
    until(lambda: "error" not in bench.get("young")["properties"]["autoScaleRun"])
    assert evaluate(bench, "young", "$TargetDedicatedNodes = $PendingTasks.Count();").results != ""
    bench.drop("young")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"formula": "$TargetDedicatedNodes = 1 +;"}, "AutoScalingFormulaSyntaxError"),
    ({"formula": "$TargetDedicatedNodes = $Pending;"}, "AutoScalingFormulaSyntaxError"),
    ({"formula": "$TargetDedicatedNodes = 1/0;"}, "AutoScalingFormulaEvaluationError"),
    ({"formula": f"{TWO} //{'x' * 8192}"}, "AutoScaleFormulaTooLong"),
    ({"formula": TWO, "evaluationInterval": "PT4M"}, "InvalidPropertyValue"),
    ({"formula": TWO, "evaluationInterval": "PT169H"}, "InvalidPropertyValue"),
    ({"evaluationInterval": "PT5M"}, "MissingRequiredProperty"),
    ({"formula": TWO, "interval": "PT5M"}, "InvalidRequestBody"),
]


@pytest.mark.parametrize(("settings", "code"), WRONG)
def test_a_formula_that_cannot_work_is_refused_and_leaves_no_trace(
    bench: Bench, plain: str, settings: dict[str, Any], code: str
) -> None:
    body = bench.body(scaleSettings={"autoScale": settings})
    assert refused(lambda: bench.put("wrong", body))[:2] == (400, code)
    assert refused(lambda: bench.get("wrong"))[0] == 404
    before = bench.get(plain)
    assert refused(lambda: bench.patch(plain, {"scaleSettings": {"autoScale": settings}}))[:2] == (400, code)
    assert bench.get(plain) == before


@pytest.fixture(scope="module")
def plain(bench: Bench) -> str:
    """A pool of a fixed size."""
    bench.put("plain", bench.body())
    bench.steady("plain")
    return "plain"


@pytest.fixture(scope="module")
def scaled(bench: Bench) -> str:
    auto(bench, "scaled", "$TargetDedicatedNodes = 0;")
    bench.steady("scaled")
    return "scaled"


SIZED: list[Callable[[Bench], Any]] = [
    lambda bench: bench.batch.begin_resize_pool("scaled", models.BatchPoolResizeOptions(target_dedicated_nodes=1)),
    lambda bench: bench.batch.disable_pool_auto_scale("plain"),
    lambda bench: bench.arm.pool.disable_auto_scale(bench.group, bench.account, "plain"),
    lambda bench: evaluate(bench, "plain", TWO),
]


@pytest.mark.parametrize("act", SIZED)
def test_a_pool_is_sized_by_a_formula_or_by_hand_not_both(
    bench: Bench, plain: str, scaled: str, act: Callable[[Bench], Any]
) -> None:
    assert refused(lambda: act(bench))[:2] == (409, "OperationNotValidOnPool")


def test_a_formula_is_tried_out_without_touching_the_pool(bench: Bench, scaled: str) -> None:
    before = bench.get(scaled)["properties"]
    found = evaluate(bench, scaled, f"x = 3; {TWO}")
    assert found.results == "$TargetDedicatedNodes=2;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue;x=3"
    useless = evaluate(bench, scaled, "$something_useless")
    assert useless.error is not None
    assert useless.error.code == "AutoScalingFormulaEvaluationError"
    assert useless.results == "$TargetDedicatedNodes=0;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue"
    after = bench.get(scaled)["properties"]
    assert {**after, "autoScaleRun": 0} == {**before, "autoScaleRun": 0}


def test_autoscale_is_enabled_changed_and_disabled_on_the_data_plane(bench: Bench) -> None:
    bench.put("switch", bench.body())
    bench.steady("switch")
    missing = refused(lambda: enable(bench, "switch", auto_scale_evaluation_interval=timedelta(minutes=5)))
    assert missing[:2] == (400, "MissingRequiredProperty")
    bench.azure.run(1)
    enable(bench, "switch", auto_scale_formula="$TargetDedicatedNodes = 1;")
    again = refused(lambda: enable(bench, "switch", auto_scale_formula=TWO))
    bench.azure.run(SPEED)
    assert again[:2] == (409, "TooManyEnableAutoScaleRequests")
    sized(bench, "switch", 1)
    bench.azure.advance(60)
    enable(bench, "switch", auto_scale_evaluation_interval=timedelta(minutes=7))
    live = bench.batch.get_pool("switch")
    assert live.auto_scale_formula == "$TargetDedicatedNodes = 1;"
    assert live.auto_scale_evaluation_interval == timedelta(minutes=7)
    bench.batch.disable_pool_auto_scale("switch")
    after = bench.get("switch")["properties"]
    assert after["scaleSettings"]["fixedScale"]["targetDedicatedNodes"] == 1
    assert "autoScaleRun" not in after
    bench.batch.begin_resize_pool("switch", models.BatchPoolResizeOptions(target_dedicated_nodes=0))
    sized(bench, "switch", 0)
    bench.drop("switch")


def test_arm_enables_and_disables_autoscale_too(bench: Bench) -> None:
    bench.put("arm", bench.body())
    bench.steady("arm")
    bench.patch("arm", {"scaleSettings": {"autoScale": {"formula": "$TargetLowPriorityNodes = 1;"}}})
    until(lambda: bench.steady("arm")["currentLowPriorityNodes"] == 1)
    disabled: Any = bench.arm.pool.disable_auto_scale(bench.group, bench.account, "arm").as_dict()
    assert disabled["properties"]["scaleSettings"]["fixedScale"]["targetLowPriorityNodes"] == 1
    bench.patch("arm", {"scaleSettings": {"autoScale": {"formula": TWO}}})
    bench.patch("arm", {"scaleSettings": {"autoScale": {"formula": "$TargetDedicatedNodes = 0;"}}})
    bench.steady("arm")
    bench.patch("arm", {"scaleSettings": {"fixedScale": {"targetDedicatedNodes": 0}}})
    assert "autoScale" not in bench.get("arm")["properties"]["scaleSettings"]
    bench.drop("arm")


def test_a_pool_is_made_with_a_formula_on_the_data_plane(bench: Bench) -> None:
    machine = {"imageReference": IMAGE, "nodeAgentSKUId": MACHINE["nodeAgentSkuId"]}
    given = {"id": "data", "vmSize": SIZE, "virtualMachineConfiguration": machine, "enableAutoScale": True}
    made = {**given, "autoScaleFormula": TWO, "autoScaleEvaluationInterval": "PT6M"}
    both = {**made, "targetDedicatedNodes": 1}
    assert refused(lambda: bench.batch.create_pool(models.BatchPoolCreateOptions(both)))[0] == 400
    assert refused(lambda: bench.batch.create_pool(models.BatchPoolCreateOptions(given)))[0] == 400
    bench.batch.create_pool(models.BatchPoolCreateOptions(made))
    sized(bench, "data", 2)
    assert bench.get("data")["properties"]["scaleSettings"]["autoScale"]["evaluationInterval"] == "PT6M"
    bench.drop("data")


def test_samples_and_the_next_evaluation_outlive_a_restart(bench: Bench) -> None:
    auto(bench, "again", "$TargetDedicatedNodes = 0;", evaluationInterval="PT1H")
    bench.azure.advance(1200)
    before = until(lambda: (found := samples(bench, "again")) >= 35 and found)
    first = bench.get("again")["properties"]["autoScaleRun"]["evaluationTime"]
    azure_local.down(bench.azure.folder)
    azure_local.up(bench.azure.folder, speed=SPEED)
    assert samples(bench, "again") >= before
    bench.azure.advance(3600)
    until(lambda: bench.get("again")["properties"]["autoScaleRun"]["evaluationTime"] > first)
    bench.drop("again")


def samples(bench: Bench, name: str) -> int:
    """How many samples a formula sees."""
    found = evaluate(bench, name, "n = $ActiveTasks.Count(); $TargetDedicatedNodes = 0;").results or ""
    return int(found.rsplit("=", 1)[-1])


def test_samples_are_of_a_day_at_most_and_of_this_pool_only(bench: Bench) -> None:
    auto(bench, "bounded", "$TargetDedicatedNodes = 0;", evaluationInterval="PT168H")
    bench.azure.advance(3 * 86400)
    day = 86400 // 30
    assert day - 5 <= until(lambda: (found := samples(bench, "bounded")) > 100 and found) <= day + 150
    bench.drop("bounded")
    until(lambda: "bounded" not in [pool.id for pool in bench.batch.list_pools()])
    auto(bench, "bounded", "$TargetDedicatedNodes = 0;")
    assert samples(bench, "bounded") < 100
    bench.drop("bounded")
