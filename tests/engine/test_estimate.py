"""How long a plan will take, and what runs leave for the next estimate."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.cli import journal
from reconciler.engine import estimate
from reconciler.events import Event, RunStarted, StepFinished, StepLogged, StepWaiting
from reconciler.model import Action, Address, Change, Decision, Diff, Outcome, Plan, Rule, Status, Step, Why
from reconciler.render import as_text


def step(name: str, *after: str) -> Step:
    return Step(name, Address.parse(name), Action.CREATE, after)


def plan(*steps: Step, **seconds: float) -> Plan:
    timed = {one.id: seconds[one.address.name] for one in steps}
    return Plan("s", (), steps, {}, seconds=timed)


def test_pools_of_one_image_are_made_side_by_side() -> None:
    made = plan(
        step("account/a"),
        step("image/i"),
        *(step(f"pool/{name}", "image/i", "account/a") for name in "pqr"),
        a=60,
        i=1500,
        p=300,
        q=300,
        r=290,
    )
    seconds, way = estimate.critical_path(made)
    assert seconds == 1800
    assert way[0] == "image/i"
    shown = as_text.plan(made, (seconds, way))
    assert shown.splitlines()[-1].startswith("About 30 min: image/i 25 min → pool/")


def test_an_empty_plan_takes_no_time() -> None:
    assert estimate.critical_path(plan()) == (0.0, ())


def test_the_dearest_change_is_part_of_what_is_remembered() -> None:
    address = Address.parse("image_version/i")
    change = Change("version", "1.0.0", "1.0.1", Rule.NEW_VERSION)
    built = Decision(address, Action.UPDATE, Why.DIFFERS, "", Diff((change,)))
    tagged = replace(built, diff=Diff((replace(change, rule=Rule.LIVE),)))
    assert estimate.key(built) == "update new_version image_version/i"
    assert estimate.key(tagged) == "update live image_version/i"


def test_the_journal_keeps_times_and_logs(tmp_path: Path) -> None:
    one = step("image_version/i")
    told = journal.Journal("s", lambda event: None, {one.id: "create image_version/i"}, tmp_path)
    told(StepWaiting(one, "building 1.0.0: docker (4 of 9)"))
    told(StepWaiting(one, "building 1.0.0: docker (4 of 9)"))
    told(StepLogged(one, "02-docker", "Docker 27\n"))
    for seconds in (100.0, 300.0, 200.0):
        told(StepFinished(Outcome(one, Status.DONE, seconds)))
    told(StepFinished(Outcome(one, Status.FAILED, 1.0, "no")))
    assert journal.history("s", tmp_path) == {"create image_version/i": 200.0}
    assert journal.history("other", tmp_path) == {}
    logs = journal.latest("s", one.address, tmp_path)
    assert logs["02-docker"] == "Docker 27\n"
    assert logs["progress"].count("docker (4 of 9)") == 1
    assert "failed after 1 s: no" in logs["progress"]


def test_a_run_notes_the_ends_of_its_own_logs_only(tmp_path: Path) -> None:
    one = step("image_version/i")
    told = journal.Journal("s", lambda event: None, {}, tmp_path)
    told(StepLogged(one, "02-docker", "Docker 27\n"))
    told(RunStarted(plan()))
    told(StepFinished(Outcome(one, Status.DONE, 5.0)))
    assert "done after" not in journal.latest("s", one.address, tmp_path)["progress"]


def test_a_name_cannot_leave_the_folder_of_logs(tmp_path: Path) -> None:
    one = Step("x", Address("image_version", "../../../escape"), Action.CREATE)
    told = journal.Journal("../s", lambda event: None, {}, tmp_path / "here")
    told(StepLogged(one, "../../x", "text"))
    assert [path for path in tmp_path.rglob("*.log") if not path.is_relative_to(tmp_path / "here")] == []


@pytest.mark.parametrize("text", ["{", "[]", "7", '{"s": [1]}', '{"s": {"x": "soon"}}', '{"s": {"x": []}}'])
def test_a_history_that_is_none_counts_as_no_history(tmp_path: Path, text: str) -> None:
    (tmp_path / "history.json").write_text(text)
    assert journal.history("s", tmp_path) == {}


def test_a_folder_that_cannot_be_written_is_told_once_and_the_events_go_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    one = step("image_version/i")
    heard: list[Event] = []
    told: list[str] = []
    made = journal.Journal("s", heard.append, {one.id: "k"}, tmp_path / "file", warn=told.append)
    for _ in range(3):
        made(StepLogged(one, "02-docker", "text"))
        made(StepFinished(Outcome(one, Status.DONE, 1.0)))
    assert len(heard) == 6
    assert told == [f"cannot write to {tmp_path / 'file'}: Not a directory; this run leaves no logs and no times there"]


def test_runs_in_one_folder_write_their_times_side_by_side(tmp_path: Path) -> None:
    one = step("image_version/i")
    told: list[str] = []

    def run(number: int) -> None:
        made = journal.Journal("s", lambda event: None, {one.id: f"k{number}"}, tmp_path, warn=told.append)
        for _ in range(20):
            made(StepLogged(one, "x", "text"))
            made(StepFinished(Outcome(one, Status.DONE, 1.0)))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(run, range(8)))
    assert told == []
    assert journal.history("s", tmp_path)
    assert [path.name for path in tmp_path.glob("history*")] == ["history.json"]
