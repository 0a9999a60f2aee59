"""The forms in which Azure tells of resources and errors, read and written without asking it."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core import exceptions as core

from reconciler.cloud import arm, registries
from reconciler.cloud.errors import PASSING, REMEDIES, from_body, reading, tolerated, translated
from reconciler.errors import AzureError, NotRegistered, ReconcileError, Refused, SignedOut, Unreachable
from reconciler.model import Health

ASKED = "GET https://case/x"


@pytest.mark.parametrize(
    ("status", "body", "code", "text", "remedy"),
    [
        (400, {"error": {"code": "Bad", "message": "no"}}, "Bad", "no", ""),
        (400, {"code": "Bad", "message": "no"}, "Bad", "no", ""),
        (400, {"error": "no"}, "", "no", ""),
        (400, "no", "", "no message", ""),
        (400, {"error": {"code": None, "message": None}}, "", "no message", ""),
        (403, {"error": {"code": "QuotaExceeded", "message": "no"}}, "QuotaExceeded", "no", REMEDIES["QuotaExceeded"]),
        (429, {"error": {"code": "Odd", "message": "no"}}, "Odd", "no", PASSING),
        (500, {"error": {"code": "Odd", "message": "no"}}, "Odd", "no", PASSING),
        (499, {"error": {"code": "Odd", "message": "no"}}, "Odd", "no", ""),
        (400, {"code": "Bad", "message": {"value": "no\nRequestId:1\nTime:2"}}, "Bad", "no", ""),
        (400, {"code": "Bad", "message": "no", "values": [{"key": "why", "value": "so"}]}, "Bad", "no (why: so)", ""),
        (
            400,
            {"error": {"code": "Bad", "message": "no", "details": [{"code": "A", "message": "a"}, "b"]}},
            "Bad",
            "no (A: a; b)",
            "",
        ),
    ],
)
def test_an_error_is_read_in_every_form_that_azure_gives_it(
    status: int, body: Any, code: str, text: str, remedy: str
) -> None:
    error = from_body(status, body, request=ASKED)
    assert (error.status, error.code, error.message, error.remedy) == (status, code, text, remedy)
    said_enough = bool(code) and remedy != PASSING
    assert (ASKED in str(error)) is not said_enough


class Answer:
    """What the SDKs keep of an answer with an error."""

    reason = "Conflict"
    request = None

    def __init__(self, status: int, headers: dict[str, str], body: Any) -> None:
        self.status_code, self.headers, self.body = status, headers, body

    def json(self) -> Any:
        if self.body is None:
            raise ValueError("no JSON")
        return self.body

    def text(self, encoding: str | None = None) -> str:
        return ""


def raised(answer: Answer | None, message: str = "it said no\nat length") -> core.HttpResponseError:
    error = core.HttpResponseError(message, response=None)
    error.response = answer
    error.status_code = answer.status_code if answer else None
    error.reason = answer.reason if answer else None
    return error


@pytest.mark.parametrize(
    ("headers", "body", "code", "text", "request_id"),
    [
        ({"x-ms-request-id": "1", "request-id": "2"}, {"code": "A", "message": "a"}, "A", "a", "1"),
        ({"request-id": "2", "x-ms-error-code": "B"}, {"code": "A", "message": "a"}, "A", "a", "2"),
        ({"x-ms-error-code": "B"}, {"odd": 1}, "B", "Conflict", ""),
        ({"x-ms-error-code": "B"}, None, "B", "it said no", ""),
        ({}, None, "", "it said no", ""),
        ({}, {"message": "a"}, "", "a", ""),
    ],
)
def test_an_error_answer_is_known_by_its_body_or_else_by_its_headers(
    headers: dict[str, str], body: Any, code: str, text: str, request_id: str
) -> None:
    with pytest.raises(AzureError) as caught, translated():
        raise raised(Answer(409, headers, body))
    error = caught.value
    assert (error.status, error.code, error.message, error.request_id) == (409, code, text, request_id)


def test_what_never_became_an_answer_is_told_as_such() -> None:
    with pytest.raises(Unreachable, match=r"cannot reach Azure: no route; check the network"), translated():
        raise core.ServiceRequestError("no route")
    with pytest.raises(Unreachable, match=r"a request did not arrive whole: it said no; check"), translated():
        raise raised(None)
    with pytest.raises(SignedOut, match=r"AADSTS1: expired; run az login"), translated():
        raise core.ClientAuthenticationError("AADSTS1: expired.")
    with pytest.raises(ReconcileError, match="AzureError: odd"), translated():
        raise core.AzureError("odd")
    with pytest.raises(ReconcileError, match="AzureError: AzureError"), translated():
        raise core.AzureError("")


def test_the_innermost_place_of_an_error_counts_and_a_refusal_has_none() -> None:
    with pytest.raises(AzureError, match="cannot read the inner") as caught, reading("the outer"), reading("the inner"):
        raise raised(Answer(404, {}, {"code": "A", "message": "a"}))
    assert caught.value.place == "the inner"
    with pytest.raises(Refused) as refused, reading("the outer"):
        raise Refused("no")
    assert not refused.value.place


def test_only_the_named_statuses_are_tolerated() -> None:
    answer = Answer(409, {}, {"code": "A", "message": "a"})
    with tolerated(404, 409):
        raise raised(answer)
    with pytest.raises(core.HttpResponseError), tolerated(404):
        raise raised(answer)
    with tolerated(404):
        raise NotRegistered("Some.Provider")
    with pytest.raises(NotRegistered), tolerated(403):
        raise NotRegistered("Some.Provider")


@pytest.mark.parametrize(
    ("state", "health", "detail"),
    [
        (None, Health.READY, ""),
        ("Succeeded", Health.READY, ""),
        ("Failed", Health.FAILED, "failed"),
        ("Canceled", Health.FAILED, "canceled"),
        ("Updating", Health.BUSY, "updating"),
    ],
)
def test_a_state_of_provisioning_means_a_health(state: str | None, health: Health, detail: str) -> None:
    assert (arm.health(state), arm.detail(state)) == (health, detail)


def test_what_is_declared_is_laid_over_what_is_there_map_by_map() -> None:
    live = {"a": {"b": 1, "c": [1]}, "d": 4, "e": {"f": 5}}
    assert arm.declared({"a": {"b": 2}, "d": {"x": 1}, "e": 6}, live) == {
        "a": {"b": 2, "c": [1]},
        "d": {"x": 1},
        "e": 6,
    }
    assert arm.declared({"a": {"b": 2}}, None) == {"a": {"b": 2}}


def test_identities_are_read_in_one_spelling_and_written_as_a_patch_takes_them() -> None:
    assert arm.identity_ids({"userAssignedIdentities": {"/ids/B": {}, "/ids/a": {}}}) == ["/ids/a", "/ids/b"]
    assert arm.identity_ids({"userAssignedIdentities": None}) == arm.identity_ids(None) == []
    assert arm.user_assigned(["a", "b"], ["b", "c"])["userAssignedIdentities"] == {"c": None, "a": {}, "b": {}}
    assert arm.user_assigned([], ["a"]) == {"type": "None"}


DIGEST = f"sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("python", ("docker.io", "library/python", "latest")),
        ("python:3.12", ("docker.io", "library/python", "3.12")),
        ("me/tool", ("docker.io", "me/tool", "latest")),
        ("r.io/a/b:1", ("r.io", "a/b", "1")),
        ("localhost/a", ("localhost", "a", "latest")),
        ("host:5000/a:2", ("host:5000", "a", "2")),
        (f"r.io/a:1@{DIGEST}", ("r.io", "a", DIGEST)),
        (f"r.io/a@{DIGEST}", ("r.io", "a", DIGEST)),
    ],
)
def test_a_container_image_is_where_its_name_says(reference: str, parts: tuple[str, str, str]) -> None:
    assert registries.split(reference) == parts
