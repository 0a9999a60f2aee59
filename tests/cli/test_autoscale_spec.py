"""autoscale simulate with a pool of a spec, and autoscale trace with a live job."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from azure.batch import models

from batch_autoscale import read_csv
from reconciler.cli.tasks import history
from tests.cli.command import reconcile
from tests.conftest import World
from tests.documents import dumped, loaded
from tests.local.test_tasks import run

SCALES = {"scenario": "pending-tasks", "max": 10, "trace": {"burst": {"tasks": 40, "takes": "PT10M"}}}


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "s.yaml"
    pool = {"vmSize": "Standard_D2s_v3", "image": "ubuntu-22.04"}
    expecting = {**SCALES, "expect": {"maxNodes": 4}}
    text: dict[str, Any] = {
        "apiVersion": "reconciler/v1",
        "name": "s",
        "azure": {"cloud": "local", "location": "italynorth", "resourceGroup": "rg"},
        "batchAccount": {"name": "account"},
        "pools": {
            "scales": {**pool, "taskSlotsPerNode": 2, "nodes": {"autoscale": expecting}},
            "fixed": {**pool, "nodes": 3},
        },
    }
    path.write_text(dumped(text))
    return path


def simulate(spec: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return reconcile("autoscale", "simulate", str(spec), *arguments, cwd=spec.parent)


def test_a_pool_of_a_spec_is_tried_with_its_own_settings_and_expectations(spec: Path) -> None:
    done = simulate(spec)
    assert done.returncode == 1
    assert done.stdout.startswith(f"Pool scales of {spec}, 40 tasks\n\n")
    assert "fixed at 10" in done.stdout.splitlines()[2]
    assert done.stderr.endswith("maxNodes: the most nodes at once are 10, more than 4\n")


def test_options_go_before_the_pool(spec: Path) -> None:
    assert simulate(spec, "--max", "4", "--expect", "maxQueue=PT1H").returncode == 0
    other = simulate(spec, "--expect", "maxNodes=50", "--burst", "9", "PT5M", "--slots", "1", "--scenario", "weekend")
    assert (other.returncode, other.stderr) == (0, "")
    assert other.stdout.splitlines()[3].split() == ["tasks", "done", "9", "9"]
    assert reconcile("validate", str(spec)).returncode == 4


def test_a_pool_is_sized_for_its_tasks(spec: Path) -> None:
    sized = ("autoscale", "size", str(spec), "--deadline")
    done = reconcile(*sized, "PT1H", cwd=spec.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Pool scales of {spec}\n\n4 nodes end 40 tasks within ")
    assert "    nodes: {autoscale: {scenario: pending-tasks, max: 4}}\n" in done.stdout
    late = reconcile(*sized, "PT12M", cwd=spec.parent)
    assert late.returncode == 4
    assert "no number of nodes ends the tasks within 00:12:00" in late.stderr
    fixed = reconcile(*sized, "PT1H", "--pool", "fixed", "--burst", "9", "PT5M", "--spot", cwd=spec.parent)
    assert "max: 1, spot: true" in fixed.stdout


def test_a_pool_of_a_fixed_size_is_tried_with_another_formula(spec: Path) -> None:
    done = simulate(spec, "--pool", "fixed", "--scenario", "pending-tasks", "--max", "5", "--burst", "9", "PT5M")
    assert (done.returncode, done.stderr) == (0, "")


def test_prices_come_from_a_price_file_with_their_currency(spec: Path, tmp_path: Path) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text("currency: EUR\nsizes: {Standard_D2s_v3: {hour: 0.5, spotHour: 0.1}}\n")
    assert "A node-hour costs 0.5 EUR.\n" in simulate(spec, "--prices", str(prices)).stdout
    spot = simulate(spec, "--prices", str(prices), "--spot").stdout
    assert "A node-hour costs 0.5 EUR, a Spot node-hour 0.1 EUR.\n" in spot
    assert "A node-hour costs 2.\n" in simulate(spec, "--prices", str(prices), "--price", "2").stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--pool", "scale"), "has no pool 'scale'; did you mean scales?"),
        (("--pool", "fixed"), "pool fixed has no autoscale; say --formula or --scenario"),
        (("--formula", "f.txt", "--max", "3"), "--max, --min, --per-node and --spot are for scenarios"),
    ],
)
def test_what_a_spec_does_not_have_is_told(spec: Path, arguments: tuple[str, ...], says: str) -> None:
    (spec.parent / "f.txt").write_text("$TargetDedicatedNodes = 1;")
    done = simulate(spec, *arguments)
    assert says in done.stderr
    assert (done.returncode, done.stdout) == (4, "")


def trace(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    return reconcile("autoscale", "trace", *arguments, "--spec", str(world.file))


def test_the_tasks_of_a_live_job_are_a_trace_that_its_pool_is_tried_on(world: World, tmp_path: Path) -> None:
    del world.text["jobs"]["job"]["convert"]
    world.text["jobs"]["job"]["usesTaskDependencies"] = True
    world.text["pools"]["pool"]["taskSlotsPerNode"] = 2
    world.apply()
    batch = world.cloud().batch()
    none = trace(world, "job")
    assert (none.returncode, none.stdout) == (3, "")
    assert "job has no task that has run and ended" in none.stderr
    run(batch, "7", "/bin/sh -c 'exit 0'")
    waits = {"taskIdRanges": [{"start": 7, "end": 7}]}
    two = run(batch, "two", "/bin/sh -c 'exit 3'", requiredSlots=2, dependsOn=waits)
    batch.create_task("job", models.BatchTaskCreateOptions(id="runs", command_line="sleep 1000"))

    printed = trace(world, "job")
    assert printed.returncode == 0
    assert printed.stderr == "2 tasks of job; 1 left out, which never ran or have not ended\n"
    first, second = read_csv(printed.stdout).tasks
    assert (first.submitted, first.slots, second.slots) == (0, 1, 2)
    assert (second.id, second.after) == ("two", ("7",))
    info = two.execution_info
    assert info is not None
    assert info.start_time is not None
    assert info.end_time is not None
    assert two.creation_time is not None
    assert abs(second.duration - (info.end_time - info.start_time).total_seconds()) < 0.002
    assert printed.stdout.splitlines()[2].startswith(f"{two.creation_time:%Y-%m-%dT%H:%M:%S}.")

    text = loaded(world.file.read_text())
    text["pools"]["pool"]["nodes"] = {"autoscale": {**SCALES, "trace": "tasks.csv"}}
    tries = tmp_path / "tries.yaml"
    tries.write_text(dumped(text))
    assert "tasks.csv: No such file" in reconcile("validate", str(tries)).stderr
    written = reconcile("autoscale", "trace", "job", "--spec", str(tries), "-o", str(tmp_path / "tasks.csv"))
    assert (written.returncode, written.stdout) == (0, "")
    tried = reconcile("autoscale", "simulate", str(tries))
    assert tried.stdout.splitlines()[3].split() == ["tasks", "done", "2", "2"], tried.stderr
    missing = trace(world, "nowhere")
    assert (missing.returncode, missing.stdout) == (4, "")
    assert "has no job nowhere; it has" in missing.stderr


def test_the_pages_of_a_long_job_are_all_read(world: World) -> None:
    del world.text["jobs"]["job"]["convert"]
    world.text["pools"]["pool"]["nodes"] = 0
    world.apply()
    batch = world.cloud().batch()
    for start in range(0, 1100, 100):
        tasks = [models.BatchTaskCreateOptions(id=f"t{start + i}", command_line="/bin/true") for i in range(100)]
        batch.create_task_collection("job", models.BatchTaskGroup(task_values=tasks))
    ended, left = history(world.cloud(), "job")
    assert (ended.tasks, left) == ((), 1100)
