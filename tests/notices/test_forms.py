"""What is sent of plans and runs: three forms, bounded, with nothing in them that those who wrote parts could use."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler.audit import record as records
from reconciler.audit.record import Changed, End, Record
from reconciler.model import Status
from reconciler.notices import forms, message
from tests.audit.test_record import NOON, begun, ended
from tests.cli.command import CHECKOUT

SCHEMA = Draft202012Validator(json.loads((CHECKOUT / "schemas/notice.schema.json").read_text()))
GOLDEN = CHECKOUT / "tests/golden"
HOSTILE = "<!channel> <https://evil.example|ok> & *b* `c` [x](https://evil.example) {{DATE(2020-01-01)}} \x1b[2J\n# h"


def fixed(record: Record) -> Record:
    return replace(record, id="20261127T120000Z-abcdef")


CASES = {
    "drift": (message.DRIFT, begun()),
    "approval": (message.APPROVAL, replace(begun(), saved="12" * 32)),
    "done": (message.DONE, ended()),
    "failure": (message.FAILURE, ended(error="QuotaExceeded: no <cores> left & `none` to come")),
}


@pytest.mark.parametrize("template", forms.FORMS)
def test_each_form_of_each_event_is_as_it_was_reviewed(template: str) -> None:
    sent = {
        name: json.loads(forms.payload(template, message.message(event, fixed(record))))
        for name, (event, record) in CASES.items()
    }
    text = json.dumps(sent, indent=2, ensure_ascii=False) + "\n"
    path = GOLDEN / f"notice-{template}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("name", CASES)
def test_programs_get_what_the_schema_says(name: str) -> None:
    event, record = CASES[name]
    SCHEMA.validate(json.loads(forms.payload("generic", message.message(event, record))))


def hostile(said: str, resources: int) -> Record:
    changes = tuple(Changed(f"pool/{number}", "update", "differs", said) for number in range(resources))
    source = replace(begun().source, who=said, file=said, commit="")
    outcomes = tuple(records.Done(each.address, "update", "failed", 1.0, said) for each in changes)
    end = End(NOON + timedelta(1), 60.0, records.FAILED, 1, said, outcomes)
    return replace(begun(), changes=changes, source=source, spec=said or "x", end=end)


@settings(max_examples=15)
@given(
    st.text(max_size=200).map(lambda text: text + HOSTILE) | st.sampled_from([HOSTILE * 30, "&" * 999]),
    st.sampled_from([0, 3, 20]),
)
def test_what_others_wrote_stays_text(said: str, resources: int) -> None:
    for event in (message.DRIFT, message.APPROVAL, message.FAILURE, message.DONE):
        made = message.message(event, hostile(said, resources))
        card = forms.teams(made)["attachments"][0]["content"]
        assert len(json.dumps(card)) < 28_000, "Teams takes 28 KB"
        texts = [run["text"] for block in card["body"] for run in block["inlines"]] + [card["fallbackText"]]
        assert {block["type"] for block in card["body"]} == {"RichTextBlock"}, "text runs know no markdown"
        assert not any("{{" in text or "\x1b" in text or "\n" in text for text in texts)
        blocks = forms.slack(made)["blocks"]
        assert all(len(block["text"]["text"]) <= 3_000 for block in blocks if "text" in block)
        assert len(blocks[0]["text"]["text"]) <= 150
        for block in blocks[1:]:
            if block["type"] == "section":
                inert(block["text"])
        assert "<" not in forms.slack(made)["text"]
        SCHEMA.validate(forms.generic(made))


def inert(text: dict[str, Any]) -> None:
    """All of the text but names of ours is in code that nothing inside ends, and that has no control characters."""
    assert (text["type"], text["verbatim"]) == ("mrkdwn", True)
    assert "<" not in text["text"]
    assert ">" not in text["text"]
    assert text["text"].replace("```", "").count("`") % 2 == 0


def test_no_value_of_a_property_is_sent() -> None:
    one = records.Property("nodes", "secret-before", "secret-after")
    record = replace(begun(), changes=(Changed("pool/p", "update", "differs", "differs", (one,)),))
    for template in forms.FORMS:
        sent = forms.payload(template, message.message(message.DRIFT, record))
        assert "nodes" in sent
        assert "secret" not in sent


def test_the_same_state_is_the_same_and_another_is_not() -> None:
    assert message.state(message.DRIFT, begun()) == message.state(message.DRIFT, replace(begun(), saved="ab"))
    assert message.state(message.APPROVAL, begun()) != message.state(message.APPROVAL, replace(begun(), saved="ab"))
    other = replace(begun(), changes=begun().changes[:1])
    assert message.state(message.DRIFT, begun()) != message.state(message.DRIFT, other)
    failed = ended(error="a, request id 1")
    assert message.state(message.FAILURE, failed) == message.state(message.FAILURE, ended(error="b, request id 2"))
    assert message.state(message.DONE, ended()) == "", "each is told"


@pytest.mark.parametrize(
    ("result", "says"),
    [
        (records.SUCCEEDED, "The apply of spec is done: 1 updated, 1 deleted"),
        (records.PENDING, "The apply of spec is done: 1 updated, 1 deleted; some is left to do"),
        (records.LACKING, "The apply of spec is done, but some of its work failed"),
        (records.INTERRUPTED, "The apply of spec was interrupted"),
        (records.LOCK_LOST, "The apply of spec stopped, as it lost its lock"),
        (records.REFUSED, "The apply of spec was refused"),
    ],
)
def test_a_title_says_how_a_run_ended(result: str, says: str) -> None:
    record = ended()
    assert record.end is not None
    assert {each.status for each in record.end.outcomes} == {str(Status.DONE)}
    record = replace(record, end=replace(record.end, result=result))
    assert message.message(message.of_run(record), record).title == says
