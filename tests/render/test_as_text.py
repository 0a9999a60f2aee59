"""What a person reads, compared with golden files (UPDATE_GOLDEN=1 writes them anew)."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.conversion import tables
from reconciler.kinds.conversion.records import Failed, Result
from reconciler.model import (
    Action,
    Address,
    Change,
    Decision,
    Diff,
    Health,
    Observed,
    Outcome,
    Plan,
    Rule,
    Status,
    Step,
    Why,
)
from reconciler.render import as_json, as_text, plain
from reconciler.report import Report, Table

GOLDEN = Path(__file__).parents[1] / "golden"


def golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text + "\n")
    assert text + "\n" == path.read_text()


WHY = {
    Action.NONE: Why.AS_DESIRED,
    Action.CREATE: Why.ABSENT,
    Action.UPDATE: Why.DIFFERS,
    Action.REPLACE: Why.DIFFERS,
    Action.DELETE: Why.LEFT_SPEC,
    Action.DEFER: Why.OCCUPIED,
    Action.REFUSE: Why.FOREIGN,
    Action.WAIT: Why.BUSY,
    Action.UNKNOWN: Why.UNREADABLE,
    Action.KEEP: Why.NEEDED,
}


def decision(address: str, action: Action, reason: str, *changes: Change) -> Decision:
    summarised = address.startswith("conversion/")
    return Decision(Address.parse(address), action, WHY[action], reason, Diff(changes), summarised)


EVERYTHING = Plan(
    "demo",
    (
        decision("resource_group/rg", Action.NONE, "as desired"),
        decision(
            "storage_account/sa",
            Action.CREATE,
            "not there yet",
            Change("location", None, "italynorth", Rule.LIVE, "location"),
            Change("sku.name", None, "Standard_LRS", Rule.LIVE, "sku"),
            *(Change(f"tags.t{number:02}", None, "x", Rule.LIVE, f"tags.t{number:02}") for number in range(15)),
        ),
        decision(
            "pool/prod",
            Action.UPDATE,
            "differs from the spec",
            Change("properties.scaleSettings.fixedScale.targetDedicatedNodes", 1, 5, Rule.LIVE, "nodes.dedicated"),
            Change(
                "properties.startTask.commandLine", None, "echo " + "x" * 100, Rule.NEW_NODES, "startTask.commandLine"
            ),
            Change(
                "identity[0]",
                "/subscriptions/s/identities/id-a" + "a" * 40,
                "/subscriptions/s/identities/id-b",
                Rule.WHEN_EMPTY,
                "identity",
            ),
        ),
        decision("pool/old", Action.DELETE, "left the spec (with 2 nodes, 1 of them running tasks)"),
        replace(decision("container/sa/old", Action.DELETE, "left the spec"), goes="1,204 blobs (3.1 GB)"),
        decision("registry/acr", Action.KEEP, "stays: needed by pool/prod, which is protected"),
        decision("pool/big", Action.DEFER, "needs an empty pool, but it holds 3 nodes; scale it to 0 first"),
        replace(
            decision(
                "job/again",
                Action.REPLACE,
                "differs from the spec",
                Change("displayName", "a", "b", Rule.REPLACE, "displayName"),
            ),
            goes="3 running tasks, the records of 40 ended tasks; to keep them, leave displayName as it is",
        ),
        replace(
            decision(
                "job/moved",
                Action.UPDATE,
                "differs from the spec",
                Change("poolInfo.poolId", "a", "b", Rule.LIVE, "pool"),
            ),
            disturbs="2 waiting tasks wait until it has moved",
        ),
        decision("identity/theirs", Action.REFUSE, "belongs to the spec 'other'"),
        decision("pool/booting", Action.WAIT, "in progress: 1 of 2 nodes ready, 1 starting"),
        decision(
            "conversion/job", Action.UPDATE, "188 of 5,000 to convert", Change("pending", 188, 0, Rule.LIVE, "pending")
        ),
        decision("conversion/closed", Action.UNKNOWN, "cannot read the blobs of sa: AuthorizationFailure: no"),
        decision("conversion/too", Action.UNKNOWN, "cannot read the blobs of sa: AuthorizationFailure: no"),
        replace(decision("identity/id", Action.KEEP, "stays: the pools of ba could not be read"), why=Why.UNREADABLE),
        replace(decision("identity/too", Action.KEEP, "stays: the pools of ba could not be read"), why=Why.UNREADABLE),
        decision("job/evil\x1b[2J", Action.CREATE, "line\nbreak"),
    ),
    (Step("storage_account/sa", Address("storage_account", "sa"), Action.CREATE),),
    {Address("storage_account", "sa"): None},
)


def test_a_plan_is_read_at_a_glance() -> None:
    golden("plan.txt", as_text.plan(EVERYTHING))
    golden("plan-colour.txt", as_text.plan(EVERYTHING, colour=True))
    golden("plan-wire.txt", as_text.plan(EVERYTHING, wire=True))


def test_an_empty_plan_says_so() -> None:
    empty = Plan("demo", (decision("pool/a", Action.NONE, "as desired"),), (), {})
    assert as_text.plan(empty) == "Nothing to do: 1 resource as desired."


def test_outcomes_end_with_the_trouble() -> None:
    step = Step("pool/a", Address("pool", "a"), Action.CREATE)
    other = Step("job/b", Address("job", "b"), Action.CREATE, ("pool/a",))
    found = (
        Outcome(step, Status.FAILED, 2.0, "cannot create pool/a: QuotaExceeded: no"),
        Outcome(other, Status.SKIPPED, 0.0, "pool/a was failed"),
    )
    golden("outcomes.txt", as_text.outcomes(found))


def test_a_cause_that_several_steps_share_is_told_once() -> None:
    steps = [Step(f"pool/{name}", Address("pool", name), Action.CREATE) for name in "ab"]
    signed_out = [Outcome(step, Status.FAILED, 1.0, "not signed in to Azure; run az login") for step in steps]
    quota = [Outcome(step, Status.FAILED, 1.0, f"cannot create {step.address}: QuotaExceeded: no") for step in steps]
    for found in (signed_out, quota):
        told = as_text.outcomes(found).splitlines()
        assert told == ["  failed pool/a", f"      {found[0].error}", *LAST]


LAST = ["  failed pool/b", "      for the same reason as pool/a", "Apply: 2 failed."]


def test_results_are_a_table_with_a_sum() -> None:
    one = Result("t-0", 9, 1, (), 1_000_000, 2_000_000, 3.0)
    two = replace(one, task="t-1", failed=(Failed("x", "1", "corrupt", "cut"),), seconds=4.5)
    golden("results.txt", as_text.grid(tables.results([one, two])))


def test_a_plan_as_json_reads_back() -> None:
    golden("plan.json", as_json.plan(EVERYTHING))
    assert as_json.read(as_json.plan(EVERYTHING)) == EVERYTHING


@given(st.text())
def test_no_name_reaches_the_terminal_with_control_characters(name: str) -> None:
    assert plain.clean(name).isprintable()


def test_a_report_says_what_it_is_about_and_its_tables_follow() -> None:
    address = Address("conversion", "j")
    table = Table(("CODE",), (("a\x1bb",),), "failed")
    assert as_text.report(Report(address)) == "conversion/j:"
    assert as_text.report(Report(address, "all done", (table,))) == "conversion/j: all done\nfailed:\nCODE\na\\x1bb"


def test_a_plan_of_another_version_is_not_read() -> None:
    text = as_json.plan(EVERYTHING).replace('"version": 1', '"version": 99', 1)
    with pytest.raises(ValueError, match="version 99; version 1 is understood"):
        as_json.read(text)


@pytest.mark.parametrize(
    ("health", "well"),
    [(Health.READY, True), (Health.BUSY, True), (Health.FAILED, False), (Health.UNKNOWN, False)],
)
def test_what_has_failed_or_cannot_be_read_is_not_healthy(health: Health, well: bool) -> None:
    ready = Observed(Address("pool", "p"), "p", {})
    assert as_text.healthy([ready, replace(ready, health=health)]) is well
