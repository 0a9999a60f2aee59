"""Who uses what is to be deleted, in words."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler import marks
from reconciler.cloud import registries
from reconciler.cloud.cloud import Cloud
from reconciler.kind.going import user
from reconciler.kinds.registry import registry
from reconciler.model import Address, Observed
from tests.engine.world import Sky, World

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


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (0, ""),
        (1, "1 repository of images"),
        (1_000, "1000 repositories of images"),
        (1_001, "more than 1,000 repositories of images"),
    ],
)
def test_what_goes_with_a_registry_is_counted_up_to_a_bound(
    number: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def listed(cloud: Cloud, server: str, most: int) -> list[str]:
        assert (server, most) == ("x.azurecr.io", 1_001)
        return ["image"] * number

    monkeypatch.setattr(registries, "repositories", listed)
    live = Observed(Address("registry", "x"), "x", {"properties": {"loginServer": "x.azurecr.io"}})
    assert registry.goes(Sky(World()), live, None) == told
