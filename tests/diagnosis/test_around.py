"""What Azure says of itself, on the local Azure: who deleted a pool, what is not well, what may not be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

import azure_local
from azure_local.settings import OPERATOR
from tests.cli.command import reconcile
from tests.conftest import Azure, World, new_world

ANN = "ann@contoso.com"


@pytest.fixture(scope="module")
def world(azure_server: Azure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A pool that somebody has deleted over ARM, an account that is not well, and an incident."""
    with new_world(azure_server, tmp_path_factory.mktemp("around")) as world:
        text = world.text
        del text["identities"], text["jobs"]
        text["azure"]["tags"] = {"team": "blue"}
        text["pools"] = {"pool": {"vmSize": "Standard_F2s_v2", "image": "ubuntu-24.04", "nodes": 0}}
        world.apply()
        cloud, region = world.cloud(), text["azure"]["location"]
        _say(azure_server, "people", principal=OPERATOR, name=ANN)
        cloud.arm("DELETE", f"{cloud.account_id}/pools/pool")
        _say(azure_server, "people", principal=OPERATOR)
        _say(azure_server, "health", resource=cloud.account_id, state="Degraded", summary="slow \x1b[2J")
        incident = {"type": "ServiceIssue", "title": "Trouble", "services": ["Batch"], "regions": [region]}
        _say(azure_server, "service-health", trackingId=f"T-{text['name']}", **incident)
        azure_server.advance(300)
        yield world
        _say(azure_server, "service-health", trackingId=f"T-{text['name']}", status="Resolved", **incident)


def _say(azure: Azure, what: str, **body: Any) -> None:
    azure_local.ask(azure.folder, "POST", what, body)


def _run(world: World, *words: str, code: int = 0) -> str:
    done = reconcile(*words)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_who_deleted_a_pool_is_told_with_what_azure_says_of_itself(world: World) -> None:
    before = world.azure.exchanges()
    told = _run(world, "why", "pools/pool", "--spec", str(world.file))
    assert f"why: the pool pool was deleted by {ANN} at " in told
    assert "also: Azure says: batch_account/" in told
    assert "also: Azure says: Batch since " in told
    assert "\x1b" not in told
    asked = [one["path"] for one in world.azure.wire(before)]
    assert sum("eventtypes" in path or "ResourceHealth" in path for path in asked) == 3


def test_what_may_not_be_read_is_told_and_ends_nothing(world: World) -> None:
    for path in (".*/eventtypes/.*", ".*/Microsoft.ResourceHealth/.*"):
        denied = {"status": 403, "code": "AuthorizationFailed", "message": "not you"}
        world.azure.fault(match={"path": path}, action=denied, times=100)
    try:
        told = _run(world, "why", "pools/pool", "--spec", str(world.file))
    finally:
        world.azure.clear_faults()
    assert "why: the pool pool is in the spec, and not in the account [not-made]" in told
    assert "not read: the activity log: AuthorizationFailed: not you" in told
    assert "not read: the health of services: AuthorizationFailed: not you" in told


def test_status_tells_what_azure_says_and_what_is_retired(world: World) -> None:
    before = world.azure.exchanges()
    told = _run(world, "status", str(world.file))
    assert "\nhealth: batch_account/" in told
    assert "is degraded since" in told
    assert "  see: https://portal.azure.com/#resource/subscriptions/" in told
    assert "\nincident: Batch since " in told
    assert "\nretirement: pools.pool.vmSize: the series F, Fs and Fsv2, of which Standard_F2s_v2 is, ends on" in told
    assert "  do: use a size of Fasv6" in told
    assert sum("ResourceHealth" in one["path"] for one in world.azure.wire(before)) == 2
    shown = json.loads(_run(world, "status", str(world.file), "--format", "json"))
    sorts = {one["address"].split("/")[0]: [each["sort"] for each in one["advisories"]] for one in shown}
    assert (sorts["batch_account"], sorts["storage_account"]) == (["health", "incident"], [])


def test_a_plan_tells_who_on_request_only(world: World) -> None:
    cloud = world.cloud()
    _say(world.azure, "people", principal=OPERATOR, name="bob@contoso.com")
    cloud.arm("PATCH", cloud.group_id, {"tags": {**cloud.arm("GET", cloud.group_id).body["tags"], "team": "bob"}})
    _say(world.azure, "people", principal=OPERATOR)
    world.azure.advance(300)
    told = _run(world, "plan", str(world.file), "--who", "--no-cost")
    assert f"note: pool/pool was deleted by {ANN} at " in told
    assert "was last written by bob@contoso.com at " in told
    before = world.azure.exchanges()
    assert "contoso" not in _run(world, "plan", str(world.file), "--no-cost")
    assert not any("eventtypes" in one["path"] for one in world.azure.wire(before))
    refused = reconcile("plan", str(world.file), "--who", "--out", str(world.file.with_name("plan.json")))
    assert (refused.returncode, "say one of them" in refused.stderr) == (4, True)
