"""How requests reach Azure and how answers come back: by which SDK, and what of an answer that is not whole."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import reading, translated
from reconciler.engine import loop
from reconciler.errors import AzureError, NotRegistered, Unreachable
from reconciler.events import Event, StepWaiting
from reconciler.kinds import KINDS
from reconciler.model import Status
from tests.conftest import Azure, World, serving

SPOILT = ("empty", "html", "cut", "torn", "plain")


def group(world: World) -> tuple[Cloud, str]:
    """A cloud, and the id of a resource group that is there."""
    cloud = world.cloud()
    arm.put(cloud, cloud.group_id, {"location": world.text["azure"]["location"]})
    return cloud, cloud.group_id


def spoil(world: World, how: str, path: str = "/resourceGroups/[^/]+$", **more: Any) -> None:
    world.azure.fault(match={"method": "GET", "path": path}, action={"answer": how}, **more)


@pytest.mark.parametrize("how", SPOILT)
def test_an_answer_that_is_not_whole_is_asked_for_again(world: World, how: str) -> None:
    cloud, group_id = group(world)
    spoil(world, how)
    found = arm.get(cloud, group_id)
    assert found is not None
    assert found["name"] == cloud.target.resource_group


WHYS = {
    "empty": "it is empty",
    "html": "it is text/html",
    "cut": "broken",
    "torn": "broken JSON",
    "plain": "text/plain",
}


@pytest.mark.parametrize(("how", "why"), WHYS.items())
def test_answers_that_are_never_whole_are_told_with_the_request_and_not_as_a_sign_in(
    world: World, how: str, why: str
) -> None:
    cloud, group_id = group(world)
    spoil(world, how, times=50)
    with pytest.raises(Unreachable) as caught, reading("the resource group"):
        arm.get(cloud, group_id)
    told = str(caught.value)
    assert told.startswith("cannot read the resource group: Azure's answer to GET https://")
    assert f"{group_id} did not arrive whole: " in told
    assert why in told
    assert "sign" not in told.replace("Please sign in to the network", "")


def test_answers_of_batch_and_of_its_sdk_are_looked_at_too(world: World) -> None:
    del world.text["jobs"]
    world.text["pools"] = {}
    assert {one.status for one in world.apply().values()} == {Status.DONE}
    cloud = world.cloud()
    batch = cloud.batch()
    world.azure.fault(match={"plane": "batch", "path": "/jobs/none"}, action={"answer": "html"}, times=50)
    with pytest.raises(Unreachable, match="/jobs/none did not arrive whole: it is text/html"), translated():
        batch.get_job("none")
    spoil(world, "empty", "/batchAccounts/[^/]+$", times=50)
    with pytest.raises(Unreachable, match="did not arrive whole: it is empty"), translated():
        cloud.batch_management.batch_account.get(cloud.target.resource_group, cloud.account or "")


@pytest.mark.parametrize("how", ["empty", "cut"])
def test_apply_sits_out_answers_that_are_not_whole(world: World, how: str) -> None:
    world.text["pools"], world.text["jobs"], world.text["identities"] = {}, {}, {}
    cloud = world.cloud()
    made = loop.read(world.spec(), cloud, KINDS)
    spoil(world, how, "/batchAccounts/[^/]+$", times=6)  # more than the SDK asks again
    told: list[Event] = []
    outcomes = loop.carry_out(made, cloud, KINDS, listen=told.append, stop=threading.Event(), poll_seconds=0.05)
    assert [one.error for one in outcomes if one.status is not Status.DONE] == []
    waits = [one.detail for one in told if isinstance(one, StepWaiting)]
    assert any("waiting to try again" in detail and "did not arrive whole" in detail for detail in waits)


def test_trouble_of_azure_is_told_with_the_request_and_what_to_do(world: World) -> None:
    cloud, group_id = group(world)
    for action in ({"status": 500, "answer": "empty"}, {"status": 502, "answer": "html"}, {"status": 503}):
        world.azure.fault(match={"method": "GET", "path": "/resourceGroups/[^/]+$"}, action=action, times=50)
        with pytest.raises(AzureError) as caught, translated():
            arm.get(cloud, group_id)
        world.azure.clear_faults()
        told = str(caught.value)
        assert f"GET {cloud.endpoints.resource_manager}{group_id}, HTTP {action['status']}" in told
        assert "run the same command again" in told


def test_a_long_retry_after_is_not_slept_through_in_silence(world: World) -> None:
    cloud, group_id = group(world)
    action = {"status": 429, "code": "TooManyRequests", "retryAfter": 3600}
    world.azure.fault(match={"method": "GET", "path": "/resourceGroups/[^/]+$"}, action=action)
    with pytest.raises(AzureError, match="TooManyRequests"), translated():
        arm.get(cloud, group_id)


def test_a_page_of_a_proxy_does_not_say_that_something_is_absent(world: World) -> None:
    cloud, group_id = group(world)
    action = {"status": 404, "answer": "html"}
    world.azure.fault(match={"method": "GET", "path": "/resourceGroups/[^/]+$"}, action=action, times=50)
    with pytest.raises(Unreachable, match="it is text/html and not JSON"), translated():
        arm.get(cloud, group_id)


def test_blobs_are_asked_for_again_as_everything_else_is(world: World) -> None:
    del world.text["pools"], world.text["jobs"], world.text["identities"], world.text["batchAccount"]
    assert {one.status for one in world.apply().values()} == {Status.DONE}
    images = world.container("images")
    for action in ({"status": 500}, {"status": 503, "retryAfter": 0}, *({"answer": how} for how in SPOILT)):
        world.azure.fault(match={"plane": "blob", "method": "GET"}, action=action, times=3)
        begun = time.monotonic()
        assert list(images.list_blobs()) == []
        assert time.monotonic() - begun < 5
    world.azure.fault(match={"plane": "blob", "method": "GET"}, action={"answer": "torn"}, times=50)
    with (
        pytest.raises(Unreachable, match=r"GET https://\S+/images did not arrive whole: it is broken XML"),
        translated(),
    ):
        list(images.list_blobs())


def test_an_answer_without_a_date_leaves_the_time_as_it_was(world: World) -> None:
    cloud, group_id = group(world)
    before = cloud.time
    spoil(world, "undated")
    assert arm.get(cloud, group_id) is not None
    assert cloud.time == before


LOADED = """
import os, sys
from reconciler.cloud.cloud import connect
from reconciler.cloud import arm
from reconciler.spec.spec import Spec, Target
assert not [name for name in sys.modules if name == "azure" or name.startswith("azure.")]
cloud = connect(Spec("me", "", Target("local", os.environ["AZURE_SUBSCRIPTION_ID"], "italynorth", "rg")), os.environ)
def loaded():
    return sorted(name for name in ("batch", "compute", "resource") if f"azure.mgmt.{name}" in sys.modules)
