"""The shapes that bodies are fitted to: durations, words, limits, secrets, and both spellings of a pool."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from azure_local.batch import schema
from azure_local.batch.shapes import between, interval, refusal, seconds, spelled
from azure_local.http import Failure
from azure_local.shapes import Shapes

TABLE = {
    "Thing": {
        "nodeAgentSkuId": "string",
        "caching": {"enum": ["None", "ReadOnly"]},
        "secret": {"type": "string", "secret": True},
        "n": "integer",
        "percent": {"type": "integer", "min": 5, "max": 100},
        "name": {"type": "string", "max": 3, "pattern": "^[a-z]*$"},
        "span": "duration",
        "wait": "duration",
        "things": ["#Thing"],
        "tags": {"*": "string"},
        "state": None,
        "!": ["n"],
    },
}
SHAPES = Shapes(TABLE, refusal, {"Thing.n": between(1, 3), "Thing.wait": interval()}, exact=True)


def fitted(**members: Any) -> dict[str, Any]:
    return SHAPES.fitted("Thing", {"n": 1, **members}, "x")


@pytest.mark.parametrize(
    ("written", "kept"),
    [("PT06M00S", "PT6M"), ("PT90S", "PT1M30S"), ("P1DT0H", "P1D"), ("PT0S", "PT0S"), ("PT0.5S", "PT0.5S")],
)
def test_a_duration_is_kept_in_its_shortest_spelling(written: str, kept: str) -> None:
    assert fitted(wait=written)["wait"] == kept


@given(some.integers(0, 10**9))
def test_a_spelt_duration_means_the_same(number: int) -> None:
    assert seconds(spelled(number)) == number


def test_a_span_is_kept_as_written_and_no_other_text_is_one() -> None:
    longest = "P10675199DT2H48M5.4775807S"
    assert fitted(span=longest)["span"] == longest
    for wrong in ("", "P", "PT", "1h", "PT5"):
        with pytest.raises(Failure):
            fitted(span=wrong)


def test_null_is_no_value_and_readonly_members_are_dropped() -> None:
    assert fitted(caching=None, state="Active") == {"n": 1}


def test_each_plane_spells_in_its_own_way() -> None:
    machine: dict[str, Any] = {
        "nodeAgentSkuId": "a",
        "imageReference": {"id": "/i"},
        "osDisk": {"caching": "ReadOnly", "managedDisk": {"storageAccountType": "Premium_LRS"}},
    }
    name = "VirtualMachineConfiguration"
    arm = schema.SHAPES.fitted(name, {**machine, "osDisk": {**machine["osDisk"], "caching": "readonly"}})
    assert arm["osDisk"]["caching"] == "ReadOnly"
    told = schema.told(name, arm, name)
    assert told == {
        "nodeAgentSKUId": "a",
        "imageReference": {"virtualMachineImageId": "/i"},
        "osDisk": {"caching": "readonly", "managedDisk": {"storageAccountType": "premium_lrs"}},
    }
    assert schema.heard(name, schema.DATA.fitted(name, told), name) == arm
    with pytest.raises(Failure):
        schema.DATA.fitted(name, {**told, "nodeAgentSkuId": "a"})


def test_secrets_are_not_shown() -> None:
    thing = fitted(things=[{"n": 1, "secret": "s"}], secret="s")
    assert SHAPES.shown("Thing", thing) == {"n": 1, "things": [{"n": 1}]}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({}, "MissingRequiredProperty"),
        ({"n": None}, "MissingRequiredProperty"),
        ({"n": True}, "InvalidRequestBody"),
        ({"n": 4}, "InvalidPropertyValue"),
        ({"n": 1, "other": 1}, "InvalidRequestBody"),
        ({"n": 1, "N": 1}, "InvalidRequestBody"),
        ({"n": 1, "caching": "Sometimes"}, "InvalidPropertyValue"),
        ({"n": 1, "percent": 4}, "InvalidPropertyValue"),
        ({"n": 1, "name": "abcd"}, "InvalidPropertyValue"),
        ({"n": 1, "name": "A"}, "InvalidPropertyValue"),
        ({"n": 1, "things": {}}, "InvalidRequestBody"),
        ({"n": 1, "tags": {"a": 1}}, "InvalidRequestBody"),
        ([], "InvalidRequestBody"),
    ],
)
def test_what_does_not_fit_is_refused(wrong: Any, code: str) -> None:
    with pytest.raises(Failure) as failure:
        SHAPES.fitted("Thing", wrong, "thing")
    assert failure.value.code == code
