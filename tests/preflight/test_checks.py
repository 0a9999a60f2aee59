"""Preflight's findings from facts, as a decision table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.kinds.capacity import Size
from reconciler.model import Address
from reconciler.preflight import checks
from reconciler.preflight.facts import Change, Facts, Image, Pool

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases/preflight/pools.yaml").read_text())
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
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_findings_follow_from_facts(case: dict[str, Any]) -> None:
    live = {Address("pool", name): Pool(**own) for name, own in case.get("live", {}).items()}
    changes = []
    for name, own in case.get("pools", {}).items():
        surge = tuple(own.pop("surge", (0, 0)))
        changes.append(Change(Address("pool", name), live.get(Address("pool", name)), Pool(**own), surge))
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
    )
    found = [
        {"address": str(one.address), "severity": str(one.severity), "check": one.check}
        | {key: getattr(one, key) for key in ("limit", "use", "need") if getattr(one, key) is not None}
        | ({"sizes": list(one.sizes)} if one.sizes else {})
        for one in checks.check(facts, changes)
    ]
    assert found == case["findings"]


def test_azure_keeps_five_addresses_of_a_subnet() -> None:
    pool = Address("pool", "a")
    assert checks.subnet(pool, "10.0.0.0/28", 1, 10) is None
    found = checks.subnet(pool, "10.0.0.0/28", 1, 11)
    assert found is not None
    assert (found.limit, found.use, found.need) == (11, 1, 11)
