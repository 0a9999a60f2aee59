"""What is seen of a resource while it is being built, cleared away, or gone already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from reconciler.cloud import batch_jobs
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.endpoints import Endpoints
from reconciler.cloud.operations import Answer
from reconciler.errors import Refused
from reconciler.kinds import KINDS
from reconciler.kinds.application import packages
from reconciler.kinds.conversion import nodes
from reconciler.kinds.image import build
from reconciler.kinds.pool import change, trial, verification
from reconciler.kinds.registry import container_image
from reconciler.kinds.storage import container
from reconciler.model import Address, Desired, Health, Mark, Observed
from reconciler.spec.spec import Target
from tests.cloud.test_forms import Answer as Told
from tests.cloud.test_forms import raised

Raw = dict[str, Any]
TARGET = Target("public", "S", "here", "rg")


class Showing(Cloud):
    """A cloud that shows these resources by id, and these as the items of every list."""

    def __init__(self, *listed: Raw, account: str | None = "ba", shown: Mapping[str, Raw] | None = None) -> None:
        super().__init__(TARGET, "me", account, Endpoints("https://case", 1, 120))
        self.listed, self.shown = listed, shown or {}
        self.asked: list[str] = []

    def arm(self, method: str, path: str, body: Any = None, api_version: str | None = None, **query: str) -> Answer:
        self.asked.append(path)
        if path not in self.shown and path.rsplit("/", 1)[-1] not in ("pools", "runs"):
            raise raised(Told(404, {}, None))
        return Answer(200, {}, self.shown.get(path, {"value": list(self.listed)}))


@pytest.mark.parametrize("name", ["application", "application_package", "pool", "verification", "job", "job_schedule"])
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
    seen = build.clearing(Showing(shown=shown), version, parts)
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


class Batch(Showing):
    """A cloud whose account has one pool, with these nodes, and one job, with these tasks."""

    def __init__(self, pool: Any = None, nodes: Iterable[Any] = (), tasks: Iterable[Any] = ()) -> None:
        super().__init__()
        self.pool, self.nodes, self.tasks = pool, list(nodes), list(tasks)

    def batch(self) -> Any:
        return self

    def get_pool(self, name: str) -> Any:
        if self.pool is None:
            raise raised(Told(404, {}, None))
        return self.pool

    def list_nodes(self, name: str, select: list[str]) -> list[Any]:
        return self.nodes if self.get_pool(name) else []

    def list_tasks(self, job: str, **more: Any) -> list[Any]:
        return self.tasks


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTES = timedelta(minutes=5)
EMPTY: dict[str, Any] = {
    "allocation_state": "steady",
    "current_dedicated_nodes": 0,
    "current_low_priority_nodes": None,
    "target_dedicated_nodes": 0,
    "target_low_priority_nodes": None,
    "enable_auto_scale": False,
}
SCALED = {
    **EMPTY,
    "enable_auto_scale": True,
    "auto_scale_formula": " $x = 0\n",
    "auto_scale_run": SimpleNamespace(timestamp=NOON),
    "auto_scale_evaluation_interval": MINUTES,
}


@pytest.mark.parametrize(
    ("pool", "data", "came", "told"),
    [
        (EMPTY, {}, None, "pools/p has no nodes; give it some, in nodes:"),
        (None, {}, None, ""),
        ({**EMPTY, "allocation_state": "resizing"}, {}, None, ""),
        ({**EMPTY, "current_dedicated_nodes": 1}, {}, None, ""),
        ({**EMPTY, "current_low_priority_nodes": 1}, {}, None, ""),
        ({**EMPTY, "target_dedicated_nodes": 1}, {}, None, ""),
        ({**EMPTY, "target_low_priority_nodes": 1}, {}, None, ""),
        (EMPTY, {"nodes": 2}, None, ""),
        (EMPTY, {"formula": "$x = 0"}, None, ""),
        (SCALED, {"formula": "$x = 0"}, NOON - 2 * MINUTES, "the formula of pools/p asks for no node, 2 evaluations"),
        (SCALED, {"formula": "$x = 0"}, NOON - MINUTES, ""),
        (SCALED, {"formula": "$x = 1"}, NOON - 2 * MINUTES, ""),
        (SCALED, {"formula": "$x = 0"}, None, ""),
        ({**SCALED, "auto_scale_run": None}, {"formula": "$x = 0"}, NOON - 2 * MINUTES, ""),
        ({**SCALED, "auto_scale_evaluation_interval": None}, {"formula": "$x = 0"}, NOON - 2 * MINUTES, ""),
    ],
)
def test_tasks_wait_in_vain_where_no_node_will_come(
    pool: dict[str, Any] | None, data: dict[str, Any], came: datetime | None, told: str
) -> None:
    tasks = [SimpleNamespace(creation_time=None), SimpleNamespace(creation_time=came)]
    cloud = Batch(SimpleNamespace(**pool) if pool else None, tasks=tasks)
    desired = Desired(Address("conversion", "j"), {}, data={"pool": "p", "formula": "", "nodes": 0, **data})
    said = nodes.none_for(cloud, desired, "j")
    assert said.startswith(told)
    assert bool(said) is bool(told)


def test_the_image_that_a_node_booted_is_the_one_that_it_shows() -> None:
    shown: list[dict[str, Any]] = [
        {"id": "a", "virtualMachineInfo": {"imageReference": {"virtualMachineImageId": "/G/Versions/1"}}},
        {"id": "b", "virtualMachineInfo": {"imageReference": {"publisher": "p"}}},
        {"id": "c", "virtualMachineInfo": None},
        {"id": "d"},
    ]
    live = [SimpleNamespace(as_dict=lambda node=node: node) for node in shown]
    assert trial._images(Batch(object(), live), "p") == {"a": "/g/versions/1", "b": "", "c": "", "d": ""}
    assert trial._images(Batch(), "p") == {}, "a pool that has gone"


@pytest.mark.parametrize(
    ("reference", "version", "used"),
    [
        ({"id": "/BA/Applications/Tool"}, "1.0", True),
        ({"id": "/ba/applications/tool"}, "2.0", False),
        ({"id": "/ba/applications/tool"}, None, True),
        ({"id": "/ba/applications/tool", "version": "2.0"}, "2.0", True),
        ({"id": "/ba/applications/tool", "version": "2.0"}, "1.0", False),
        ({"id": "/ba/applications/other"}, None, False),
    ],
)
def test_a_package_is_in_use_where_a_pool_names_its_version_or_the_default_is_it(
    reference: dict[str, str], version: str | None, used: bool
) -> None:
    pools: list[Raw] = [
        {"name": "none", "properties": {}},
        {"name": "cpu", "properties": {"applicationPackages": [reference]}},
    ]
    cloud = Showing(*pools, shown={"/ba/applications/tool": {"properties": {"defaultVersion": "1.0"}}})
    said = pytest.raises(Refused, match="the pool cpu uses it; take it out") if used else nullcontext()
    with said:
        packages.check_unused(cloud, Address("application", "tool"), "/ba/applications/tool", version)
    if "version" not in reference and version:
        packages.check_unused(Showing(*pools), Address("application", "tool"), "/ba/applications/tool", version)


@pytest.mark.parametrize(
    ("name", "mark", "byproduct"),
    [
        (f"sa/app-tool-{'0' * 32}", None, True),
        (f"sa/app-tool-{'0' * 32}", Mark("me", ""), False),
        ("sa/images", None, False),
    ],
)
def test_a_container_that_batch_made_for_packages_goes_with_them(name: str, mark: Mark | None, byproduct: bool) -> None:
    seen = container._seen(Showing(), Observed(Address("container", name), "/c", {}, mark))
    assert seen.byproduct is byproduct


@pytest.mark.parametrize(
    ("publishing", "release", "tags", "released"),
    [
        ({"excludeFromLatest": True}, True, {"a": "b"}, False),
        ({"excludeFromLatest": True}, False, {"a": "b"}, True),
        ({"excludeFromLatest": False}, True, {"a": "b"}, True),
        (None, True, {"a": "b"}, True),
        ("gone", True, {}, False),
        ("gone", False, {}, True),
    ],
)
def test_what_a_version_says_of_its_verification_and_one_that_has_gone_says_nothing(
    publishing: Any, release: bool, tags: dict[str, str], released: bool
) -> None:
    asked = trial.Asked("p", "digest", "/g/versions/1", (), may_skip=False)
    desired = Desired(Address("verification", "p"), {}, data={"asked": asked, "release": release, "own": True})
    version = {"tags": tags, "properties": {"publishingProfile": publishing}}
    cloud = Showing(shown={} if publishing == "gone" else {"/g/versions/1": version})
    assert verification._version(cloud, desired) == (tags, released)
    if publishing == "gone":
        assert verification._let_in(cloud, desired) is None
        assert cloud.asked == ["/g/versions/1"] * 2, "nothing is sent"


@pytest.mark.parametrize(
    ("asked", "option"),
    [
        ({"targetDedicatedNodes": 0, "targetLowPriorityNodes": 0}, "Requeue"),
        ({"targetDedicatedNodes": 0, "targetLowPriorityNodes": 2}, "TaskCompletion"),
        ({"targetDedicatedNodes": 2, "targetLowPriorityNodes": 0}, "TaskCompletion"),
        (None, "TaskCompletion"),
    ],
)
def test_tasks_on_nodes_that_leave_may_end_first_and_are_requeued_at_the_second_try(asked: Any, option: str) -> None:
    desired = Desired(Address("pool", "p"), {}, data={"rollout": {"drainWithin": "PT1H"}})
    pool = Observed(Address("pool", "p"), "p", {"properties": {"scaleSettings": {"fixedScale": asked}}})
    assert option in str(change._leaving(desired, pool))
