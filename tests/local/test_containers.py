"""Containers on the local Batch: in this machine's Docker or Podman, or passed over in so many words without one."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError

import azure_local
from tests.conftest import SPEED, Azure, World, serving
from tests.local.test_tasks import printed, run, until

IMAGE = "localhost/reconcile-tests:1"
SKIPPED = "not run here: this machine has no container runtime (Docker or Podman)"


with_runtime = pytest.mark.parametrize("azure_server", ["real"], indirect=True)
without_runtime = pytest.mark.parametrize("azure_server", ["none"], indirect=True)


@pytest.fixture(scope="module")
def azure_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    """A server with the machine's container runtime and a small image in it, or one without."""
    folder = tmp_path_factory.mktemp("azure")
    if request.param == "none":
        environment = {"RECONCILE_CONTAINERS": "/nonexistent"}
    else:
        environment = {"RECONCILE_CONTAINERS": shlex.join(_runtime(tmp_path_factory.mktemp("image")))}
    with serving(folder, **environment) as azure:
        yield azure


def _runtime(folder: Path) -> list[str]:
    """A command that runs containers, tried with a small image. Skips where there is none."""
    given = os.environ.get("RECONCILE_CONTAINERS")
    commands = [shlex.split(given)] if given else [["docker"], ["podman"]]
    more = shlex.split(os.environ.get("RECONCILE_CONTAINERS_RUN", ""))
    said = "neither docker nor podman is installed"
    for command in commands:
        if shutil.which(command[0]) is None:
            continue
        with _root_file_system(folder / "root.tar").open("rb") as root:
            tried = subprocess.run([*command, "import", "-", IMAGE], stdin=root, capture_output=True, text=True)
        if tried.returncode == 0:
            runs = [*command, "run", "--rm", "--network", "host", *more, IMAGE, "/bin/sh", "-c", "true"]
            tried = subprocess.run(runs, capture_output=True, text=True, timeout=60)
        if tried.returncode == 0:
            return command
        said = f"{command[0]}: {tried.stderr.strip()[-300:]}"
    pytest.skip(f"this machine runs no containers: {said}")


def _root_file_system(target: Path) -> Path:
    """A tar of a shell, `cat`, `env` and `sleep` with the libraries that they need."""
    programs = [Path(found) for name in ("sh", "cat", "env", "sleep") if (found := shutil.which(name))]
    with tarfile.open(target, "w") as tar:
        put: set[str] = set()
        for program in programs:
            tar.add(program.resolve(), f"bin/{program.name}")
            needed = subprocess.run(["ldd", str(program.resolve())], capture_output=True, text=True).stdout
            libraries = (word for word in needed.split() if word.startswith("/"))
            for library in sorted(set(libraries) - put):
                tar.add(Path(library).resolve(), library.lstrip("/"))
                put.add(library)
    return target


def pool_with_containers(world: World, name: str = "containers", **more: Any) -> BatchClient:
    """A pool of one node with a container configuration, made through ARM, and the job `job` on it."""
    del world.text["jobs"]
    world.text["pools"]["pool"]["nodes"] = 0
    world.apply()
    put_pool(world, name, **more)
    batch = world.cloud().batch()
    batch.create_job(models.BatchJobCreateOptions(id="job", pool_info=models.BatchPoolInfo(pool_id=name)))
    return batch


