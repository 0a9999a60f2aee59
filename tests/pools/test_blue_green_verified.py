"""A new pool beside the old one is verified before any job comes to it; a failed check leaves the old one as it was."""

from __future__ import annotations

from typing import Any

from reconciler import marks
from reconciler.events import Event, Listener
from reconciler.model import Action, Status
from tests.pools.conftest import Pools, lagging
from tests.pools.test_blue_green import BLUE_GREEN, decided, ids, job
from tests.pools.test_drain import begin, ended, submit

PASSES, FAILS = "true", "echo no licence >&2; exit 3"


def change(pools: Pools, run: str = PASSES, size: str = "Standard_D4s_v3", **rollout: Any) -> None:
    verify = {"checks": [{"name": "system", "run": run}]}
    pools.pool.update(vmSize=size, rollout={**BLUE_GREEN, **rollout}, verify=verify)


def fails(pools: Pools, listen: Listener = lambda event: None) -> str:
    """Apply; the text with which the change of the pool fails."""
    outcome = pools.world.apply(poll_seconds=0.05, listen=listen)["pool/pool"]
    assert outcome.status is Status.FAILED
    return str(outcome.error)


def test_the_new_pool_passes_its_checks_before_a_job_comes(pools: Pools) -> None:
    begin(pools)
    submit(pools, 3, 0.5)
    change(pools)
    told = "a new pool beside it is verified first; if it fails, it goes, else it takes over the jobs"
    assert told in decided(pools).reason
    pools.done()
    assert (ids(pools), job(pools)["poolInfo"]["poolId"]) == (["pool-g2"], "pool-g2")
    assert {task["executionInfo"]["exitCode"] for task in ended(pools)} == {0}
    mine = pools.world.text["batchAccount"]["name"]
    writes = [call for call in pools.world.azure.wire() if call["method"] != "GET" and f"/{mine}/" in call["path"]]
    paths = [call["path"] for call in writes]
    checked = next(place for place, path in enumerate(paths) if "/jobs/verify-pool-" in path)
    moved = next(place for place, path in enumerate(paths) if path.endswith("/jobs/job/disable"))
    assert checked < moved


def test_a_failed_check_takes_the_new_pool_away_and_the_old_one_works_on(pools: Pools) -> None:
    begin(pools)
    submit(pools, 3, 0.5)
    change(pools, FAILS)
    events: list[Event] = []
    told = fails(pools, events.append)
    assert not lagging(events), "it fails as soon as its checks have"
    assert "pool-g2 is not verified: system failed" in told
    assert "no licence" in told
    assert (ids(pools), job(pools)["poolInfo"]["poolId"], job(pools)["state"]) == (["pool"], "pool", "active")
    assert {task["executionInfo"]["requeueCount"] for task in ended(pools)} == {0}
    change(pools)
    pools.done()
    assert ids(pools) == ["pool-g2"]


def test_a_new_pool_that_is_kept_goes_with_the_next_change(pools: Pools) -> None:
    begin(pools)
    change(pools, FAILS, keepOnFailure=True)
    assert "if it fails, it stays for looking" in decided(pools).reason
    fails(pools)
    assert (ids(pools), job(pools)["poolInfo"]["poolId"]) == (["pool", "pool-g2"], "pool")
    assert "pool-g2 is not verified: system failed" in decided(pools).reason
    fails(pools)
    assert ids(pools) == ["pool", "pool-g2"], "the same apply tries the same pool again"
    change(pools, FAILS, "Standard_D8s_v3", keepOnFailure=True)
    (going,) = pools.world.plan().of(Action.DELETE)
    assert (str(going.address), going.reason.startswith("it took over no job")) == ("pool/pool-g2", True)
    fails(pools)
    left = ids(pools)
    assert left[0] == "pool"
    assert len(left) == 2, "the one that was kept has gone before another was made"
    change(pools, PASSES, "Standard_D2s_v3")
    pools.done()
    assert (ids(pools), job(pools)["state"]) == (["pool"], "active")


def test_an_apply_that_is_killed_in_any_stage_is_gone_on_with(pools: Pools) -> None:
    begin(pools)
    submit(pools, 2, 0.5)
    change(pools)
    for stage in ("is to be verified", "its checks are to be added", "is verified: 1 passed", "to be disabled"):
        pools.world.kill_at(f"pool-g2 {stage}" if "verified" in stage else stage, jumps=True)
        assert "pool" in ids(pools)
    pools.done()
    assert (ids(pools), job(pools)["state"]) == (["pool-g2"], "active")
    assert {task["executionInfo"]["exitCode"] for task in ended(pools)} == {0}


def test_checks_stay_with_the_pool_that_they_are_about(pools: Pools) -> None:
    change(pools, size="Standard_D2s_v3")
    begin(pools)
    (first,) = checks(pools)
    change(pools)
    pools.world.kill_at("to be repointed", jumps=True)
    assert job(pools, first)["poolInfo"]["poolId"] == "pool", "they would say something about another pool"
    pools.done()
    (second,) = checks(pools)
    assert (second != first, job(pools, second)["poolInfo"]["poolId"]) == (True, "pool-g2")
    metadata = pools.world.cloud().batch().get_pool("pool-g2").metadata or ()
    assert marks.VERIFIED in {pair.name for pair in metadata}


def checks(pools: Pools) -> list[str]:
    return [one.id for one in pools.world.cloud().batch().list_jobs() if one.id.startswith("verify-")]
