"""The examples of tasks run to their end on the local Azure."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from reconciler.model import Status
from tests.conftest import World
from tests.documents import loaded
from tests.local.pools import until

SPECS = Path(__file__).parents[2] / "specs"


def example(world: World, name: str, group: str) -> World:
    """An example with names that no other test uses, on the local Azure."""
    number = world.account.removeprefix("sa")
    text = (SPECS / f"{name}.yaml").read_text()
    for known in re.findall(r"reconcile[a-z]+01", text):
        text = text.replace(known, f"{name}{number}")
    for folder in SPECS.iterdir():
        if folder.is_dir():
            shutil.copytree(folder, world.file.parent / folder.name, dirs_exist_ok=True)
    spec = loaded(text)
    spec["azure"] = {**world.text["azure"], "resourceGroup": group}
    spec["batchAccount"] = {"name": f"{name}{number}"}
    return World(world.azure, world.file, spec, f"{name}{number}")


def applied(world: World) -> None:
    outcomes = world.apply()
    assert {outcome.status for outcome in outcomes.values()} == {Status.DONE}, [o.error for o in outcomes.values()]
    assert world.plan().steps == ()


@pytest.fixture
def group(world: World) -> str:
    return str(world.text["azure"]["resourceGroup"])


def test_the_lab(world: World, group: str) -> None:
    lab = example(world, "lab", group)
    applied(lab)
    batch = lab.cloud().batch()
    said = [
        b"".join(batch.download_task_file("lab", task.id, "stdout.txt")).decode() for task in batch.list_tasks("lab")
    ]
    assert sorted(line.rpartition(" on ")[0] for line in said) == [f"hello from task {n}" for n in range(1, 6)]
    lab.apply(destroying=True)
    assert lab.cloud().resources.resource_groups.check_existence(group) is False


def test_a_pool_that_is_made_for_a_job(world: World, group: str) -> None:
    own = example(world, "autopool", group)
    applied(own)
    batch = own.cloud().batch()
    until(lambda: list(batch.list_pools()) == [])


def test_a_sweep_and_its_merge(world: World, group: str) -> None:
    sweep = example(world, "sweep", group)
    sweep.text["jobs"]["pi"]["tasks"]["points"]["sweep"]["seed"]["to"] = 8
    applied(sweep)
    told = sweep.container("results").download_blob("pi.txt").readall().decode()
    assert re.fullmatch(r"pi is about 3\.[01]\d+, from 4000 points in 8 tasks\n", told)


def test_a_script_over_every_blob(world: World, group: str) -> None:
    each = example(world, "foreach", group)
    each.text["jobs"]["words"] = {"pool": "pools/foreach"}
    applied(each)
    for name, text in {"a.txt": "to be or not to be", "folder/b.txt": "be", "c.md": "x"}.items():
        each.container("texts").upload_blob(name, text)
    each = example(world, "foreach", group)
    applied(each)
    made = {blob.name for blob in each.container("words").list_blobs()}
    assert made == {"a.txt.json", "folder/b.txt.json"}
    told = json.loads(each.container("words").download_blob("a.txt.json").readall())
    assert told[:2] == [["to", 2], ["be", 2]]