def put_pool(world: World, name: str, configuration: dict[str, Any] | None = None, **more: Any) -> Any:
    cloud = world.cloud()
    account = f"{cloud.group_id}/providers/Microsoft.Batch/batchAccounts/{cloud.account}"
    machine = {
        "imageReference": {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"},
        "nodeAgentSkuId": "batch.node.ubuntu 24.04",
        "containerConfiguration": configuration or {"type": "DockerCompatible", "containerImageNames": [IMAGE]},
    }
    properties = {
        "vmSize": "Standard_D2s_v3",
        "deploymentConfiguration": {"virtualMachineConfiguration": machine},
        "scaleSettings": {"fixedScale": {"targetDedicatedNodes": 1}},
        **more,
    }
    return cloud.arm("PUT", f"{account}/pools/{name}", {"properties": properties}).body


def settings(**more: Any) -> dict[str, Any]:
    return {"containerSettings": {"imageName": IMAGE, **more}}


def add(batch: BatchClient, name: str, command: str, **more: Any) -> None:
    batch.create_task("job", models.BatchTaskCreateOptions({"id": name, "commandLine": command, **more}))


def ended(task: models.BatchTask) -> tuple[int | None, str | None]:
    """The exit code, and the code of the failure."""
    info = task.execution_info
    assert info is not None
    return info.exit_code, info.failure_info.code if info.failure_info else None


def containers(azure: Azure) -> list[str]:
    """The server's containers, running or not."""
    runtime = shlex.split(os.environ["RECONCILE_CONTAINERS"])
    label = f"label=reconcile.local={azure.folder}"
    listing = [*runtime, "ps", "-aq", "--filter", label]
    return subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()


@with_runtime
def test_a_container_task_runs_in_its_image_with_batchs_directories_and_environment(world: World) -> None:
    batch = pool_with_containers(world)
    script = "pwd; env; cat /etc/hostname; echo oops >&2; echo made > made.txt; echo $AZ_BATCH_NODE_SHARED_DIR; exit 3"
    variables = [{"name": "GREETING", "value": "two words"}]
    task = run(batch, "inside", f"/bin/sh -c '{script}'", **settings(), environmentSettings=variables)
    assert ended(task) == (3, "FailureExitCode")
    assert task.execution_info is not None
    assert task.execution_info.container_info is not None
    assert task.execution_info.container_info.state == "exited"
    told = printed(batch, "inside").splitlines()
    assert told[0].endswith("/workitems/job/job-1/inside/wd")
    assert {"GREETING=two words", "AZ_BATCH_TASK_ID=inside", "AZ_BATCH_POOL_ID=containers"} <= set(told)
    assert told[-1].endswith("/shared")
    assert "oops" in printed(batch, "inside", "stderr")
    assert not any(line.startswith("PATH=") and "reconcile" in line for line in told), "the node's PATH stays outside"
    assert b"".join(batch.download_task_file("job", "inside", "wd/made.txt")) == b"made\n"
    assert containers(world.azure) == []


@with_runtime
def test_working_directory_and_run_options_are_the_tasks_to_choose(world: World) -> None:
    batch = pool_with_containers(world)
    image = settings(workingDirectory="containerImageDefault", containerRunOptions="--env MORE='a b'")
    assert ended(run(batch, "default", "/bin/sh -c 'pwd; echo $MORE'", **image)) == (0, None)
    assert printed(batch, "default") == "/\na b\n"
    refused = run(batch, "options", "/bin/sh", **settings(containerRunOptions="--no-such-option"))
    assert ended(refused) == (None, "ContainerInvalidSettings")
    entry = settings(containerRunOptions='--entrypoint "/bin/env"')
    assert ended(run(batch, "entrypoint", "", **entry)) == (0, None)
    assert "AZ_BATCH_TASK_ID=entrypoint" in printed(batch, "entrypoint")


@with_runtime
def test_an_image_that_cannot_be_had_fails_the_task_with_batchs_code(world: World) -> None:
    batch = pool_with_containers(world)
    task = run(batch, "nowhere", "/bin/true", containerSettings={"imageName": "registry.invalid/none:1"})
    assert ended(task) == (None, "ContainerInvalidImage")
    assert task.execution_info is not None
    assert task.execution_info.failure_info is not None
    details = {pair.name: pair.value for pair in task.execution_info.failure_info.details or ()}
    assert details["ContainerImage"] == "registry.invalid/none:1"
    assert details["Message"]


@with_runtime
def test_a_container_ends_with_its_task(world: World) -> None:
    batch = pool_with_containers(world)
    limit = {"maxWallClockTime": "PT1S", "maxTaskRetryCount": 0}
    assert ended(run(batch, "slow", "/bin/sleep 600", **settings(), constraints=limit)) == (None, "TaskEnded")
    until(lambda: containers(world.azure) == [])
    batch.create_task(
        "job", models.BatchTaskCreateOptions({"id": "stop", "commandLine": "/bin/sleep 600", **settings()})
    )
    until(lambda: len(containers(world.azure)) == 1)
    batch.terminate_task("job", "stop")
    until(lambda: containers(world.azure) == [])
    assert ended(batch.get_task("job", "stop")) == (None, "TaskEnded")


@with_runtime
def test_no_container_outlives_its_server_and_its_task_runs_again(world: World) -> None:
    folder, batch = world.azure.folder, pool_with_containers(world)
    add(batch, "long", "/bin/sleep 600", **settings())
    until(lambda: len(containers(world.azure)) == 1)
    azure_local.down(folder)
    assert containers(world.azure) == []
    azure_local.up(folder, speed=SPEED)
    (again,) = until(lambda: containers(world.azure))
    running = azure_local.profile(folder)
    assert running is not None
    os.kill(running["pid"], signal.SIGKILL)
    until(lambda: azure_local.profile(folder) is None)
    assert containers(world.azure) == [again]
    azure_local.up(folder, speed=SPEED)
    until(lambda: containers(world.azure) not in ([], [again]))
    info = batch.get_task("job", "long").execution_info
    assert info is not None
    assert info.requeue_count == 2


@with_runtime
def test_a_start_task_may_use_a_container_or_the_nodes_docker(world: World) -> None:
    start = {"commandLine": "/bin/sh -c 'echo inside > $AZ_BATCH_NODE_SHARED_DIR/said'", **settings()}
    batch = pool_with_containers(world, startTask=start)
    assert ended(run(batch, "read", "/bin/sh -c 'cat $AZ_BATCH_NODE_SHARED_DIR/said'", **settings())) == (0, None)
    assert printed(batch, "read") == "inside\n"
    put_pool(world, "docker", startTask={"commandLine": f"docker run --rm --network host {IMAGE} /bin/sh -c 'exit 5'"})
    assert start_task(batch, "docker").exit_code == 5


def start_task(batch: BatchClient, pool: str) -> models.BatchStartTaskInfo:
    """How the start task of a pool's only node ended."""

    def told() -> models.BatchStartTaskInfo | None:
        found = next((node.start_task_info for node in batch.list_nodes(pool)), None)
        return found if found and found.end_time else None

    found: models.BatchStartTaskInfo = until(told)
    return found


@without_runtime
def test_without_a_runtime_a_container_task_says_so_and_ends_with_77(world: World) -> None:
    batch = pool_with_containers(world)
    assert ended(run(batch, "skipped", "/bin/true", **settings())) == (77, "FailureExitCode")
    assert printed(batch, "skipped", "stderr") == f"{SKIPPED}\n"
    group = models.BatchTaskGroup({"value": [{"id": "many", "commandLine": "", **settings()}]})
    assert [one.status for one in batch.create_task_collection("job", group).result_values or ()] == ["success"]
    until(lambda: batch.get_task("job", "many").state == "completed")
    put_pool(world, "docker", startTask={"commandLine": "docker version"})
    assert start_task(batch, "docker").exit_code == 77
    (said,) = world.azure.folder.glob("nodes/*/docker/*/startup/stderr.txt")
    assert said.read_text() == f"{SKIPPED}\n"


@without_runtime
@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="this machine has a GPU")
def test_a_gpu_size_has_a_command_that_tells_of_no_gpu(world: World) -> None:
    world.text["azure"]["location"] = "swedencentral"  # not every region has the size
    world.text["pools"]["pool"]["vmSize"] = "Standard_NC4as_T4_v3"
    del world.text["jobs"]["job"]["convert"]
    world.apply()
    batch = world.cloud().batch()
    assert ended(run(batch, "gpu", "nvidia-smi -L")) == (77, "FailureExitCode")
    assert printed(batch, "gpu", "stderr") == "not run here: this machine has no GPU\n"


