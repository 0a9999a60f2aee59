"""Tasks on their way into a job, against the data plane of the local Azure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.cloud import batch_tasks
from reconciler.cloud.cloud import Cloud
from reconciler.errors import AzureError
from tests.conftest import World

ADDING = {"plane": "batch", "method": "POST", "path": ".*/addtaskcollection"}


@pytest.fixture
def cloud(world: World) -> Cloud:
    """A job on a pool without nodes."""
    del world.text["storage"], world.text["identities"]
    world.text["pools"]["pool"] = {"vmSize": "Standard_D2s_v3", "image": "ubuntu-22.04", "nodes": 0}
    world.text["jobs"] = {"job": {"pool": "pools/pool"}}
    world.apply(poll_seconds=0.05)
    return world.cloud()


def tasks(number: int, size: int = 10) -> Iterator[dict[str, Any]]:
    return ({"id": f"t{index}", "commandLine": "x" * size} for index in range(number))


def there(cloud: Cloud) -> int:
    return sum(1 for _ in cloud.batch().list_tasks("job"))


def adding(world: World, since: int) -> int:
    return sum(call["path"].endswith("/addtaskcollection") for call in world.azure.wire(since))


def test_collections_stay_within_batchs_limits() -> None:
    small = batch_tasks.collections({"id": f"t{number}"} for number in range(250))
    assert [len(chunk) for chunk in small] == [100, 100, 50]
    assert [len(chunk) for chunk in batch_tasks.collections(tasks(7, 300_000))] == [3, 3, 1]


def test_tasks_are_added_in_as_few_requests_as_there_can_be_and_once(cloud: Cloud, world: World) -> None:
    before, told = world.azure.exchanges(), list[int]()
    assert batch_tasks.submit(cloud, "job", tasks(1_050), told.append) == 1_050
    assert (adding(world, before), told[-1], told == sorted(told)) == (11, 1_050, True)
    assert there(cloud) == 1_050
    assert batch_tasks.submit(cloud, "job", tasks(1_051)) == 1_051
    assert there(cloud) == 1_051


def test_no_more_tasks_are_held_than_are_on_their_way(cloud: Cloud) -> None:
    """What comes in while nothing has been taken yet is bounded, however many tasks there are."""
    seen, taken = 0, 0

    def counted() -> Iterator[dict[str, Any]]:
        nonlocal seen
        for seen, task in enumerate(tasks(5_000), 1):
            assert seen - taken <= (2 * batch_tasks.AT_ONCE + 1) * batch_tasks.MOST + 1
            yield task

    def tell(number: int) -> None:
        nonlocal taken
        taken = number

    batch_tasks.submit(cloud, "job", counted(), tell)
    assert (seen, there(cloud)) == (5_000, 5_000)


def test_a_collection_that_is_too_large_goes_in_halves(cloud: Cloud, world: World) -> None:
    world.azure.fault(match=ADDING, times=1, action={"status": 413, "code": "RequestBodyTooLarge"})
    before = world.azure.exchanges()
    batch_tasks.submit(cloud, "job", tasks(100))
    assert (adding(world, before), there(cloud)) == (2, 100), "the halves, beside the whole that was refused"


def test_a_task_that_is_too_large_by_itself_is_an_error(cloud: Cloud) -> None:
    with pytest.raises(AzureError, match="RequestBodyTooLarge"):
        batch_tasks.submit(cloud, "job", tasks(1, 1_100_000))


def test_a_task_that_batch_refuses_is_named_and_the_others_are_there(cloud: Cloud) -> None:
    wrong = {"id": "wrong", "commandLine": "x", "dependsOn": {"taskIds": ["t0"]}}
    with pytest.raises(AzureError, match="TaskDependenciesNotSpecifiedOnJob: task wrong: "):
        batch_tasks.submit(cloud, "job", [*tasks(99), wrong])
    assert there(cloud) == 99


@pytest.mark.parametrize("action", [{"status": 503, "code": "ServerBusy"}, {"status": 429}, {"drop": True}])
def test_trouble_on_the_way_loses_and_doubles_nothing(cloud: Cloud, world: World, action: dict[str, Any]) -> None:
    world.azure.fault(match=ADDING, times=2, action=action)
    assert batch_tasks.submit(cloud, "job", tasks(300)) == 300
    assert there(cloud) == 300


@pytest.mark.parametrize(
    ("row", "taken"),
    [
        ({"taskId": "T1", "status": "Success"}, True),
        ({"taskId": "t1", "status": "clienterror", "error": {"code": "TaskExists"}}, True),
        ({"taskId": "t1", "status": "servererror", "error": {"code": "InternalError"}}, False),
        ({"taskId": "t2", "status": "success"}, False),
    ],
    ids=["in another case", "there already", "trouble on Azure's side", "not answered"],
)
def test_what_becomes_of_a_task_by_its_own_status(row: dict[str, Any], taken: bool) -> None:
    assert batch_tasks._taken("t1", {row["taskId"].lower(): row}) is taken
