"""The `$filter` of lists on the Batch data plane."""

from __future__ import annotations

import pytest

from azure_local.batch.data.common import condition
from azure_local.http import Failure

JOB = {"id": "verify-a", "state": "active", "executionInfo": {"poolId": "p"}}


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
    ],
)
def test_a_filter_chooses(text: str, fits: bool) -> None:
    assert condition(text)(JOB) is fits


def test_a_filter_that_is_not_understood_is_refused() -> None:
    with pytest.raises(Failure):
        condition("contains(id,'a')")
