"""The `$filter` of lists on the Batch data plane."""

from __future__ import annotations

import pytest

from azure_local.batch.data.filters import condition
from azure_local.http import Failure

JOB = {
    "id": "verify-a",
    "state": "active",
    "stateTransitionTime": "2026-06-01T12:00:00.5000000Z",
    "executionInfo": {"poolId": "p", "exitCode": 3},
}


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("startswith(id,'verify-')", True),
        ("startswith(id, 'other')", False),
        ("(startswith(id,'verify-')) and (state eq 'active')", True),
        ("state eq 'active' and startswith(id,'x')", False),
        ("(state ne 'completed')", True),
        ("executionInfo/poolId eq 'p'", True),
        ("", True),
        ("state eq 'completed' or startswith(id,'VERIFY')", True),
        ("state eq 'x' or id eq 'verify-a' and state eq 'active'", True),
        ("(state eq 'x' or id eq 'verify-a') and state ne 'active'", False),
        ("id eq 'verify-a''s'", False),
        ("state eq 'Active'", True),
        ("id ge 'verify' and id lt 'verifz'", True),
        ("executionInfo/exitCode gt 2", True),
        ("executionInfo/exitCode gt 10", False),
        ("stateTransitionTime ge DateTime'2026-06-01T12:00:00.5Z'", True),
        ("stateTransitionTime gt datetime'2026-06-01T12:00:00.500000Z'", False),
        ("stateTransitionTime lt DateTime'2026-06-01T14:00:01+02:00'", True),
        ("executionInfo/endTime le DateTime'2099-01-01T00:00:00Z'", False),
        ("executionInfo/endTime ne DateTime'2099-01-01T00:00:00Z'", True),
    ],
)
def test_a_filter_chooses(text: str, fits: bool) -> None:
    assert condition(text)(JOB) is fits


@pytest.mark.parametrize(
    "text",
    [
        "contains(id,'a')",
        "state gt 'active'",
        "stateTransitionTime ge '2026-06-01T12:00:00Z'",
        "stateTransitionTime ge DateTime'yesterday'",
        "id eq DateTime'2026-06-01T12:00:00Z'",
        "id eq 'a' and",
        "(id eq 'a'",
        "id eq 'a') ",
        "id like 'a'",
        "id eq ,",
        "startswith(id)",
        "id eq 'a\"",
        "and",
    ],
)
def test_a_filter_that_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(Failure):
        condition(text)
