"""Logs and telemetry on the local Azure: written by real start tasks, services and tasks, read when nodes are gone."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.cloud import batch_jobs, kept
from reconciler.kinds import KINDS, load
from reconciler.nodelogs import places
from tests.cli.command import reconcile
from tests.conftest import World

HOSTILE = "printf 'red \\033[31m line\\n'; echo wrong >&2"
START = "/bin/sh -c 'echo ready on $AZ_BATCH_NODE_ID; echo careful >&2'"


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    """Real programs write in their own time."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def spec(world: World) -> str:
    place = f"storage/{world.account}/logs"
    world.text["storage"][world.account]["containers"].append("logs")
    world.text["pools"]["pool"] |= {
        "startTask": {"commandLine": START, "elevationLevel": "Admin"},
        "logs": {"to": place, "keep": "P30D"},
        "telemetry": {"every": "PT5S", "keep": "P7D"},
    }
    tasks = {"talks": {"command": HOSTILE}, "fails": {"command": "echo gone; kill -9 $$"}}
    around = {
        "jobPreparationTask": {"commandLine": "/bin/sh -c 'echo before on $AZ_BATCH_NODE_ID; echo odd >&2'"},
        "jobReleaseTask": {"commandLine": "/bin/sh -c 'echo after $0 $AZ_BATCH_JOB_ID; exit 3'"},
    }
    world.text["jobs"] = {"words": {"pool": "pools/pool", "wait": True, "tasks": tasks, **around}}
    return place


@pytest.fixture
def measured(world: World) -> World:
    """A world whose tasks have ended, and whose node has measured itself."""
    place = spec(world)
    world.azure.jump(20)  # a task ends while what its node has measured is still of that minute
    assert {str(outcome.status) for outcome in world.apply().values()} == {"done"}
    cloud = world.cloud()
    room = f"{places.pools(str(cloud.account))}pool/telemetry/"
    until(lambda: any(kept.under(cloud, place, room)))
    return world


def prepared_and_released(world: World, node: str, file: tuple[str, str]) -> None:
    """What the job printed on the node before and after its tasks is still there to be read."""
    prepared = reconcile("logs", "--preparation", "jobs/words", *file).stdout.splitlines()
    assert [line.split()[0] for line in prepared[1:]] == [node]
    told = reconcile("logs", "--preparation", "words", node[:9], *file)
    assert (told.returncode, told.stdout) == (0, f"before on {node}\n")
    assert f"note: kept in storage/{world.account}/logs" in told.stderr
    assert reconcile("logs", "--preparation", "words", node, "--stderr", *file).stdout == "odd\n"
    assert reconcile("logs", "--release", "words", node, *file).stdout == "after /bin/sh words\n"
    assert reconcile("logs", "--release", "--preparation", "words", *file).returncode == 4


