"""What becomes of running tasks when the local Azure is stopped, and started again."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from azure.batch import models

import azure_local
from tests.conftest import SPEED, Azure, World, serving
from tests.local.test_tasks import until


@pytest.fixture(scope="module")
def azure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with serving(tmp_path_factory.mktemp("azure")) as azure:
        yield azure


def test_no_process_outlives_the_server_and_its_task_runs_again(world: World) -> None:
    del world.text["jobs"]["job"]["convert"]
    world.apply()
    batch = world.cloud().batch()
    line = f"/bin/sh -c 'sleep 600 & sleep 600; : {world.account}'"
    batch.create_task("job", models.BatchTaskCreateOptions(id="long", command_line=line))
    until(lambda: processes(world.account))
    azure_local.down(world.azure.folder)
    assert processes(world.account) == []
    azure_local.up(world.azure.folder, speed=SPEED)
    until(lambda: processes(world.account))
    info = batch.get_task("job", "long").execution_info
    assert info is not None
    assert info.requeue_count == 1


def processes(word: str) -> list[str]:
    """The shells of this machine that have the word in their command line."""
    return subprocess.run(["pgrep", "-f", f"^/bin/sh .*{word}"], capture_output=True, text=True).stdout.split()