for kind in ("Storage/storageAccounts", "Batch/batchAccounts", "Compute/galleries"):
    assert arm.get(cloud, f"{cloud.group_id}/providers/Microsoft.{kind}/none") is None
    print(*loaded())
"""


def test_each_sdk_carries_its_own_and_is_loaded_when_it_is_needed(azure: Azure) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2]
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["resource", "batch resource", "batch compute resource"]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    """A subscription that was never used for anything."""
    with serving(tmp_path_factory.mktemp("fresh")) as azure:
        yield azure


def test_no_policy_is_linked_into_two_pipelines(world: World) -> None:
    """A policy knows the next one of its pipeline: one that is shared leads requests into the pipeline made last."""
    cloud = world.cloud()
    clients: tuple[Any, ...] = (cloud.resources, cloud.batch_management, cloud.compute)
    linked = [policy for client in clients for policy in client._client._pipeline._impl_policies]
    assert len({id(policy) for policy in linked}) == len(linked) > 20


def test_reading_does_not_register_a_subscription(fresh: Azure, tmp_path: Path) -> None:
    text = {
        "apiVersion": "reconciler/v1",
        "name": "fresh",
        "azure": {"cloud": "local", "location": "italynorth", "resourceGroup": "rg-fresh"},
    }
    cloud = World(fresh, tmp_path / "spec.yaml", text, "").cloud()
    skus = f"/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}/providers/Microsoft.Compute/skus"
    with pytest.raises(NotRegistered) as caught:
        list(cloud.list_arm(skus))
    assert caught.value.namespace == "Microsoft.Compute"
    assert "az provider register --namespace Microsoft.Compute" in str(caught.value)
    assert list(arm.listing(cloud, skus)) == []
    assert {one["method"] for one in fresh.wire()} == {"GET"}


def test_passwords_of_a_netrc_do_not_take_the_place_of_the_sign_in(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    group(world)


def test_a_proxy_of_the_environment_is_asked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, group_id = group(world)  # with a sign-in that lasts
    world.transport = None
    with socket.create_server(("127.0.0.1", 0)) as proxy, ThreadPoolExecutor() as pool:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        asking = pool.submit(arm.get, world.cloud(), group_id)
        connection, _ = proxy.accept()
        with connection:
            assert connection.recv(64).startswith(b"CONNECT 127.0.0.1:")
            proxy.close()
        with pytest.raises(Unreachable), translated():
            asking.result()
    world.transport = None