def test_what_nodes_wrote_and_measured_outlives_them_and_goes_when_it_is_old(measured: World) -> None:
    world = measured
    file = ("--spec", str(world.file))
    assert {str(decision.action) for decision in world.plan().decisions} == {"none"}
    (node,) = world.cloud().batch().list_nodes("pool")
    (root,) = (world.azure.folder / "nodes" / f"ba{world.account[2:]}" / "pool").iterdir()
    pid = int((root / "services" / "reconcile-telemetry.pid").read_text())
    assert Path(f"/proc/{pid}").exists()

    shown = reconcile("usage", "pool", *file, "--since", "1d", "--jobs", "--format", "json")
    told = json.loads(shown.stdout)
    assert list(told["nodes"]) == [node.id]
    assert told["whole"]["memoryTotal"] > told["whole"]["memoryPeak"] > 0
    assert told["whole"]["cores"] == os.cpu_count()
    why = reconcile("why", "words/fails*", *file).stdout
    assert "its node measured" in why

    account = str(world.cloud().account)
    assert reconcile("logs", "--release", "words", *file).returncode == 3
    batch_jobs.post(world.cloud(), "/jobs/words/terminate", {}, None)
    until(lambda: any(kept.under(world.cloud(), f"storage/{world.account}/logs", f"{account}/jobs/words/release/")))
    world.text["pools"]["pool"]["nodes"] = 0
    world.apply()
    until(lambda: not Path(f"/proc/{pid}").exists())
    names = {task.split("-")[0]: task for task in (task.id for task in world.cloud().batch().list_tasks("words"))}
    talks = reconcile("logs", "words", names["talks"], *file)
    assert (talks.returncode, talks.stdout) == (0, "red \x1b[31m line\n")  # no terminal: as it was written
    assert f"note: kept in storage/{world.account}/logs" in talks.stderr
    assert reconcile("logs", "words", names["fails"], "--stderr", *file).returncode in (0, 3)
    every = reconcile("logs", "words", "--failed", *file)
    assert every.stdout.splitlines()[1:] == ["gone"]
    started = reconcile("logs", "--start-task", "pools/pool", *file).stdout.splitlines()
    assert started[1].startswith(node.id)
    assert reconcile("logs", "--start-task", "pool", node.id[:9], *file).stdout == f"ready on {node.id}\n"
    assert reconcile("logs", "--start-task", "pool", node.id, "--stderr", *file).stdout == "careful\n"

    prepared_and_released(world, node.id, file)
    world.cloud().batch().begin_delete_job("words").result()
    listed = reconcile("logs", "words", *file)
    assert [line.split()[0] for line in listed.stdout.splitlines()[1:]] == sorted(names.values())
    assert reconcile("logs", "words", names["talks"], "--stderr", *file).stdout == "wrong\n"
    assert reconcile("logs", "word", *file).returncode == 4

    assert reconcile("cleanup", str(world.file), "--logs", "--yes").stdout == "No log has expired.\n"
    world.azure.advance(timedelta(days=8).total_seconds())
    done = reconcile("cleanup", str(world.file), "--logs", "--yes").stdout
    assert "pools/pool" in done
    assert "tasks/words" not in done
    assert "jobs/words" not in done
    world.azure.advance(timedelta(days=30).total_seconds())
    done = reconcile("cleanup", str(world.file), "--logs", "--yes").stdout
    assert "tasks/words" in done
    assert "jobs/words" in done
    assert not list(kept.under(world.cloud(), f"storage/{world.account}/logs", ""))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"identity": None}, "is written as an identity of the pool"),
        ({"identity": "identities/other"}, "which cannot write there"),
        ({"logs": None}, "does not say where it goes"),
        ({"telemetry": {"every": "PT1S"}}, "must be between PT5S and PT5M"),
        ({"image": "microsoftwindowsserver:windowsserver:2022-datacenter"}, "works on Linux only"),
        ({"startTask": {"commandLine": "true"}}, "needs startTask: {elevationLevel: Admin}"),
        ({"startTask": {"commandLine": "x" * 4000, "elevationLevel": "Admin"}}, "characters too long"),
        (
            {
                "startTask": {
                    "commandLine": "true",
                    "elevationLevel": "Admin",
                    "containerSettings": {"imageName": "ubuntu"},
                }
            },
            "runs in a container",
        ),
        ({"autoPool": {}}, "its nodes have no identity that could write"),
        ({"logs": {"to": "storage/nothere/logs"}}, "nothere"),
    ],
)
def test_a_pool_that_cannot_keep_logs_is_told_why(change: dict[str, object], says: str, tmp_path: Path) -> None:
    from reconciler.errors import SpecError

    pool: dict[str, object] = {
        "vmSize": "Standard_D2s_v3",
        "image": "ubuntu-22.04",
        "nodes": 1,
        "identity": "identities/id",
        "logs": "storage/sa/logs",
        "telemetry": True,
    }
    pool = {key: value for key, value in (pool | change).items() if value is not None}
    text = {
        "apiVersion": "reconciler/v1",
        "name": "case",
        "azure": {"cloud": "local", "location": "italynorth", "resourceGroup": "rg"},
        "storage": {"sa": {"containers": ["logs"]}},
        "identities": {
            "id": {"roles": [{"role": "Storage Blob Data Contributor", "scope": "storage/sa"}]},
            "other": {"roles": [{"role": "Storage Blob Data Reader", "scope": "storage/sa"}]},
        },
        "batchAccount": {"name": "ba"},
        "pools": {"pool": pool},
    }
    path = tmp_path / "spec.yaml"
    path.write_text(json.dumps(text))
    with pytest.raises(SpecError, match=says):
        load(path, {})
    assert KINDS
