"""Whose pool boots an image version: one of this very spec will boot what the spec says, others keep the version."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler import marks
from reconciler.cloud import pairs
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.endpoints import Endpoints
from reconciler.kind.going import user
from reconciler.kinds.image import version_use
from reconciler.model import Mark
from reconciler.spec.spec import Target

CLOUD = Cloud(Target("public", "s", "here", "rg"), "me", "ba", Endpoints("https://case", 1, 120))


def pool(group: str, account: str, owner: str | None) -> dict[str, Any]:
    metadata = pairs.listed(marks.with_mark({}, Mark(owner, "x"))) if owner else []
    place = f"/subscriptions/s/resourceGroups/{group}/providers/Microsoft.Batch/batchAccounts/{account}/pools/p"
    return {"id": place, "name": "p", "properties": {"metadata": metadata}}


@pytest.mark.parametrize(
    ("group", "account", "owner", "ours"),
    [
        ("RG", "BA", "me", True),
        ("rg", "ba", "you", False),
        ("rg", "ba", None, False),
        ("rg", "other", "me", False),
        ("rg-of-another-environment", "ba", "me", False),
    ],
)
def test_a_pool_is_ours_by_its_mark_and_its_place(group: str, account: str, owner: str | None, ours: bool) -> None:
    assert version_use.ours(CLOUD, user(pool(group, account, owner))) is ours
