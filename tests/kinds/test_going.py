"""Who uses what is to be deleted, in words."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler import marks
from reconciler.kind.going import user

POOL = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Batch/batchAccounts/ba/pools/prod"
MARKED = {marks.OWNER: "theirs", marks.DIGEST: "1"}
PAIRS = [{"name": name, "value": value} for name, value in MARKED.items()]


@pytest.mark.parametrize(
    ("more", "name", "owner"),
    [
        ({}, "batchAccounts/ba/pools/prod", ""),
        ({"tags": MARKED}, "batchAccounts/ba/pools/prod of the spec 'theirs'", "theirs"),
        ({"properties": {"metadata": PAIRS}}, "batchAccounts/ba/pools/prod of the spec 'theirs'", "theirs"),
        ({"tags": {"a": "b"}, "properties": None}, "batchAccounts/ba/pools/prod", ""),
    ],
)
def test_a_user_is_named_with_the_spec_that_owns_it_wherever_the_mark_is(
    more: dict[str, Any], name: str, owner: str
) -> None:
    said = user({"id": POOL, **more})
    assert (said.id, said.name, said.owner or "") == (POOL, name, owner)