@without_runtime
def test_container_settings_need_a_pool_with_containers(world: World) -> None:
    del world.text["jobs"]["job"]["convert"]
    world.apply()
    batch = world.cloud().batch()
    assert ended(run(batch, "plain", "/bin/true", **settings())) == (None, "ContainerPoolNotSupported")
    start = models.BatchStartTask({"commandLine": "/bin/true", **settings()})
    with pytest.raises(HttpResponseError) as refused:
        batch.update_pool("pool", models.BatchPoolUpdateOptions(start_task=start))
    assert "InvalidPropertyValue" in str(refused.value)
    assert "startTask.containerSettings" in str(refused.value)


@without_runtime
def test_a_pool_with_containers_takes_no_task_without_settings(world: World) -> None:
    batch = pool_with_containers(world)
    assert ended(run(batch, "bare", "/bin/true")) == (None, "ContainerTaskSettingsNotFound")


@without_runtime
def test_wrong_container_settings_are_refused_when_the_task_is_added(world: World) -> None:
    batch = pool_with_containers(world)
    for wrong, word in (
        ({"imageName": ""}, "imageName"),
        ({"imageName": "--privileged"}, "imageName"),
        ({"imageName": IMAGE, "workingDirectory": "elsewhere"}, "workingDirectory"),
        ({"imageName": IMAGE, "unknown": 1}, "unknown"),
    ):
        with pytest.raises(HttpResponseError, match=word):
            add(batch, "wrong", "/bin/true", containerSettings=wrong)


