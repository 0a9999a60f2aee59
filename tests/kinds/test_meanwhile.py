"""What is seen of a resource while it is being built, cleared away, or gone already."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.cloud import batch_jobs
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.endpoints import Endpoints
from reconciler.cloud.operations import Answer
from reconciler.kinds import KINDS
from reconciler.kinds.image import build
from reconciler.kinds.registry import container_image
from reconciler.model import Address, Desired, Health, Observed
from reconciler.spec.spec import Target
from tests.cloud.test_forms import Answer as Told
from tests.cloud.test_forms import raised

TARGET = Target("public", "S", "here", "rg")


class Showing(Cloud):
    """A cloud that shows these resources by id, and these as the items of every list."""

    def __init__(self, *listed: dict[str, Any], account: str | None = "ba", **shown: dict[str, Any]) -> None:
        super().__init__(TARGET, "me", account, Endpoints("https://case", 1, 120))
        self.listed, self.shown = listed, shown
        self.asked: list[str] = []

    def arm(self, method: str, path: str, body: Any = None, api_version: str | None = None, **query: str) -> Answer:
        self.asked.append(path)
        if path not in self.shown and path.rsplit("/", 1)[-1] not in ("pools", "runs"):
            raise raised(Told(404, {}, None))
        return Answer(200, {}, self.shown.get(path, {"value": list(self.listed)}))


@pytest.mark.parametrize("name", ["application", "application_package", "pool", "verification", "job"])
def test_where_the_spec_has_no_account_nothing_in_one_is_asked_for(name: str) -> None:
    cloud = Showing(account=None)
    assert list(KINDS[name].list(cloud, [])) == []
    assert list(batch_jobs.listing(cloud)) == []
    assert cloud.asked == []


@pytest.mark.parametrize(
    ("shown", "health"),
    [
        ({"vm": {"properties": {"provisioningState": "Succeeded"}}}, Health.READY),
        ({"vm": {"properties": {"provisioningState": "Deleting"}}}, Health.BUSY),
        ({}, Health.BUSY),
    ],
)
def test_what_a_build_left_is_waited_for_while_it_goes(shown: dict[str, Any], health: Health) -> None:
    parts = [
        {"id": "disk", "type": "Microsoft.Compute/disks"},
        {"id": "vm", "type": "Microsoft.Compute/virtualMachines"},
    ]
    version = Observed(Address("image_version", "i"), "/v", {}, None)
    seen = build.clearing(Showing(**shown), version, parts)
    assert (seen.health, seen.detail) == (health, "clearing away vm")


@pytest.mark.parametrize(
    ("status", "health", "told"),
    [
        ("Running", Health.BUSY, "the registry works on run r1"),
        ("Queued", Health.BUSY, "the registry works on run r1"),
        ("Succeeded", Health.READY, ""),
        ("Failed", Health.READY, ""),
    ],
)
def test_a_run_that_another_process_has_scheduled_is_waited_for(status: str, health: Health, told: str) -> None:
    cloud = Showing(
        {"name": "r0", "properties": {"status": "Canceled"}}, {"name": "r1", "properties": {"status": status}}
    )
    desired = Desired(Address("container_image", "r/i:1"), {"source": "s"}, data={"registry": "r"})
    assert container_image._run(cloud, desired) == (health, told, {})


def test_a_pool_that_has_gone_has_nothing_to_hand_back() -> None:
    undo = KINDS["pool"].abandon
    assert undo is not None
    desired = Desired(Address("pool", "p"), {"properties": {}}, data={"rollout": {"whenEmpty": "blueGreen"}})
    assert undo(Showing(), desired) is None
