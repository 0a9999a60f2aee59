"""The questions of an explanation: bounded in number, and none that fails ends it."""

from __future__ import annotations

import pytest

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.endpoints import Endpoints
from reconciler.diagnosis.asking import MOST, Asking
from reconciler.errors import AzureError, SignedOut
from reconciler.spec.spec import Target


@pytest.fixture
def asking() -> Asking:
    endpoints = Endpoints("https://nowhere.invalid", poll_seconds=1, role_propagation=1)
    return Asking(Cloud(Target("public", "s", "italynorth", "rg"), "me", "ba", endpoints))


def refused(status: int) -> str:
    raise AzureError(status, "Refused", "no")


def test_no_more_is_asked_than_is_allowed_and_what_was_not_is_told(asking: Asking) -> None:
    told = asking.all({f"the {number}": (5, lambda: "read") for number in range(3)})
    assert told == {"the 0": "read", "the 1": "read"}
    assert (asking.left, asking.unread) == (MOST - 10, {"the 2": "12 requests were made already"})


def test_what_fails_is_told_with_its_reason_and_what_is_not_there_is_not(asking: Asking) -> None:
    questions = {"the a": (1, lambda: refused(403)), "the b": (1, lambda: refused(404)), "the c": (1, lambda: "c")}
    assert asking.all(questions) == {"the a": None, "the b": None, "the c": "c"}
    assert asking.unread == {"the a": "Refused: no"}


def test_that_nobody_is_signed_in_ends_it(asking: Asking) -> None:
    def ask() -> str:
        raise SignedOut("nobody")

    with pytest.raises(SignedOut):
        asking.one("the a", ask)
