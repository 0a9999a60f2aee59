"""The `$filter` of lists on the Batch data plane."""

from __future__ import annotations

import pytest

from azure_local.batch.data.common import condition
from azure_local.http import Failure

JOB = {
    "id": "verify-a",
    "state": "active",
    "stateTransitionTime": "2026-01-31T02:00:00.500000Z",
    "executionInfo": {"poolId": "p"},
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
        ("stateTransitionTime gt datetime'2026-01-31T02:00:00Z'", True),
        ("(stateTransitionTime ge DateTime'2026-01-31T02:00:00.5+00:00') and (state eq 'active')", True),
        ("stateTransitionTime gt datetime'2026-01-31T02:00:00.5Z'", False),
        ("stateTransitionTime le datetime'2026-01-31T03:00:00.5+01:00'", True),
        ("stateTransitionTime lt datetime'2026-01-31T02:00:00.5Z'", False),
        ("executionInfo/endTime lt datetime'2026-01-31T02:00:00Z'", False),
    ],
)
def test_a_filter_chooses(text: str, fits: bool) -> None:
    assert condition(text)(JOB) is fits


@pytest.mark.parametrize("text", ["contains(id,'a')", "stateTransitionTime gt datetime'yesterday'", "state gt 'a'"])
def test_a_filter_that_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(Failure):
        condition(text)
