"""The identities of a pool become those of its spec, although Azure's PATCH adds to those that are there."""

from __future__ import annotations

from tests.pools.conftest import Pools


def test_identities_are_added_swapped_and_taken_away(pools: Pools) -> None:
    pools.world.text["identities"] = {"id-a": {}, "id-b": {}}
    for names in (["id-a", "id-b"], ["id-a"], ["id-b"], []):
        pools.pool.pop("identity", None)
        if names:
            pools.pool["identity"] = [f"identities/{name}" for name in names]
        pools.done()
        live = (pools.live().get("identity") or {}).get("userAssignedIdentities") or {}
        assert sorted(identity.rpartition("/")[2] for identity in live) == names
