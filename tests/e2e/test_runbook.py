"""docs/runbook.md: each of its troubles is brought about by a test, and what it names is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import azure_local
from reconciler.diagnosis.rules import TABLE
from reconciler.kinds.monitoring.presets import PRESETS
from reconciler.model import Status
from tests.cli.command import reconcile
from tests.conftest import Azure, World, new_world

CHECKOUT = Path(__file__).parents[2]
PAGE = (CHECKOUT / "docs/runbook.md").read_text()
HERE = "tests/e2e/test_runbook.py"
TRIED = {
    "A bad input": f"{HERE}::test_an_input_that_cannot_be_converted_is_named_until_it_is_mended",
    "A start task fails": "tests/pools/test_repair.py"
    "::test_a_start_task_that_fails_everywhere_is_told_with_its_last_words_and_not_tried_over_and_over",
    "Spot nodes are taken in a wave": f"{HERE}::test_tasks_of_spot_nodes_that_are_taken_run_again",
    "The quota is used up": "tests/kinds/test_batch_quota.py"
    "::test_a_short_quota_waits_for_microsoft_and_nothing_else_waits_for_it",
    "A size is sold out": f"{HERE}::test_a_pool_that_stops_short_says_why_and_the_next_apply_asks_for_the_rest",
    "Storage is closed to its own nodes": "tests/e2e/test_prod.py::test_a_lost_endpoint_is_made_again_without_the_lock",
    "A role was removed": "tests/e2e/test_prod.py::test_a_lost_endpoint_is_made_again_without_the_lock",
    "A secret is disabled or has expired": "tests/secrets/test_fetch.py"
    "::test_a_secret_that_cannot_be_had_says_which_why_and_what_to_do",
    "The lock is held by a run that is gone": "tests/lock/test_lock.py"
    "::test_the_lock_of_a_process_that_was_killed_ends_by_itself",
    "An image or size is retired": "tests/spec/test_retired.py::test_what_azure_retires_is_told_with_its_date",
    "The budget is passed": "tests/cli/test_cost.py::test_a_plan_beyond_the_budget_is_shown_and_refused",
    "A job hangs": f"{HERE}::test_a_task_that_hangs_is_cancelled_and_run_again",
}
"""Trouble → the test that brings it about."""


@pytest.mark.parametrize("trouble", re.findall(r"^## (.+)$", PAGE, re.MULTILINE))
def test_each_trouble_is_brought_about_by_a_test(trouble: str) -> None:
    file, _, name = TRIED[trouble].partition("::")
    assert f"\ndef {name}(" in (CHECKOUT / file).read_text()


def test_every_cause_and_alert_that_it_names_is_one() -> None:
    causes = set(re.findall(r"\[([a-z]+(?:-[a-z]+)+)\]", PAGE))
    assert causes
    assert causes <= {rule.name for rule in TABLE}
    alerts = set(re.findall(r"alert `(\w+)`", PAGE))
    assert len(alerts) > 5
    assert alerts <= {*PRESETS, "serviceHealth"}


@pytest.fixture(scope="module")
def world(azure_server: Azure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A conversion, and a task that hangs, on a pool of a dedicated node and a spot one."""
    with new_world(azure_server, tmp_path_factory.mktemp("runbook")) as world:
        world.text["pools"]["pool"]["nodes"] = {"dedicated": 0, "spot": 2}
        task = {"command": "sleep 600"}
        staging = f"storage/{world.account}/scripts"
        world.text["jobs"]["slow"] = {"pool": "pools/pool", "staging": staging, "tasks": {"slow": task}}
        assert {outcome.status for outcome in world.apply().values()} == {Status.DONE}
        yield world


def say(world: World, *words: str, code: int = 0) -> str:
    done = reconcile(*words, "--spec", str(world.file))
    assert done.returncode == code, done.stderr
    return done.stdout


def trouble(world: World, what: str, **more: object) -> None:
    body = {"account": world.text["batchAccount"]["name"], "pool": "pool", **more}
    azure_local.ask(world.azure.folder, "POST", what, body)


def test_an_input_that_cannot_be_converted_is_named_until_it_is_mended(world: World) -> None:
    images = world.container("images")
    images.upload_blob("broken.jpg", b"nonsense")
    done = reconcile("apply", "--yes", str(world.file))
    assert done.returncode == 5, done.stderr
    assert "broken.jpg  not_jpeg" in done.stdout
    told = say(world, "why", "jobs/job")
    assert "why: an input cannot be converted [input-failed]\n      broken.jpg: not_jpeg, the content begins" in told
    images.upload_blob("broken.jpg", b"other nonsense", overwrite=True)
    assert "Nothing stands in its way." in say(world, "why", "jobs/job")
    images.delete_blob("broken.jpg")
    assert "Nothing stands in its way." in say(world, "why", "conversion/job")


def test_tasks_of_spot_nodes_that_are_taken_run_again(world: World) -> None:
    world.azure.run(1)
    for _ in range(2):
        trouble(world, "nodes", state="preempted", seconds=1800)
    assert "[preempted]" in say(world, "why", "jobs/slow")
    world.azure.advance(2400)
    world.azure.jump()
    (task,) = world.cloud().batch().list_tasks("slow")
    assert task.execution_info is not None
    assert task.execution_info.requeue_count, "it was put back, and is not lost"
    assert task.state in ("active", "preparing", "running")


def test_a_task_that_hangs_is_cancelled_and_run_again(world: World) -> None:
    assert "slowest: slow-" in say(world, "status", "slow")
    assert say(world, "cancel", "slow", "slow-*", "--yes").startswith("Ended 1 task of slow")
    assert "[task-ended]" in say(world, "why", "jobs/slow")
    assert say(world, "retry", "slow", "slow-*") == "1 task of slow runs again.\n"


def test_a_pool_that_stops_short_says_why_and_the_next_apply_asks_for_the_rest(world: World) -> None:
    world.text["pools"]["pool"]["nodes"]["dedicated"] = 1
    trouble(world, "allocations", times=3, message="no room for this size")
    outcome = world.apply()["pool/pool"]
    assert outcome.status is Status.FAILED
    assert "AllocationFailed: no room for this size" in str(outcome.error)
    assert "[no-capacity]\n      AllocationFailed: no room for this size" in say(world, "why", "pools/pool")
    assert world.apply()["pool/pool"].status is Status.DONE
