"""What follows from the nodes of a pool: its health, what it needs, and how far a change of its nodes is. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.kind.needs import Nodes
from reconciler.kinds.pool import needs, nodes, rollout, scale
from reconciler.kinds.pool.state import State
from reconciler.model import Action, Address, Change, Decision, Desired, Diff, Health, Observed, Rule, Why
from tests.documents import loaded

CASES = Path(__file__).parents[1] / "cases" / "nodes"
POOL = Address("pool", "p")


def cases(name: str) -> list[dict[str, Any]]:
    every: list[dict[str, Any]] = loaded((CASES / f"{name}.yaml").read_text())
    return every


def live(properties: dict[str, Any], *occupants: str) -> Observed:
    return Observed(POOL, "/pools/p", {"properties": properties}, occupants=occupants, state=State(0, 0, {}))


@pytest.mark.parametrize("case", cases("health"), ids=lambda case: case["says"])
def test_a_pool_is_as_well_as_its_nodes(case: dict[str, Any]) -> None:
    properties, counts = case["properties"], case.get("counts")
    told = nodes.health(properties, counts)
    assert told == (Health(case["health"]), case.get("detail", ""))
    occupants = case.get("occupants")
    assert nodes.occupants(properties, counts) == ((occupants,) if occupants else ())


@pytest.mark.parametrize("case", cases("needs"), ids=lambda case: case["says"])
def test_a_pool_needs_what_its_nodes_have_and_are_to_have(case: dict[str, Any]) -> None:
    needed = {"image": "::", **case["needs"], "wants": frozenset(case["needs"].get("wants", ()))}
    seen = needs.live(live({"vmSize": "standard_d2s_v3", **case["properties"]}))
    assert seen == Nodes("standard_d2s_v3", **needed)


def test_what_is_asked_for_names_its_agent_and_what_its_image_was_made_from() -> None:
    data = {"nodeAgentSkuId": "batch.node.debian 12", "base": "Debian:D:12"}
    asked = needs.wanted(Desired(POOL, {"properties": {"vmSize": "a"}}, data=data))
    assert asked == Nodes("a", image="::", agent="batch.node.debian 12", base="debian:d:12")
    assert needs.wanted(Desired(POOL, {"properties": {"vmSize": "a"}})) == Nodes("a", image="::")


@pytest.mark.parametrize(
    ("when_empty", "standing", "rule", "twice"),
    [
        ("blueGreen", Nodes("a", spot=1), Rule.WHEN_EMPTY, True),
        ("drain", Nodes("a", spot=1), Rule.WHEN_EMPTY, False),
        ("blueGreen", Nodes("a"), Rule.WHEN_EMPTY, False),
        ("blueGreen", None, Rule.WHEN_EMPTY, False),
        ("blueGreen", Nodes("a", spot=1), Rule.LIVE, False),
        (None, Nodes("a", spot=1), Rule.WHEN_EMPTY, False),
    ],
)
def test_a_pool_exists_twice_while_a_second_one_takes_over(
    when_empty: str | None, standing: Nodes | None, rule: Rule, *, twice: bool
) -> None:
    desired = Desired(POOL, {}, data={"rollout": {"whenEmpty": when_empty}} if when_empty else {})
    decision = Decision(POOL, Action.UPDATE, Why.DIFFERS, "", Diff((Change("properties.vmSize", "a", "b", rule),)))
    assert needs.twice(decision, desired, standing) is twice


def test_a_state_of_nodes_is_told_in_words() -> None:
    assert [nodes.words(state) for state in ("idle", "waitingForStartTask")] == ["idle", "waiting for start task"]


def test_a_rolling_change_reboots_so_many_at_once() -> None:
    pool = live({})
    told = [
        rollout.progress(pool, rollout.Nodes("", old, booting), 2)[:2]
        for old, booting in ((("a", "b"), ("c",)), (("a",), ("b", "c")), ((), ("a",)), ((), ()))
    ]
    assert told == [
        (Health.READY, "rolling: 2 nodes are yet to be rebooted, 1 do so"),
        (Health.BUSY, "rolling: 1 nodes are yet to be rebooted, 2 do so"),
        (Health.BUSY, "rolling: 0 nodes are yet to be rebooted, 1 do so"),
        (Health.READY, ""),
    ]
    stages = [rollout.progress(pool, rollout.Nodes("", (), booting), 2)[2] for booting in (("a",), ())]
    assert stages == ["rolling: 0 nodes are yet to be rebooted, 1 do so", "all nodes have been rebooted"]


def test_a_node_that_has_yet_to_boot_did_not_boot_before() -> None:
    raws: list[dict[str, Any]] = [{"id": "a", "state": "idle"}, {"id": "b", "state": "creating", "lastBootTime": None}]
    sorted_ = rollout.sort(raws, "2026-11-21T10:00:00Z", {"a"})
    assert (sorted_.old, sorted_.booting) == ((), ("b",))


def fixed(dedicated: int, spot: int, **more: Any) -> dict[str, Any]:
    size = {"targetDedicatedNodes": dedicated, "targetLowPriorityNodes": spot, **more}
    return {"scaleSettings": {"fixedScale": size, "autoScale": None}}


@pytest.mark.parametrize(
    ("asked", "now", "fewer"),
    [
        (fixed(2, 2), (2, 2), False),
        (fixed(1, 3), (2, 2), True),
        (fixed(3, 1), (2, 2), True),
        (fixed(3, 3), (2, 2), False),
        ({"scaleSettings": {"fixedScale": None, "autoScale": {"formula": "x"}}}, (2, 2), False),
    ],
)
def test_a_pool_shrinks_if_either_sort_of_node_gets_fewer(
    asked: dict[str, Any], now: tuple[int, int], *, fewer: bool
) -> None:
    properties = {"currentDedicatedNodes": now[0], "currentLowPriorityNodes": now[1]}
    assert scale.shrinks(Desired(POOL, {"properties": asked}), live(properties)) is fewer


@pytest.mark.parametrize(
    ("path", "rule", "state", "outdated"),
    [
        ("properties.scaleSettings.fixedScale", Rule.LIVE, "Resizing", True),
        ("properties.metadata.a", Rule.LIVE, "Resizing", False),
        ("properties.scaleSettings.fixedScale", Rule.LIVE, "Steady", False),
        ("properties.scaleSettings.fixedScale", Rule.WHEN_EMPTY, "Resizing", False),
    ],
)
def test_a_resize_is_outdated_if_another_size_is_wanted_and_nothing_else_empties_the_pool(
    path: str, rule: Rule, state: str, *, outdated: bool
) -> None:
    pool = live({"allocationState": state})
    assert scale.superseded(pool, Diff((Change(path, 1, 2, rule),))) is outdated


def test_all_nodes_have_left_when_none_of_either_sort_is_wanted() -> None:
    sizes = ((0, 0), (1, 0), (0, 1))
    assert [scale.emptied(live(fixed(*size))) for size in sizes] == [True, False, False]


def test_what_becomes_of_tasks_is_told_as_the_spec_says_it() -> None:
    plain, said = fixed(1, 0), fixed(1, 0, nodeDeallocationOption="Terminate")
    told = [scale.leaving(Desired(POOL, {"properties": asked})) for asked in (plain, said)]
    gentler = "unless nodes.nodeDeallocationOption is TaskCompletion"
    assert told == [f"tasks on nodes that leave are {words}, {gentler}" for words in ("requeued", "broken off")]


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ({}, {"fixedScale": {}, "autoScale": None}),
        (
            {"fixedScale": {"targetDedicatedNodes": 1, "resizeTimeout": "PT900S"}},
            {"fixedScale": {"targetDedicatedNodes": 1, "resizeTimeout": "PT15M"}, "autoScale": None},
        ),
        (
            {"autoScale": {"formula": "x"}, "fixedScale": {"targetDedicatedNodes": 1}},
            {"autoScale": {"formula": "x", "evaluationInterval": "PT15M"}, "fixedScale": None},
        ),
        (
            {"autoScale": {"formula": "x", "evaluationInterval": "PT600S"}},
            {"autoScale": {"formula": "x", "evaluationInterval": "PT10M"}, "fixedScale": None},
        ),
    ],
)
def test_a_size_is_seen_in_one_of_two_forms(raw: dict[str, Any], seen: dict[str, Any]) -> None:
    assert scale.observed(raw) == seen
