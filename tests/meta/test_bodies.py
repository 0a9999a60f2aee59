"""What is compared is JSON: the body of every resource that is asked for or seen, whatever its kind."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.engine import loop
from reconciler.kinds import KINDS
from reconciler.kinds.conversion.work import Item
from reconciler.model import Address, Observed, Status
from tests import bodies
from tests.conftest import SPEED, World
from tests.engine.world import Sky
from tests.engine.world import World as Things
from tests.kinds import cases
from tests.secrets.vaults import keep

NO_JSON = [Item("a", "1", "b"), Observed(Address("pool", "p"), "", {}), ("a",), {"a"}, datetime.now(UTC), math.nan]


@pytest.mark.parametrize("smuggled", [*NO_JSON, {1: "a"}], ids=lambda value: type(value).__name__)
def test_what_is_no_json_is_found_wherever_it_is_in_a_body(smuggled: Any) -> None:
    gallery = Observed(Address("gallery", "g"), "/g", {"properties": [{"private": smuggled}]})
    kind = bodies.checked(replace(KINDS["gallery"], list=lambda *_: [gallery], observe=lambda *_: gallery))
    with pytest.raises(AssertionError, match="the body of gallery/g is no JSON"):
        list(kind.list(Sky(Things()), []))
    with pytest.raises(AssertionError, match="the body of gallery/g is no JSON"):
        kind.observe(Sky(Things()), gallery)


@pytest.fixture
def everything(world: World, tmp_path: Path) -> Iterator[World]:
    """A spec with a resource of every kind; sections that are not said here are as in the cases of their kinds."""
    text = world.text
    for folder, file in (("docker", "Dockerfile"), ("tool", "say.sh")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / file).write_text("FROM ubuntu:22.04\n")
    text["azure"]["location"] = "swedencentral"
    text["registries"] = {f"acr{world.account}": {"builds": {"tools/run": {"context": "docker"}}}}
    text["images"] = {"image": {"gallery": "gallery", "os": "ubuntu-22.04", "packages": ["htop"]}}
    text["batchAccount"] |= {"autoStorage": f"storage/{world.account}", "autoStorageIdentity": "identities/id-pool"}
    text["batchAccount"]["quota"] = {"cores": 10}
    issued = {"name": "main", "issuer": "https://gitlab.com", "subject": "project_path:a/b:ref_type:branch:ref:main"}
    text["identities"]["id-pool"]["federatedCredentials"] = [issued]
    text["applications"] = {"tool": {"packages": {"1": "tool"}}}
    text["keyVaults"] = {f"kv{world.account}": {"secrets": ["one"], "keys": ["two"]}}
    text["pools"]["pool"]["verify"] = True
    text["jobs"]["others"] = {"pool": "pools/pool", "tasks": {"one": {"command": "true"}}}
    manager = {"id": "main", "commandLine": "/bin/true"}
    text["jobs"]["nightly"] = {
        "pool": "pools/pool",
        "schedule": {"recurrenceInterval": "P1D"},
        "jobManagerTask": manager,
    }
    for kind in KINDS.values():
        for section, entries in cases.base_of(kind).get("spec", {}).items():
            text.setdefault(section, entries)
    world.azure.run(3000)
    yield world
    world.azure.run(SPEED)


def test_what_is_asked_for_and_observed_of_every_kind_is_json(
    everything: World, photograph: Callable[[int], bytes]
) -> None:
    outcomes = everything.apply(poll_seconds=0.1)
    assert {one.status for one in outcomes.values()} == {Status.DONE}, [one.error for one in outcomes.values()]
    keep(everything.azure, everything.cloud(), f"kv{everything.account}", {"one": "1"}, "two")
    everything.container("images").upload_blob("1.jpg", photograph(1))
    observed = loop.read(everything.spec(), everything.cloud(), bodies.CHECKED).observed
    assert {resource.address.kind for resource in observed} == set(KINDS)
