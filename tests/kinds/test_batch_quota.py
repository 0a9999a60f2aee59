"""Quotas that a spec counts on: what is short, the request for it, and a plan that goes on when it is granted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import azure_local
from reconciler.azure import sizes
from reconciler.cli import commands
from reconciler.errors import SpecError
from reconciler.kinds import load
from reconciler.kinds.batch_account import batch_quota, quota_request
from reconciler.model import Action, Status, Why
from tests.conftest import World
from tests.documents import loaded

CASES = loaded((Path(__file__).parents[1] / "cases" / "capacity" / "quotas.yaml").read_text())
HEAD = {
    "apiVersion": "reconciler/v1",
    "name": "n",
    "azure": {"location": "italynorth", "resourceGroup": "rg", "subscription": "00000000-0000-0000-0000-000000000000"},
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_is_short_is_asked_for(case: dict[str, Any]) -> None:
    missing = batch_quota.short(case["wanted"], batch_quota.limits(case["there"]))
    assert missing == case["short"]
    body = quota_request.request("sub", "ba", "italynorth", missing)["body"]["properties"]
    changes = body["quotaTicketDetails"]["quotaChangeRequests"]
    assert [json.loads(change["payload"]) for change in changes] == case.get("payloads", [])
    assert {change["region"] for change in changes} <= {"italynorth"}


def test_a_short_quota_waits_for_microsoft_and_nothing_else_waits_for_it(world: World) -> None:
    for section in ("jobs", "storage", "identities", "pools"):
        del world.text[section]
    account = world.text["batchAccount"]
    account["quota"] = {"cores": 500, "families": {"standardDSv3Family": 80, "standardDSv33Family": 4}}
    outcomes = world.apply()
    quota = f"batch_quota/{account['name']}"
    assert outcomes.pop(quota).status is Status.DEFERRED
    assert {outcome.status for outcome in outcomes.values()} == {Status.DONE}

    (decision,) = (each for each in world.plan().decisions if each.action is not Action.NONE)
    assert (str(decision.address), decision.action, decision.why) == (quota, Action.DEFER, Why.STALLED)
    assert "standardDSv33Family is no family of which the account has a quota (nearest: standardDSv3Family" in (
        decision.reason
    )
    path = world.file
    asked = json.loads(CliRunner().invoke(commands, ["outputs", str(path), "--format", "quota-request"]).stdout)
    assert asked["body"]["properties"]["quotaTicketDetails"]["quotaChangeRequests"] == []
    assert "dedicatedCoreQuota 500" in asked["body"]["properties"]["description"]

    del account["quota"]["families"]["standardDSv33Family"]
    azure_local.ask(world.azure.folder, "POST", "batch-quotas", {"account": account["name"], "dedicatedCoreQuota": 500})
    assert world.plan().steps == ()
    assert all(each.action is Action.NONE for each in world.plan().decisions)


@pytest.mark.parametrize(
    ("quota", "place", "text"),
    [
        ({"cores": 7}, "quota.cores", "is 7, and this spec needs 8: p 8"),
        ({"spotCores": 3}, "quota.spotCores", "is 3, and this spec needs 4: q 4"),
        ({"pools": 1}, "quota.pools", "is 1, and this spec needs 2"),
        ({"cores": -1}, "quota.cores", ""),
        ({}, "quota", ""),
        ({"coers": 1}, "quota.coers", "cores"),
        ({"cores": 8, "spotCores": 4, "pools": 2}, "", ""),
    ],
)
def test_a_quota_below_what_the_spec_itself_needs_is_an_error(
    tmp_path: Path, quota: dict[str, Any], place: str, text: str
) -> None:
    common = {"image": "ubuntu-24.04", "vmSize": ["Standard_D8s_v5", "Standard_D4s_v5"]}
    scaled = {"autoscale": {"scenario": "pending-tasks", "max": 2, "spot": True}}
    pools = {"p": {**common, "nodes": 2}, "q": {**common, "vmSize": "Standard_E96-2s_v5", "nodes": scaled}}
    path = tmp_path / "s.yaml"
    path.write_text(json.dumps({**HEAD, "batchAccount": {"name": "ba123", "quota": quota}, "pools": pools}))
    if not place:
        load(path, {})
        return
    with pytest.raises(SpecError) as caught:
        load(path, {})
    found = [str(problem) for problem in caught.value.problems]
    assert any(f"batchAccount.{place}" in each and text in each for each in found), found


@pytest.mark.parametrize(
    ("size", "cores"),
    [("Standard_D2s_v3", 2), ("Standard_D11_v2", 1), ("Standard_E96-24s_v5", 24), ("Standard_NC4as_T4_v3", 4)],
)
def test_the_name_of_a_size_tells_its_cores(size: str, cores: int) -> None:
    assert sizes.cores(size) == cores
