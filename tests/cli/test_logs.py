"""logs: every address that a command prints is understood, and a name that is none is told with what was meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.cli import journal
from reconciler.kinds import KINDS
from reconciler.model import Action, Address, Step
from tests.cli.command import reconcile
from tests.conftest import World
from tests.documents import dumped


def test_every_address_of_status_leads_to_logs_or_to_what_has_some(world: World) -> None:
    world.text["jobs"]["other"] = {"pool": "pools/pool"}
    world.text["pools"]["pool"]["verify"] = True
    assert {str(outcome.status) for outcome in world.apply().values()} == {"done"}
    spec = ("--spec", str(world.file))
    shown = json.loads(reconcile("status", str(world.file), "--format", "json").stdout)
    addresses = [resource["address"] for resource in shown]
    work = [address for address in addresses if KINDS[address.partition("/")[0]].job_of]
    assert {address.partition("/")[0] for address in work} == {"job", "conversion", "verification"}
    for address in work:
        done = reconcile("logs", address, *spec)
        assert (done.returncode, done.stderr) == (0, ""), address
    for address in set(addresses) - set(work):
        done = reconcile("logs", address, *spec)
        assert done.returncode == 4, address
        assert f"there are no logs of {address}: {address.partition('/')[0]} has none" in done.stderr
    checks = reconcile("logs", "verification/pool", *spec).stdout.splitlines()
    (node,) = world.cloud().batch().list_nodes("pool")
    assert checks[1].split() == ["system", "completed", "0", node.id]
    assert reconcile("logs", "jobs/other", *spec).stdout == "other has no task.\n"
    assert reconcile("logs", "verification/pool", "system", *spec).returncode == 0


def test_what_is_not_there_is_told_with_what_is_nearest(world: World) -> None:
    from azure.batch import models

    world.text["pools"]["pool"]["nodes"] = 0
    world.text["jobs"] = {"nightly": {"pool": "pools/pool"}}
    world.apply()
    world.cloud().batch().create_task("nightly", models.BatchTaskCreateOptions(id="shard-1", command_line="true"))
    account = world.text["batchAccount"]["name"]
    for arguments, code, says in (
        (("nightli",), 4, f"the account {account} has no job nightli; did you mean nightly?"),
        (("nojob", "notask"), 4, f"the account {account} has no job nojob; it has nightly"),
        (("nightly", "0"), 4, "the job nightly has no task 0; it has shard-1"),
        (("nightly", "shard1"), 4, "the job nightly has no task shard1; did you mean shard-1?"),
        (
            ("nightly", "shard-1"),
            3,
            "nothing to show of the task shard-1 of nightly: it has not run yet; reconcile why nightly/shard-1",
        ),
        (("job/nightli",), 4, "no logs of job/nightli: the spec has nothing of that name; did you mean job/nightly?"),
        (("verification/cpu",), 4, "no logs of verification/cpu: the spec has nothing of that name; there are of job/"),
        (("images/x",), 4, "there are no logs of images/x: the spec builds nothing of that name"),
        (("",), 4, "say which job"),
        (("nightly", ""), 4, "say which job"),
        (("nightly", "../x"), 4, "say which job"),
    ):
        done = reconcile("logs", *arguments, "--spec", str(world.file))
        assert says in done.stderr, done.stderr
        assert (done.returncode, done.stdout) == (code, ""), arguments
    done = reconcile("autoscale", "trace", "nightli", "--spec", str(world.file))
    assert "did you mean nightly?" in done.stderr
    assert done.returncode == 4


SPEC = {
    "apiVersion": "reconciler/v1",
    "name": "naming",
    "azure": {"cloud": "local", "location": "italynorth", "resourceGroup": "rg"},
    "batchAccount": {"name": "abc"},
    "images": {"tools": {"gallery": "g", "os": "ubuntu-22.04"}},
    "pools": {"encode": {"vmSize": "Standard_D2s_v3", "image": "ubuntu-22.04", "nodes": 1}},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "spec.yaml").write_text(dumped(SPEC))
    made = journal.Journal("naming@local", lambda event: None, {}, tmp_path / ".reconcile")
    step = Step("image_version/tools", Address("image_version", "tools"), Action.CREATE, ())
    for name in ("01-wait", "02-gpu-driver", "03-docker"):
        made._write(step, name, f"this is {name}\n")
    return tmp_path


@pytest.mark.parametrize("stage", ["gpu-driver", "02-gpu-driver", "02"])
@pytest.mark.parametrize("name", ["images/tools", "image_version/tools"])
def test_a_stage_is_called_by_its_name_with_or_without_its_number(folder: Path, name: str, stage: str) -> None:
    done = reconcile("logs", name, stage, "--spec", "spec.yaml", cwd=folder)
    assert (done.stdout, done.stderr) == ("this is 02-gpu-driver\n", "")


def test_an_unknown_stage_and_an_unknown_image_name_the_nearest(folder: Path) -> None:
    stage = reconcile("logs", "images/tools", "dokcer", "--spec", "spec.yaml", cwd=folder)
    assert "the last build of images/tools has no stage 'dokcer'; did you mean docker?" in stage.stderr
    image = reconcile("logs", "images/tool", "--spec", "spec.yaml", cwd=folder)
    assert "the spec builds nothing of that name; did you mean images/tools?" in image.stderr
    assert (stage.returncode, image.returncode) == (4, 4)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("outputs", "--format", "batch-metadata", "--name", ""), "has no pool ''; it has encode"),
        (("outputs", "--format", "image-metadata", "--name", "tool"), "has no image 'tool'; did you mean tools?"),
        (("outputs", "--format", "batch-metadat"), "'batch-metadat' is not one of text, json"),
        (("autoscale", "simulate", "--pool", ""), "has no pool ''; it has encode"),
        (("autoscale", "simulate", "--pool", "encod"), "has no pool 'encod'; did you mean encode?"),
        (("autoscale", "simulate"), "say which pool of spec.yaml with --pool; none has autoscale"),
        (("upload", ".", "--job", "", "--spec"), "has no job with convert"),
    ],
)
def test_a_name_in_an_option_is_told_with_the_nearest(folder: Path, arguments: tuple[str, ...], says: str) -> None:
    done = reconcile(*arguments, "spec.yaml", cwd=folder, RECONCILE_RESOURCE_MANAGER="https://localhost:1")
    assert says in done.stderr
    assert (done.returncode, done.stdout) == (4, "")
