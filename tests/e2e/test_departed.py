"""What left a map of the spec goes from Azure, and what others put beside it stays."""

from __future__ import annotations

from typing import Any

from reconciler.cloud import arm
from reconciler.model import Action, Status
from tests.conftest import World

KEPT, GONE = {"kept": "1"}, {"kept": "1", "gone": "2"}


def maps(world: World, keys: dict[str, str]) -> None:
    """Give every map of the spec these keys."""
    text = world.text
    text["azure"]["tags"] = keys
    text["storage"][world.account]["containers"] = {"images": {"metadata": keys}}
    start = {"commandLine": "/bin/true", "environmentSettings": keys}
    text["pools"]["pool"] |= {"nodes": 0, "metadata": keys, "startTask": start, "tags": keys}
    text["jobs"] = {"job": {"pool": "pools/pool", "metadata": keys}}


def raws(world: World) -> dict[str, dict[str, Any]]:
    cloud = world.cloud()
    account = f"{cloud.group_id}/providers/Microsoft.Batch/batchAccounts/{world.text['batchAccount']['name']}"
    storage = f"{cloud.group_id}/providers/Microsoft.Storage/storageAccounts/{world.account}"
    places = {
        "group": cloud.group_id,
        "storage": storage,
        "container": f"{storage}/blobServices/default/containers/images",
        "account": account,
        "pool": f"{account}/pools/pool",
    }
    return {name: arm.get(cloud, place) or {} for name, place in places.items()}


def shown(world: World) -> dict[str, Any]:
    """The keys of every map, without our marks."""
    live = raws(world)
    pool = live["pool"]["properties"]
    job = world.cloud().batch().get_job("job").as_dict()
    named = {"pool": pool["metadata"], "start": pool["startTask"]["environmentSettings"], "job": job["metadata"]}
    pairs = {name: {item["name"]: item["value"] for item in items} for name, items in named.items()}
    tags = {f"{name} tags": live[name]["tags"] for name in ("group", "storage", "account", "pool")}
    every = {**pairs, **tags, "container": live["container"]["properties"]["metadata"]}
    return {
        name: {key: value for key, value in keys.items() if not key.startswith("reconcile_")}
        for name, keys in every.items()
    }


def test_a_key_taken_out_of_any_map_goes_and_the_keys_of_others_stay(world: World) -> None:
    maps(world, GONE)
    assert {outcome.status for outcome in world.apply().values()} == {Status.DONE}
    assert all(keys == GONE for keys in shown(world).values())
    cloud, storage = world.cloud(), raws(world)["storage"]
    arm.patch(cloud, storage["id"], {"tags": {**storage["tags"], "theirs": "3"}})

    maps(world, KEPT)
    plan = world.plan()
    removed = {str(d.address): [(c.before, c.after) for c in d.diff.changes] for d in plan.of(Action.UPDATE)}
    assert set(removed) == {
        f"resource_group/rg-{world.account[2:]}",
        f"storage_account/{world.account}",
        f"container/{world.account}/images",
        f"batch_account/ba{world.account[2:]}",
        "identity/id-pool",
        "pool/pool",
        "job/job",
    }
    assert {change for changes in removed.values() for change in changes} == {("2", None)}
    assert {outcome.status for outcome in world.apply().values()} == {Status.DONE}
    left = shown(world)
    assert left.pop("storage tags") == {"kept": "1", "theirs": "3"}
    assert all(keys == KEPT for keys in left.values())
    assert world.plan().steps == ()
