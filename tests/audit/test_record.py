"""A record is as its schema says, comes back as it was, has bounds and no secrets; two are compared."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler.audit import comparing, keeping, record
from reconciler.audit.record import Done, End, Entry, Place, Record, Source
from reconciler.audit.views import DifferencesView, RecordView, RunsView
from reconciler.model import Action, Address, Change, Decision, Diff, Outcome, Plan, Rule, Status, Step, Why
from tests.cli.command import CHECKOUT

SCHEMA = Draft202012Validator(json.loads((CHECKOUT / "schemas/run.schema.json").read_text()))
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
POOL, GONE, STAYS = Address("pool", "p"), Address("container", "sa/old"), Address("pool", "q")
NODES = Change("properties.nodes", 2, 3, Rule.LIVE, "nodes")
PLAN = Plan(
    "spec",
    (
        Decision(POOL, Action.UPDATE, Why.DRIFTED, "was changed outside the spec", Diff((NODES,))),
        Decision(GONE, Action.DELETE, Why.LEFT_SPEC, "is not in the spec any more"),
        Decision(STAYS, Action.NONE, Why.AS_DESIRED, ""),
    ),
    (Step("pool/p", POOL, Action.UPDATE), Step("container/sa/old", GONE, Action.DELETE)),
    {POOL: "abc", GONE: None},
)
PLACE = Place("public", "00000000-0000-0000-0000-000000000001", "rg")
SOURCE = Source("ann@build (pid 7)", "build", "https://example.com/runs/1", "ab" * 20, True, "0.1.0", "specs/a.yaml")


def begun(plan: Plan = PLAN, **more: Any) -> Record:
    return record.begun("apply", plan, PLACE, replace(SOURCE, **more), NOON)


def ended(plan: Plan = PLAN, error: str | None = None, **more: Any) -> Record:
    steps = tuple(
        record.done(Outcome(step, Status.FAILED if error else Status.DONE, 12.0, error)) for step in plan.steps
    )
    result = record.FAILED if error else record.SUCCEEDED
    end = End(NOON + timedelta(minutes=3), 180.0, result, int(bool(error)), "", steps)
    return replace(begun(plan, **more), end=end)


def text(view: Any) -> str:
    shown: str = view.text(colour=False)
    return shown


@pytest.mark.parametrize("made", [begun(), ended(), ended(error="no")])
def test_it_is_as_its_schema_says_and_comes_back_as_it_was(made: Record) -> None:
    document = record.document(made)
    SCHEMA.validate(document)
    assert record.read(json.loads(json.dumps(document))) == made
    assert keeping.parsed(json.dumps(document).encode(), made.id) == made


def test_it_names_what_changes_and_nothing_else() -> None:
    made = begun()
    assert [(each.address, each.action) for each in made.changes] == [
        ("pool/p", "update"),
        ("container/sa/old", "delete"),
    ]
    assert made.changes[0].properties == (record.Property("nodes", "2", "3"),)


@settings(max_examples=25)
@given(st.text(max_size=400), st.sampled_from([0, 1, 101]), st.integers(0, 3))
def test_texts_of_others_are_bounded_and_their_secrets_hidden(said: str, properties: int, resources: int) -> None:
    key = "AccountKey=" + "a1B2" * 20
    changes = tuple(Change(f"p{number}", said, [key, said], Rule.LIVE) for number in range(properties))
    decisions = tuple(
        Decision(Address("pool", str(number)), Action.UPDATE, Why.DIFFERS, f"{key} {said}", Diff(changes))
        for number in range(resources)
    )
    made = ended(replace(PLAN, decisions=decisions), error=key + said)
    document = record.document(made)
    SCHEMA.validate(document)
    whole = json.dumps(document)
    assert "a1B2a1B2" not in whole
    assert (len(made.changes), made.omitted) == (resources, 0)
    assert all(len(each.reason) <= record.LONGEST for each in made.changes)
    assert all(len(each.properties) + each.omitted == properties for each in made.changes)


def test_of_a_plan_with_very_many_changes_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "MOST_BYTES", 250)
    made = begun()
    assert ([each.address for each in made.changes], made.omitted) == (["pool/p"], 1)
    assert "and 1 more, for which there was no room" in text(RecordView(made))


def test_a_password_is_known_by_its_name() -> None:
    change = Change("startTask.environmentSettings.DB_PASSWORD", "before-1", "after-2", Rule.LIVE)
    plan = replace(PLAN, decisions=(Decision(POOL, Action.UPDATE, Why.DIFFERS, "", Diff((change,))),))
    whole = json.dumps(record.document(begun(plan)))
    assert "before-1" not in whole
    assert "after-2" not in whole


def test_the_digest_is_that_of_what_a_plan_does() -> None:
    assert record.digest(PLAN) == record.digest(replace(PLAN, notes=("slow today",), seconds={"pool/p": 9.0}))
    assert record.digest(PLAN) != record.digest(replace(PLAN, steps=PLAN.steps[:1]))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"version": 2}, "it is of version 2, and this reconcile knows 1; take a later reconcile"),
        ({"version": "x"}, "it is not as its schema says"),
        ({"id": "20260101T000000Z-000000"}, "it is not as its schema says; somebody else may have written it"),
        ({"begun": "2026-99-99T00:00:00Z"}, "it has a time that there is not"),
        ({"changes": [{}]}, "it is not as its schema says"),
    ],
)
def test_what_others_wrote_is_told_and_no_record(change: dict[str, Any], says: str) -> None:
    made = begun()
    content = json.dumps(record.document(made) | change).encode()
    with pytest.raises(ValueError, match=says):
        keeping.parsed(content, made.id)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b"[" * 99_999])
def test_what_is_no_json_of_ours_is_no_record(content: bytes) -> None:
    with pytest.raises(ValueError, match="it is no record of a run"):
        keeping.parsed(content, begun().id)


def test_more_keys_may_come_within_a_version() -> None:
    made = ended()
    document = record.document(made) | {"requests": 7}
    assert keeping.parsed(json.dumps(document).encode(), made.id) == made


def test_how_two_runs_differ_is_told_by_resource_and_property() -> None:
    more = replace(PLAN.decisions[0], diff=Diff((replace(NODES, after=5),)))
    other = replace(PLAN, decisions=(more,), steps=PLAN.steps[:1])
    before, after = ended(), ended(other, error="QuotaExceeded", commit="cd" * 20, dirty=False)
    found = [(each.what, each.before, each.after) for each in comparing.differences(before, after)]
    assert found == [
        ("commit", f"{'ab' * 20} with changes", "cd" * 20),
        ("result", "succeeded", "failed"),
        ("pool/p", "update, done", "update, failed"),
        ("pool/p nodes", "2 → 3", "2 → 5"),
        ("container/sa/old", "delete, done", "(none)"),
    ]
    assert comparing.differences(before, ended()) == ()
    assert "planned and did the same" in text(DifferencesView(before, before, ()))


def test_people_see_how_each_ended_and_nothing_that_moves_a_cursor() -> None:
    made, dead = ended(error="no\x1b[2J\nmore"), replace(begun(), source=replace(SOURCE, who="eve\x1b]0;x"))
    view = text(RunsView("spec", [Entry(made.id, made), Entry(dead.id, dead), Entry("x", None, "it is odd\x1b")]))
    rows = view.splitlines()
    assert "apply  failed     3 min  abababa*  ~1 -1" in rows[1]
    assert "not ended" in rows[2]
    assert "cannot be read: it is odd" in rows[3]
    whole = text(RecordView(made))
    assert "result     failed (exit code 1)" in whole
    assert "  ~ pool/p  was changed outside the spec: failed after 12 s\n      no\\x1b[2J\n      more\n" in whole
    assert "result     not ended; it goes on, or has died" in text(RecordView(dead))
    assert "\x1b" not in view + whole + text(RecordView(dead))
    assert Done("pool/p", "update", "failed", 12.0, "no\x1b[2J\nmore") in (made.end.outcomes if made.end else ())
