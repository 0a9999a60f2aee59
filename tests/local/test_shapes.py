"""The shapes that bodies are read with: durations, choices and both planes' spelling."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from azure_local.batch.shapes import Choice, Duration, Many, Number, Record, Span, Text, seconds, spelled
from azure_local.http import Failure

SHAPE = Record(
    "Thing",
    {"nodeAgentSkuId": Text(), "caching": Choice(("None", "ReadOnly")), "secret": Text(secret=True), "n": Number(1, 3)},
    ("n",),
    {"nodeAgentSkuId": "nodeAgentSKUId"},
    ("state",),
)


@pytest.mark.parametrize(
    ("written", "kept"),
    [("PT06M00S", "PT6M"), ("PT90S", "PT1M30S"), ("P1DT0H", "P1D"), ("PT0S", "PT0S"), ("PT0.5S", "PT0.5S")],
)
def test_a_duration_is_kept_in_its_shortest_spelling(written: str, kept: str) -> None:
    assert Duration().read(written, "x") == kept


@given(some.integers(0, 10**9))
def test_a_spelt_duration_means_the_same(number: int) -> None:
    assert seconds(spelled(number)) == number


def test_a_span_is_kept_as_written_and_no_other_text_is_one() -> None:
    longest = "P10675199DT2H48M5.4775807S"
    assert Span().read(longest, "x") == longest
    for wrong in ("", "P", "PT", "1h", "PT5"):
        with pytest.raises(Failure):
            Span().read(wrong, "x")


def test_null_is_no_value_and_readonly_members_are_dropped() -> None:
    assert SHAPE.read({"n": 1, "caching": None, "state": "Active"}, "x") == {"n": 1}


def test_each_plane_spells_in_its_own_way() -> None:
    arm = SHAPE.read({"n": 1, "caching": "readonly", "nodeAgentSkuId": "a"}, "x")
    assert arm["caching"] == "ReadOnly"
    told = SHAPE.told(arm)
    assert told == {"n": 1, "caching": "readonly", "nodeAgentSKUId": "a"}
    assert SHAPE.read(SHAPE.heard(told), "x") == arm
    with pytest.raises(Failure):
        SHAPE.heard({"nodeAgentSkuId": "a"})


def test_secrets_are_not_shown() -> None:
    assert Many(SHAPE).shown([{"n": 1, "secret": "s"}]) == [{"n": 1}]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({}, "MissingRequiredProperty"),
        ({"n": None}, "MissingRequiredProperty"),
        ({"n": True}, "InvalidRequestBody"),
        ({"n": 4}, "InvalidPropertyValue"),
        ({"n": 1, "other": 1}, "InvalidRequestBody"),
        ([], "InvalidRequestBody"),
    ],
)
def test_what_does_not_fit_is_refused(wrong: Any, code: str) -> None:
    with pytest.raises(Failure) as failure:
        SHAPE.read(wrong, "thing")
    assert failure.value.code == code
