"""What plans cost, as a person or a pipeline asks for it."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.command import reconcile
from tests.cli.test_cli import check
from tests.conftest import World


@pytest.fixture
def spec(world: World) -> str:
    del world.text["jobs"]
    world.spec()
    return str(world.file)


def test_a_plan_tells_what_it_costs_and_asks_for_prices_once(spec: str, tmp_path: Path) -> None:
    told = reconcile("plan", spec, cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    assert "pool/pool  +$70.08/month  (nothing → 1 x Standard_D2s_v3)" in told.stdout
    assert "in all nothing now, about $70.08/month after (+$70.08)" in told.stdout
    kept = list((tmp_path / ".reconcile/prices").iterdir())
    assert [path.name.endswith("@local.json") for path in kept] == [True]
    before = kept[0].stat().st_mtime_ns
    assert reconcile("plan", spec, cwd=tmp_path).stdout == told.stdout
    assert kept[0].stat().st_mtime_ns == before
    assert "Cost:" not in reconcile("plan", spec, "--no-cost", cwd=tmp_path).stdout


def test_a_plan_as_json_has_its_cost_only_if_asked(spec: str, tmp_path: Path) -> None:
    plain = json.loads(reconcile("plan", spec, "--format", "json", cwd=tmp_path).stdout)
    check("plan", plain)
    assert "cost" not in plain
    assert not (tmp_path / ".reconcile/prices").exists()
    full = json.loads(reconcile("plan", spec, "--format", "json", "--cost", cwd=tmp_path).stdout)
    check("plan", full)
    assert full["cost"]["after"]["month"] == {"low": "70.08", "expected": "70.08", "high": "70.08"}
    own = json.loads(reconcile("cost", spec, "--format", "json", cwd=tmp_path).stdout)
    assert own == full["cost"]


def test_a_price_file_goes_before_the_price_list(spec: str, tmp_path: Path) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text("currency: EUR\nsizes: {Standard_D2s_v3: {hour: 0.1}}\n")
    told = reconcile("cost", spec, "--prices", str(path), cwd=tmp_path)
    assert "€73.00" in told.stdout
    assert "total" in told.stdout
    path.write_text("currency: EUR\n")
    assert "price unknown" in reconcile("cost", spec, "--prices", str(path), cwd=tmp_path).stdout
    path.write_text("sizes: 3\n")
    wrong = reconcile("plan", spec, "--prices", str(path), cwd=tmp_path)
    assert (wrong.returncode, "sizes must be a mapping" in wrong.stderr) == (4, True)


def test_a_plan_beyond_the_budget_is_shown_and_refused(world: World, tmp_path: Path) -> None:
    del world.text["jobs"]
    world.text["budget"] = {"maxMonthly": 70}
    world.spec()
    sentence = "after this plan the spec would cost $70.08/month, but its budget is $70.00/month"
    planned = reconcile("plan", str(world.file), cwd=tmp_path)
    assert planned.returncode == 3
    assert "Plan: " in planned.stdout
    assert sentence in planned.stderr
    applied = reconcile("apply", str(world.file), "--yes", "--no-cost", cwd=tmp_path)
    assert (applied.returncode, sentence in applied.stderr) == (3, True)
    assert "not there yet" in reconcile("plan", str(world.file), "--exclude", "pool/pool", cwd=tmp_path).stdout
    assert reconcile("destroy", str(world.file), "--yes", cwd=tmp_path).returncode == 0
    world.text["budget"] = {"maxMonthly": 71}
    world.spec()
    assert reconcile("plan", str(world.file), cwd=tmp_path).returncode == 0


def test_a_price_list_that_fails_does_not_fail_a_plan(spec: str, world: World, tmp_path: Path) -> None:
    world.azure.fault(match={"plane": "prices"}, action={"drop": True})
    told = reconcile("plan", spec, cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    assert "price unknown: the price of Standard_D2s_v3" in told.stdout
    assert "some prices are missing: 127.0.0.1 cannot be reached" in told.stdout


def test_a_wrong_budget_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    azure = "azure: {cloud: local, location: italynorth, resourceGroup: rg}"
    path.write_text(f"apiVersion: reconciler/v1\nname: x\n{azure}\nbudget: {{maxMonthly: -1}}\n")
    told = reconcile("validate", str(path), cwd=tmp_path)
    assert told.returncode == 4
    assert f"{path}:4:22 budget.maxMonthly: is -1; it must be at least 0" in told.stderr


def measured(world: World, place: str, job: str) -> None:
    """Telemetry of a quiet machine, beside that of a busy one while no task ran."""
    cloud = world.cloud()
    whole = {"cores": 2, "memory": 1e9, "memoryTotal": 8e9}
    for task in cloud.batch().list_tasks(job):
        ran = task.as_dict()
        begun, ended = (datetime.fromisoformat(ran["executionInfo"][name]) for name in ("startTime", "endTime"))
        node, middle = ran["nodeInfo"]["nodeId"], begun.timestamp() + (ended - begun).total_seconds() / 2
        samples = [{"t": middle, "cpu": 0.3, **whole}, {"t": middle - 600, "cpu": 1.0, **whole, "memory": 8e9}]
        lines = "".join(f"{json.dumps(sample)}\n" for sample in samples)
        window = datetime.fromtimestamp(middle // 300 * 300, UTC).strftime("%Y-%m-%dT%H-%M")
        name = f"{cloud.account}/pools/pool/telemetry/{window}/{node}.jsonl.gz"
        cloud.container(place).upload_blob(name, gzip.compress(lines.encode()), overwrite=True)


def test_what_ran_is_told_by_job_and_what_would_cost_less(world: World, tmp_path: Path) -> None:
    staging = f"storage/{world.account}/scripts"
    sweep = {"n": {"from": 1, "to": 3}}
    world.text["pools"]["pool"]["nodes"] = 2
    world.text["jobs"] = {
        "work": {"pool": "pools/pool", "staging": staging, "tasks": {"a": {"sweep": sweep, "command": "echo {{n}}"}}}
    }
    contacts = {"threshold": 80, "contactEmails": ["team@example.org"]}
    world.text["budgets"] = {"month": {"amount": 5, "notifications": {"most": contacts}}}
    world.apply(poll_seconds=0.05)
    world.azure.advance(8 * 3600)
    spec = str(world.file)
    told = json.loads(reconcile("cost", spec, "--since", "1d", "--format", "json", cwd=tmp_path).stdout)
    (pool,) = told["pools"]
    (job,) = pool["jobs"]
    assert job["job"] == "work"
    assert 10 < pool["nodeHours"] < 2 * 8
    assert 0 < job["nodeHours"] < 2
    assert job["nodeHours"] + pool["rest"]["nodeHours"] == pytest.approx(pool["nodeHours"], abs=0.001)
    assert float(pool["amount"]["low"]) == pytest.approx(pool["nodeHours"] * 0.096, abs=0.001)

    world.text["pools"]["pool"] |= {"startTask": {"commandLine": "true", "elevationLevel": "Admin"}}
    world.text["pools"]["pool"]["telemetry"] = {"to": staging}
    world.spec()
    measured(world, staging, "work")
    assert "pool/pool  taskSlotsPerNode: 2" in reconcile("cost", spec, "--suggest", cwd=tmp_path).stdout

    world.text["pools"]["pool"]["nodes"] = 0
    world.text["jobs"] = {}
    world.apply(poll_seconds=0.05)
    gone = json.loads(reconcile("cost", str(world.file), "--since", "1d", "--format", "json", cwd=tmp_path).stdout)
    assert gone["pools"][0]["nodeHours"] >= pool["nodeHours"]
    assert " USD spent of 5 monthly" in reconcile("status", spec, cwd=tmp_path).stdout
    less = reconcile("cost", spec, "--suggest", cwd=tmp_path)
    assert "pool/pool  idle: {after: PT1H}  saves up to $" in less.stdout
    early = reconcile("cost", spec, "--since", "2h", cwd=tmp_path)
    assert (early.returncode, "must be 3h or more" in early.stderr) == (4, True)
    other = reconcile("cost", spec, "--format", "markdown", cwd=tmp_path)
    assert (other.returncode, "is for --since and --suggest" in other.stderr) == (4, True)
