"""specs/prod.yaml on the local Azure: made from outside and inside, left alone, closed to others, and taken away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

import azure_local
from reconciler.cli import testimages
from reconciler.cloud import arm
from reconciler.model import Action, Address, Status
from reconciler.spec import networks
from tests.cli.command import reconcile
from tests.conftest import Azure, World, new_world
from tests.documents import loaded
from tests.local.webhooks import webhook
from tests.secrets.vaults import keep

SPEC = Path(__file__).parents[2] / "specs/prod.yaml"
REQUESTS = 60
"""What an unchanged plan of its 57 resources asks of ARM and Batch at most: about one list for each kind."""
TWICE = 4
"""How often it asks for one and the same thing at most."""
OUTSIDE = {"pool/image-processing-pool", "job/image-conversion-job", "job/publish", "conversion/image-conversion-job"}
"""What a run from outside cannot make, as Batch is closed to it, too."""


@pytest.fixture(scope="module")
def world(azure_server: Azure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Applied as its first lines say: from outside, then from the subnet of runners, then with its secret."""
    with (
        new_world(azure_server, tmp_path_factory.mktemp("prod")) as world,
        webhook() as (address, _),
        pytest.MonkeyPatch.context() as env,
    ):
        for name in ("TEAMS_WEBHOOK", "ONCALL_WEBHOOK"):
            env.setenv(name, address)
        name_anew(world)
        assert troubles(world).keys() == OUTSIDE
        stand(world, "runners")
        assert troubles(world) == {}
        azure_server.run(60)
        keep(azure_server, world.cloud(), f"kv-{world.account}", {"catalogue-password": "correct horse battery"})
        world.container("images").upload_blob("a.jpg", next(testimages.generate(1, "x"))[1])
        assert troubles(world) == {}
        azure_server.run(1)
        yield world
        stand(world, None)


def name_anew(world: World) -> None:
    """The text of the spec, under names that no other test uses, with one node."""
    group = world.text["azure"]["resourceGroup"]
    text = SPEC.read_text().replace("italynorthbatch01", world.account.removeprefix("sa"))
    text = text.replace("kv-italynorth-batch", f"kv-{world.account}").replace("rg-italynorth-batch-01", group)
    world.text = loaded(text.replace("${NODES:-10}", "1").replace(", on: ", ', "on": '))
    world.text["azure"]["cloud"] = "local"


def troubles(world: World, **more: Any) -> dict[str, str | None]:
    """What an apply has not done, with its error."""
    outcomes = world.apply(poll_seconds=0.05, **more)
    return {name: outcome.error for name, outcome in outcomes.items() if outcome.status is not Status.DONE}


def stand(world: World, subnet: str | None) -> None:
    """Whoever runs this stands in a subnet of the network from now on, or outside of it."""
    spec = world.spec()
    place = networks.subnet_id(spec, f"vnet-{spec.name}", subnet) if subnet else ""
    azure_local.ask(world.azure.folder, "POST", "client", {"subnet": place})


def test_an_unchanged_plan_is_empty_and_asks_about_once_for_each_kind(world: World) -> None:
    before = world.azure.exchanges()
    plan = world.plan()
    wire = world.azure.wire(before)
    assert {str(one.address): one.reason for one in plan.decisions if one.action is not Action.NONE} == {}
    assert len(plan.decisions) == 57
    assert len(wire) <= REQUESTS, len(wire)
    assert {one["method"] for one in wire} == {"GET"}
    assert max(Counter(str(one["path"]).partition("?")[0] for one in wire).values()) <= TWICE


def test_nodes_have_reached_what_nobody_reaches_from_outside(world: World) -> None:
    kept = {name.rpartition("/")[2] for name in world.container("logs").list_blob_names()}
    assert {blob.name for blob in world.container("converted").list_blobs()} == {"a.png", "published.txt"}
    assert kept >= {"stdout.txt", "stderr.txt"}
    stand(world, None)
    try:
        with pytest.raises(HttpResponseError, match="AuthorizationFailure"):
            list(world.container("converted").list_blobs())
        unknown = {str(one.address) for one in world.plan().decisions if one.action is Action.UNKNOWN}
        assert unknown == {*OUTSIDE, "tasks/publish"}
    finally:
        stand(world, "runners")


def test_a_lost_endpoint_is_made_again_without_the_lock(world: World) -> None:
    """The lock is behind it, so that an apply with it does nothing; a role that was removed comes back, too."""
    endpoint, group = f"private_endpoint/pe-{world.account}-blob", f"private_dns_zone_group/pe-{world.account}-blob"
    role = f"role_assignment/id-batch-pool/storage-blob-data-contributor/storage_account/{world.account}"
    cloud = world.cloud()
    storage = cloud.id_of("Microsoft.Storage/storageAccounts", world.account)
    for raw in arm.listing(cloud, f"{storage}/providers/Microsoft.Authorization/roleAssignments", "2022-04-01"):
        if str(raw["properties"]["scope"]).lower() == storage.lower():
            arm.delete(cloud, raw["id"], "2022-04-01")
    arm.delete(cloud, cloud.id_of("Microsoft.Network/privateEndpoints", f"pe-{world.account}-blob"), "2025-09-01")
    world.azure.jump()
    made = {str(one.address) for one in world.plan().of(Action.CREATE)}
    assert made == {endpoint, group, role}
    refused = reconcile("apply", "--yes", str(world.file))
    assert refused.returncode == 3
    assert "cannot take the lock" in refused.stderr
    assert "make just that from a copy of the spec without lock and audit: docs/runbook.md" in refused.stderr
    assert troubles(world, targets=(Address.parse(group), Address.parse(role))) == {}
    assert {str(one.address) for one in world.plan().steps} == set()


def test_what_is_protected_stays_and_without_that_nothing_is_left(world: World) -> None:
    staying = {one.address for one in world.plan(destroying=True).of(Action.KEEP)}
    assert staying >= {Address("container", f"{world.account}/{name}") for name in ("images", "audit")}
    account = world.text["storage"][world.account]
    del account["protect"]
    for name in ("images", "audit"):
        account["containers"][name] = {}
    world.azure.jump()
    assert troubles(world) == {}
    assert {str(one.address): one.reason for one in world.plan(destroying=True).of(Action.KEEP)} == {}
    assert troubles(world, destroying=True) == {}
    assert arm.get(world.cloud(), world.cloud().group_id, "2025-04-01") is None
