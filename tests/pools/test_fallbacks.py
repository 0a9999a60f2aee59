"""Several VM sizes for one pool: which one the plan takes and why, and what a pool does that got no nodes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import azure_local
from reconciler.cloud.capacity import Size
from reconciler.errors import SpecError
from reconciler.kind.needs import Nodes
from reconciler.kind.quotas import held, quotas
from reconciler.kinds import load
from reconciler.kinds.pool import choosing
from reconciler.kinds.pool.choosing import Current, Region
from reconciler.model import Action, Plan, Status
from tests.conftest import World
from tests.documents import loaded
from tests.pools.conftest import Pools

SOLD_OUT = "Standard_E48s_v5"
"""A size that no other test uses: the local Azure of all of them has none of it afterwards."""
CASES = loaded((Path(__file__).parents[1] / "cases" / "capacity" / "choosing.yaml").read_text())
HEAD = {
    "apiVersion": "reconciler/v1",
    "name": "n",
    "azure": {"location": "italynorth", "resourceGroup": "rg", "subscription": "00000000-0000-0000-0000-000000000000"},
}


def region(case: dict[str, Any]) -> Region:
    cores = {"A": 4, "B": 4, "C": 4, **case.get("there", {}), **case.get("cores", {})}
    sold, able = case.get("sold", []), case.get("able", {})
    sizes = {
        name.lower(): Size(name, f"F{name}", count, 0, name not in sold, able=able.get(name, {}))
        for name, count in cores.items()
    }
    others = tuple(tuple(Nodes(**nodes) for nodes in pool) for pool in case.get("others", []))
    return Region("here", None if case.get("unknown") else sizes, case.get("account", {}), others)


def need(**said: Any) -> Nodes:
    return Nodes("", **{**said, "wants": frozenset(said.get("wants", ()))})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_of_several_sizes_one_is_taken(case: dict[str, Any]) -> None:
    now = Current(**case["now"]) if "now" in case else None
    sizes = case.get("sizes", ["A", "B", "C"])
    choice = choosing.choose(sizes, need(**case.get("need", {"dedicated": 1})), region(case), now)
    told = choosing.told(choice)
    assert choice.size == case["gets"], told
    assert all(text in told for text in case["says"]), told
    assert bool(told) == bool(case["says"]), told


@given(
    sold=st.sets(st.sampled_from("ABC")),
    cores=st.fixed_dictionaries({name: st.integers(1, 32) for name in "ABC"}),
    limit=st.integers(0, 64),
    nodes=st.integers(0, 8),
    size=st.sampled_from([None, "a", "b", "c", "z"]),
    failed=st.sampled_from(["", "AllocationFailed"]),
)
def test_what_is_taken_can_be_had_and_stays_taken(
    sold: set[str], cores: dict[str, int], limit: int, nodes: int, size: str | None, failed: str
) -> None:
    there = region({"sold": sold, "cores": cores, "account": {"dedicatedCoreQuota": limit}})
    asked = need(dedicated=nodes)
    taken = choosing.choose("ABC", asked, there, Current(size, failed=failed) if size else None).size
    if taken:
        assert taken not in sold
        assert all(
            held(quota, Nodes(taken, nodes), there.sizes or {}) <= quota.limit for quota in quotas(there.account)
        )
        for live in (Current(taken.lower()), Current(taken.lower(), nodes=1)):
            assert choosing.choose("ABC", asked, there, live) == choosing.Choice(taken)


def ask(world: World, setting: str, **body: Any) -> None:
    azure_local.ask(world.azure.folder, "POST", setting, body)


def why(plan: Plan) -> str:
    return next(note for note in plan.notes if note.startswith("pool/pool: "))


def test_a_pool_that_gets_no_nodes_goes_on_to_the_next_size_and_stays_there(pools: Pools) -> None:
    world, account = pools.world, pools.world.text["batchAccount"]["name"]
    pools.pool.update(vmSize=[SOLD_OUT, "Standard_D2s_v3", "Standard_E2s_v5"], nodes=1)
    ask(world, "restrictions", location=world.text["azure"]["location"], size=SOLD_OUT)
    pools.pool["nodes"] = 0
    pools.done()
    assert pools.live()["properties"]["vmSize"].lower() == "standard_d2s_v3"

    pools.pool["nodes"] = 1
    assert world.plan().of(Action.UPDATE)[0].diff.changes[0].path.startswith("properties.scaleSettings")
    ask(world, "allocations", account=account, pool="pool", times=3)
    outcome = world.apply()["pool/pool"]
    assert outcome.status is Status.FAILED
    assert f"the next plan looks for room in Standard_E2s_v5, {SOLD_OUT}" in (outcome.error or "")

    plan = world.plan()
    assert why(plan) == (
        "pool/pool: its size is Standard_E2s_v5, as Standard_D2s_v3 got no node at the last try (AllocationFailed)"
    )
    assert [change.after for change in plan.of(Action.UPDATE)[0].diff.changes] == ["standard_e2s_v5"]
    since = world.azure.exchanges()
    pools.done()
    patched = [json.loads(each["request"]) for each in world.azure.wire(since) if each["method"] == "PATCH"]
    assert [{"vmSize", "scaleSettings"} <= set(body["properties"]) for body in patched] == [True]
    there = [raw["name"] for raw in world.cloud().list_arm(f"{world.cloud().account_id}/pools")]
    assert there == ["pool"]
    assert pools.live()["properties"]["currentDedicatedNodes"] == 1
    assert world.plan().steps == ()


def test_where_no_size_can_be_had_the_plan_is_refused_and_names_other_regions(pools: Pools) -> None:
    world, sizes = pools.world, ["Standard_D64s_v3", "Standard_D48s_v3"]
    pools.pool.update(vmSize=sizes, nodes=0)
    pools.done()
    pools.pool["nodes"] = 1000
    (decision,) = world.plan().of(Action.REFUSE)
    needs = "Standard_D64s_v3 needs 64000 cores of dedicatedCoreQuota, which has 0 of 300 in use or spoken for"
    assert f"none of its sizes can be had: {needs}; Standard_D48s_v3 needs 48000 cores" in decision.reason
    assert "other regions offer one of them, each to a spec of its own: australiaeast" in decision.reason
    pools.pool["nodes"] = 0
    assert world.plan().steps == ()


@pytest.mark.parametrize(
    ("pool", "place", "text"),
    [
        ({"vmSize": ["Standard_D2s_v3", "standard_d2s_v3"]}, "pools.p.vmSize[1]", "is named twice"),
        (
            {"vmSize": ["Standard_D2s_v3", "Standard_D2ps_v5"]},
            "pools.p.vmSize[1]",
            "Standard_D2ps_v5 has Arm64 processors and Standard_D2s_v3 does not",
        ),
        ({"vmSize": ["Standard_NC4as_T4_v3", "Standard_D4s_v3"]}, "pools.p.vmSize[1]", "has GPUs"),
        ({"vmSize": []}, "pools.p.vmSize", ""),
        ({"vmSize": ["small"]}, "pools.p.vmSize[0]", "must be a VM size such as Standard_D2s_v3"),
        (
            {"vmSize": ["Standard_D2s_v3", "Standard_D2s_v5"], "autoPool": {}},
            "pools.p.vmSize",
            "is made for a job has one size",
        ),
    ],
)
def test_sizes_that_cannot_stand_in_for_each_other_are_errors(
    tmp_path: Path, pool: dict[str, Any], place: str, text: str
) -> None:
    path = tmp_path / "s.yaml"
    pools = {"p": {"image": "ubuntu-24.04", "nodes": 1, **pool}}
    path.write_text(json.dumps({**HEAD, "batchAccount": {"name": "ba123"}, "pools": pools}))
    with pytest.raises(SpecError) as caught:
        load(path, {})
    found = [str(problem) for problem in caught.value.problems]
    assert any(place in each and text in each for each in found), found