@without_runtime
def test_both_planes_show_a_pools_containers_without_passwords(world: World) -> None:
    registry = {"registryServer": "example.azurecr.io", "username": "reader"}
    identity = {"resourceId": f"{world.cloud().group_id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/x"}
    other = {"registryServer": "other.azurecr.io", "identityReference": identity}
    configuration = {"type": "DockerCompatible", "containerImageNames": ["example.azurecr.io/tool:1"]}
    given = {**configuration, "containerRegistries": [{**registry, "password": "secret"}, other]}
    shown = {**configuration, "containerRegistries": [registry, other]}
    batch = pool_with_containers(world, configuration=given)
    until(lambda: batch.get_pool("containers").allocation_state == "steady")
    body = put_pool(world, "containers", shown)
    machine = body["properties"]["deploymentConfiguration"]["virtualMachineConfiguration"]
    assert machine["containerConfiguration"] == shown
    found = batch.get_pool("containers").virtual_machine_configuration
    assert found is not None
    assert found.container_configuration is not None
    assert found.container_configuration.as_dict() == {**shown, "type": "dockerCompatible"}
    private = {"imageName": IMAGE, "registry": {**registry, "password": "secret"}}
    batch.create_task(
        "job", models.BatchTaskCreateOptions({"id": "a", "commandLine": "", "containerSettings": private})
    )
    kept = batch.get_task("job", "a").container_settings
    assert kept is not None
    assert kept.as_dict()["registry"] == registry


@without_runtime
def test_a_wrong_container_configuration_is_refused(world: World) -> None:
    del world.text["jobs"]
    world.text["pools"] = {}
    world.apply()
    wrongs: tuple[tuple[dict[str, Any], str], ...] = (
        ({"type": "Singularity"}, "containerConfiguration.type"),
        ({"type": "DockerCompatible", "containerImageNames": [""]}, "containerImageNames"),
        ({"type": "DockerCompatible", "unknown": 1}, "unknown"),
        ({"type": "DockerCompatible", "containerRegistries": [{"user": "x"}]}, "user"),
        ({"type": "DockerCompatible", "containerRegistries": [{"identityReference": {}}]}, "resourceId"),
    )
    for wrong, word in wrongs:
        with pytest.raises(Exception, match=word):
            put_pool(world, "containers", wrong)
