"""Preflight's findings from facts, as decision tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler import model
from reconciler.cloud import capacity
from reconciler.cloud.capacity import Size
from reconciler.kind.needs import Nodes, Room
from reconciler.kinds import KINDS
from reconciler.kinds.pool.needs import wanted
from reconciler.model import Action, Address, Decision, Desired, Diff, Observed, Plan, Rule, Why
from reconciler.preflight import checks, sizes, subnets
from reconciler.preflight.facts import Change, Facts, Image, Subnet, changes, live_nodes
from tests.documents import loaded

FOLDER = Path(__file__).parents[1] / "cases/preflight"
CASES = loaded((FOLDER / "pools.yaml").read_text())
ABLE = loaded((FOLDER / "sizes.yaml").read_text())
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SIZES = (
    Size("D2s", "DFamily", 2, 0, offered=True),
    Size("D4s", "DFamily", 4, 0, offered=True),
    Size("D8s", "DFamily", 8, 0, offered=True),
    Size("E8s", "EFamily", 8, 0, offered=True),
    Size("gone", "DFamily", 8, 0, offered=False),
)
IMAGES = (
    Image("deb:deb:11", "agent 11", NOW - timedelta(days=1)),
    Image("deb:deb:12", "agent 12", NOW + timedelta(days=89)),
    Image("deb:deb:13", "agent 13", NOW + timedelta(days=91)),
    Image("deb:deb-hpc:13", "agent 13", NOW + timedelta(days=91), containers=True),
)


def planned(case: dict[str, Any], live: dict[Address, Nodes]) -> list[Change]:
    found = []
    for name, own in case.get("pools", {}).items():
        address = Address("pool", name)
        before = live.get(address)
        surge = before if name in case.get("blueGreen", ()) else None
        found.append(Change(address, before, Nodes(**own), surge, name in case.get("later", ())))
    return found


def addresses(names: list[str]) -> tuple[Address, ...]:
    return tuple(map(Address.parse, names))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_findings_follow_from_facts(case: dict[str, Any]) -> None:
    live = {Address("pool", name): Nodes(**own) for name, own in case.get("live", {}).items()}
    facts = Facts(
        NOW,
        "here",
        case.get("account"),
        live,
        frozenset(Address("pool", name) for name in case.get("leaving", ())),
        SIZES,
        IMAGES,
        {name: tuple(regions) for name, regions in case.get("galleries", {}).items()},
        {Address.parse(name): why for name, why in case.get("names", {}).items()},
        {name: own and Subnet(**{"location": "here", **own}) for name, own in case.get("subnets", {}).items()},
        "me",
        fresh=Address.parse(case["fresh"]) if "fresh" in case else None,
        rooms={kind: Room(*numbers) for kind, numbers in case.get("rooms", {}).items()},
        making={kind: addresses(names) for kind, names in case.get("making", {}).items()},
        regions={kind: tuple(names) for kind, names in case.get("regions", {}).items()},
        typed={kind: addresses(names) for kind, names in case.get("typed", {}).items()},
    )
    findings = checks.check(facts, planned(case, live))
    found = [
        {"address": str(one.address), "severity": str(one.severity), "check": one.check}
        | {key: getattr(one, key) for key in ("limit", "use", "need") if getattr(one, key) is not None}
        | ({"sizes": list(one.sizes)} if one.sizes else {})
        for one in findings
    ]
    assert found == case["findings"]
    for words in case.get("says", ()):
        assert words in findings[0].text


@pytest.mark.parametrize("case", ABLE, ids=lambda case: case["name"])
def test_a_size_must_be_able_to_do_what_a_pool_asks(case: dict[str, Any]) -> None:
    """From an entry of resource SKUs and a pool's properties, as Azure spells them."""
    told = {"vCPUs": "2", **case.get("able", {})}
    closed = {"type": "Zone", "restrictionInfo": {"locations": ["here"], "zones": case.get("closed", [])}}
    sku = {
        "name": "D2s",
        "family": "F",
        "locationInfo": [{"location": "here", "zones": case.get("zones", ["1", "2"])}],
        "capabilities": [{"name": name, "value": value} for name, value in told.items()],
        "restrictions": [closed],
    }
    bigger = Size("D4s", "F", 4, 0, offered=True)
    facts = Facts(NOW, "here", sizes=(capacity.size(sku, "here"), bigger))
    asked = Desired(Address("pool", "a"), {"properties": {"vmSize": "d2s", **case["pool"]}})
    there = [Observed(asked.address, "", {"properties": case["live"]})] if "live" in case else []
    change = Change(asked.address, live_nodes(KINDS, there).get(asked.address), wanted(asked))
    found = list(sizes.check(facts, change))
    assert [one.what for one in found] == case["says"]
    assert all(one.sizes == ("D4s",) for one in found)


BLUE_GREEN = {"rollout": {"whenEmpty": "blueGreen"}}


@pytest.mark.parametrize(
    ("data", "nodes", "rule", "twice"),
    [
        (BLUE_GREEN, 3, Rule.WHEN_EMPTY, True),
        (BLUE_GREEN, 0, Rule.WHEN_EMPTY, False),
        (BLUE_GREEN, 3, Rule.NEW_NODES, False),
        ({"rollout": {"whenEmpty": "drain"}}, 3, Rule.WHEN_EMPTY, False),
        ({}, 3, Rule.WHEN_EMPTY, False),
    ],
)
def test_blue_green_has_two_pools_where_an_occupied_one_cannot_be_changed(
    data: dict[str, Any], nodes: int, rule: Rule, twice: bool
) -> None:
    address = Address("pool", "a")
    desired = Desired(address, {"properties": {"vmSize": "D4s"}}, data=data)
    differs = Diff((model.Change("properties.vmSize", "D2s", "D4s", rule),))
    plan = Plan("s", (Decision(address, Action.UPDATE, Why.DIFFERS, "", differs),), (), {})
    live = {address: Nodes("D2s", dedicated=nodes)}
    (change,) = changes(KINDS, plan, {address: desired}, live)
    assert change.surge == (live[address] if twice else None)


def test_a_change_that_waits_is_judged_but_takes_nothing_yet() -> None:
    address = Address("pool", "a")
    desired = Desired(address, {"properties": {"vmSize": "D4s"}})
    plan = Plan("s", (Decision(address, Action.DEFER, Why.OCCUPIED, ""),), (), {})
    (change,) = changes(KINDS, plan, {address: desired}, {address: Nodes("D2s", dedicated=3)})
    assert (change.after.size, change.later) == ("D4s", True)


def test_azure_keeps_five_addresses_of_each_range_of_a_subnet() -> None:
    assert subnets.limit(["10.0.0.0/28"]) == 11
    assert subnets.limit(["10.0.0.0/28", "10.1.0.0/29", "fd00::/64"]) == 14
