"""An idle pool rests in a round, though its spec is the same: it is no drift, and needs nobody."""

from __future__ import annotations

from reconciler.watch.result import End
from tests.conftest import World
from tests.watch.test_rounds import Watching


def test_a_round_lets_an_idle_pool_rest(world: World) -> None:
    for section in ("identities", "jobs"):
        del world.text[section]
    world.text["storage"][world.account] = {"containers": ["locks"]}
    world.text["lock"] = f"storage/{world.account}/locks"
    world.text["watch"] = {"onDrift": "report"}
    pool = {"vmSize": "Standard_D2s_v3", "image": "ubuntu-22.04", "nodes": 1, "idle": {"after": "P2D"}}
    world.text["pools"] = {"pool": pool}
    world.apply(poll_seconds=0.05)
    watching = Watching(world)
    try:
        assert watching.round().end is End.UNCHANGED
        world.azure.advance(3 * 86_400)
        assert [str(one.step.address) for one in watching.round().outcomes] == ["pool/pool"]
        assert watching.round().end is End.UNCHANGED
        where = (world.text["azure"]["resourceGroup"], world.text["batchAccount"]["name"], "pool")
        assert world.cloud().batch_management.pool.get(*where).current_dedicated_nodes == 0
    finally:
        watching.watched.release()
