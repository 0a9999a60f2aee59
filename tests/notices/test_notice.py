"""What is told of an end: the same facts as JSON, as variables and in a line. Pure."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler.kinds.conversion.wording import end as end_of_conversion
from reconciler.kinds.conversion.work import Item, Work
from reconciler.kinds.tasks.wording import Counts, end
from reconciler.model import Address
from reconciler.notices.notice import Notice
from reconciler.notices.ran import Ran
from reconciler.report import End, Report
from reconciler.spec.spec import Spec, Target
from tests.cli.command import CHECKOUT

SCHEMA = Draft202012Validator(json.loads((CHECKOUT / "schemas/notification.schema.json").read_text()))
SPEC = Spec("lab", "", Target("public", "0000", "italynorth", "rg"), {"batchAccount": {"name": "ba"}})
AT = datetime(2026, 1, 31, 2, tzinfo=UTC)
TOKEN = "ghp_" + "a1B2" * 9


def notice(*ends: End, **ran: Any) -> Notice:
    work = [(Report(Address("tasks", "words"), f"it says {TOKEN}"), end) for end in ends]
    facts = Ran(anew=True, began=AT, ended=AT + timedelta(seconds=90.04))
    for task in ran.get("tasks", ()):
        facts.take({"id": "t1", "executionInfo": task}, facts.ended)
    return Notice(SPEC, "words", "words-g2", work, facts)


@pytest.mark.parametrize(
    ("ends", "tasks", "outcome", "text"),
    [
        ([End(3, 0)], [], "success", "3 tasks succeeded. More: reconcile status words"),
        ([End(1, 0, unit="inputs")], [], "success", "1 input succeeded. More: reconcile status words"),
        ([End(1_000, 2)], [], "failure", "2 of 1,002 tasks failed. More: reconcile why words"),
        ([End(3, 0, 1)], [], "failure", "3 tasks succeeded, 1 never began. More: reconcile why words"),
        (
            [End(3, 1), End(5, 0, unit="inputs")],
            [{"failureInfo": {"code": "TaskEnded", "message": "Task Was Ended by User Request"}}],
            "failure",
            "1 of 9 items failed, 1 of them cancelled. More: reconcile why words",
        ),
    ],
)
def test_a_line_says_how_it_ended(ends: list[End], tasks: list[dict[str, Any]], outcome: str, text: str) -> None:
    told = notice(*ends, tasks=tasks)
    assert told.text() == f"Job words of lab has ended: {text}"
    variables = told.variables()
    assert (variables["RECONCILE_OUTCOME"], variables["RECONCILE_SECONDS"]) == (outcome, "90.0")
    assert (variables["RECONCILE_BATCH_ACCOUNT"], variables["RECONCILE_JOB_ID"]) == ("ba", "words-g2")
    body = json.loads(told.document())
    SCHEMA.validate(body)
    for name, value in variables.items():
        key = {"JOB_ID": "jobId", "BATCH_ACCOUNT": "batchAccount", "RESOURCE_GROUP": "resourceGroup"}.get(name[10:], "")
        assert str(body[key or name[10:].lower()]) == value


@given(st.text(), st.text())
def test_whatever_others_wrote_stays_in_its_place_and_secrets_stay_out(code: str, message: str) -> None:
    failed = {"startTime": "2026-01-31T01:00:00Z", "failureInfo": {"code": code, "message": f"{message} {TOKEN}"}}
    told = notice(End(0, 1, failures={message * 50: 1, f"{'x' * 285} {TOKEN}": 2}), tasks=[failed])
    body = json.loads(told.document())
    SCHEMA.validate(body)
    assert TOKEN not in told.document()
    assert body["began"] == "2026-01-31T01:00:00Z"
    assert TOKEN[:12] not in told.document(), "nor is one cut in two"


def test_the_most_frequent_reasons_are_told_and_no_more() -> None:
    tasks = [
        {"failureInfo": {"code": "FailureExitCode"}, "exitCode": code} for code in range(1, 9) for _ in range(code)
    ]
    failures = json.loads(notice(End(0, 36), tasks=tasks).document())["failures"]
    assert [(failure["reason"], failure["count"]) for failure in failures] == [
        (f"exit code {code}", code) for code in (8, 7, 6, 5, 4)
    ]


@pytest.mark.parametrize(
    ("counts", "ended"),
    [
        (Counts(succeeded=2, failed=1), End(2, 1)),
        (Counts(succeeded=2, waiting=1, stranded=1, failed=1, held=3), End(2, 1, 4)),
        (Counts(succeeded=1, retried=2, repeated=3, obsolete=9), End(4, 2)),
        (Counts(succeeded=2, waiting=1), None),
        (Counts(succeeded=2, active=1), None),
        (Counts(succeeded=2, new=1), None),
        (Counts(succeeded=2, changed=1), None),
        (Counts(succeeded=2, leaving=1), None),
        (Counts(succeeded=2, later=("each",)), None),
    ],
)
def test_tasks_have_ended_when_none_may_run_and_none_is_to_come(counts: Counts, ended: End | None) -> None:
    assert end(counts) == ended


def test_inputs_without_a_result_count_as_failed() -> None:
    backlog = Work((Item("a", "1", "a.png"),), (), 7, ("b",), (), 0)
    ended = end_of_conversion(backlog, {}, {"decode": 1}, 1)
    assert ended == End(7, 2, unit="inputs", failures={"decode": 1, "not converted": 1})
