"""why, as people and programs use it: what it shows, names that are not there, and what cannot be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.secret import MARK
from tests.cli.command import reconcile
from tests.diagnosis import causing
from tests.local.pools import Bench, bench

__all__ = ["bench"]


@pytest.fixture(scope="module")
def spec(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The spec of an account with jobs that have failed, and some that cannot begin."""
    bench.azure.jump()
    bench.put("zero", bench.body())
    bench.pool("works", taskSlotsPerNode=4)
    causes = causing.Causes(bench)
    for name in ("exit-code", "writes-much"):
        causes.work(name, "works", causing.FAILS[name])
    causes.work("too-many-slots", "works", requiredSlots=5)
    causes.generations()
    causes.work("several", "zero")
    for name in ("t2", "b"):
        bench.task("several", name)
    for name in ("exit-code", "writes-much"):
        bench.ended(name, "t")
    yield causing.spec(bench, tmp_path_factory.mktemp("spec"))
    bench.azure.clear_faults()


def rules(told: dict[str, Any]) -> list[str]:
    return [cause["rule"] for cause in told["causes"]]


def test_people_see_the_last_lines_without_escapes_and_commands_that_fit(spec: Path) -> None:
    done = reconcile("why", "exit-code/t", "--spec", str(spec))
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "the task t of exit-code: the task failed with exit code 3.",
        "",
        "why: the task t ended with exit code 3 [exit-code]",
        *(f"      line {number}" for number in range(3, 13)),
        "  do: reconcile logs exit-code t --stderr shows all that it wrote; then: reconcile retry exit-code",
    ]


def test_of_several_tasks_that_match_one_is_to_be_named(spec: Path) -> None:
    several = reconcile("why", "several/*", "--spec", str(spec))
    message = "Error: 3 tasks of several match *; say which of t, t2, b"
    assert (several.returncode, several.stderr.splitlines()[-1]) == (4, message)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("jobs/exit-cod", "neither the spec nor the account has a job exit-cod; did you mean exit-code?"),
        ("pools/unmad", "neither the spec nor the account has a pool unmad; did you mean unmade?"),
        ("exit-code/u", "the job exit-code has no task u; it has t"),
        ("storage/x", "storage/x neither waits nor dies: say jobs/NAME, JOB/TASK or pools/NAME"),
        ("jobs/", "say jobs/NAME, JOB/TASK or pools/NAME"),
    ],
)
def test_a_name_that_is_not_there_is_told_with_the_nearest(spec: Path, address: str, message: str) -> None:
    done = reconcile("why", address, "--spec", str(spec))
    assert (done.returncode, done.stderr.splitlines()[-1]) == (4, f"Error: {message}")


def test_what_a_task_wrote_is_shown_by_its_end_and_moves_no_cursor(spec: Path) -> None:
    for shape in ("text", "json"):
        done = reconcile("why", "writes-much", "--spec", str(spec), "--format", shape)
        assert done.returncode == 0
        assert "[31mred" in done.stdout
        assert MARK in done.stdout
        assert causing.TOKEN not in done.stdout
        assert "xxx" not in done.stdout, "the beginning of a line is not shown"
        assert len(done.stdout) < 3000
        assert all(char.isprintable() or char == "\n" for char in done.stdout)


def test_what_was_made_anew_is_found_by_its_name_in_the_spec(spec: Path) -> None:
    for address, about in (("jobs/again", "the job again (again-g2)"), ("pools/again", "the pool again (again-g2)")):
        told = json.loads(reconcile("why", address, "--spec", str(spec), "--format", "json").stdout)
        assert (told["about"], rules(told)) == (about, ["no-nodes"])


@pytest.mark.parametrize("address", ["tasks/counts", "verification/unmade"])
def test_work_is_explained_by_its_own_address(spec: Path, address: str) -> None:
    done = reconcile("why", address, "--spec", str(spec), "--format", "json")
    assert rules(json.loads(done.stdout)) == ["not-made"]


def test_what_cannot_be_read_is_told_and_ends_nothing(bench: Bench, spec: Path) -> None:
    match = {"method": "GET", "path": "/jobs/too-many-slots/tasks$|/nodes$", "plane": "batch"}
    bench.azure.fault(match=match, times=2, action={"status": 403, "code": "AuthorizationFailed"})
    done = reconcile("why", "too-many-slots", "--spec", str(spec))
    bench.azure.clear_faults()
    assert done.returncode == 2
    assert done.stdout.count("\nnot read: ") == 2
    assert "not read: the nodes of the pool: AuthorizationFailed" in done.stdout


def test_a_closed_data_plane_is_one_clear_message(bench: Bench, spec: Path) -> None:
    match = {"plane": "batch"}
    bench.azure.fault(match=match, times=9, action={"status": 403, "code": "AuthorizationFailure", "message": "No."})
    for address in ("jobs/exit-code", "pools/zero"):
        done = reconcile("why", address, "--spec", str(spec))
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"Error: cannot read the {'pool' if 'pool' in address else 'job'} ")
        assert "AuthorizationFailure: No." in done.stderr
    bench.azure.clear_faults()


def test_nobody_signed_in_is_one_clear_message(spec: Path) -> None:
    done = reconcile("why", "exit-code", "--spec", str(spec), AZURE_TOKEN_CREDENTIALS="EnvironmentCredential")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert done.stderr.startswith("Error: not signed in to Azure; run az login")
