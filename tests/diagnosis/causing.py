"""Everything that can go wrong, caused side by side in one Batch account of the local Azure."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from azure.batch import BatchClient, models
from azure.identity import DefaultAzureCredential

from tests.local.pools import IMAGE, MACHINE, REGION, Bench, made, until
from tests.local.test_auto_pools import POOL as OWN
from tests.local.test_pool_jobs import terminate
from tests.local.test_pool_nodes import deallocate

SLEEPS = "sleep 300"
FOCAL = {"publisher": "canonical", "offer": "0001-com-ubuntu-server-focal", "sku": "20_04-lts"}
RUNTIME = """#!/bin/sh
case "$*" in
  info) exit 0 ;;
  pull*expired*) echo "unauthorized: authentication required, token has expired"; exit 1 ;;
  pull*) echo "manifest unknown: manifest tagged by 1 is not found"; exit 1 ;;
  *) exit 1 ;;
esac
"""
"""A container runtime that pulls nothing, and says why as registries do."""
TOKEN = "ghp_abcdefghijklmnopqrstuvwxyz0123456789"
HOSTILE = f'import sys; sys.exit(chr(120) * 9000 + chr(10) + chr(27) + "[31mred {TOKEN}")'
"""A program that writes a long line, and one that colours terminals and tells a secret."""
WRITES = "for n in 1 2 3 4 5 6 7 8 9 10 11 12; do echo line $n >&2; done"
SPEC = """\
apiVersion: reconciler/v1
name: causes
azure: {{cloud: local, location: {region}, resourceGroup: {group}}}
storage: {{{storage}: {{}}, {closed}: {{}}}}
batchAccount: {{name: {account}}}
pools: {pools}
jobs: {jobs}
"""
CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"


def runtime(folder: Path) -> str:
    path = folder / "docker"
    path.write_text(RUNTIME)
    path.chmod(0o755)
    return str(path)


def spec(bench: Bench, folder: Path, account: str = "") -> Path:
    """A spec that names the account, and a pool and a job that are not made."""
    path = folder / f"{account or bench.account}.yaml"
    pools = {"unmade": {"vmSize": "Standard_D2s_v3", "image": "ubuntu-24.04", "nodes": 1, "verify": True}}
    tasks = {"a": {"command": "true"}}
    jobs = {"unmade": {"pool": "pools/unmade"}, "counts": {"pool": "pools/unmade", "tasks": tasks}}
    text = SPEC.format(
        region=REGION,
        group=bench.group,
        storage=bench.storage,
        closed=closed(bench),
        account=account or bench.account,
        pools=json.dumps(pools),
        jobs=json.dumps(jobs),
    )
    path.write_text(text)
    return path


def closed(bench: Bench) -> str:
    return f"{bench.storage}shut"


def shell(line: str) -> str:
    return f"/bin/sh -c '{line}'"


def crowded(bench: Bench, folder: Path) -> Path:
    """The spec of another account, which has as many active jobs as it may, all with work left."""
    name = f"{bench.account}b"
    made(bench, bench.account_id.replace(bench.account, name), "2025-06-01", properties={})
    client = BatchClient(bench.batch._config.endpoint.replace(bench.account, name), DefaultAzureCredential())
    other = replace(bench, account=name, batch=client)
    other.control("batch-quotas", activeJobAndJobScheduleQuota=1)
    other.put("p", {"properties": other.body()["properties"]})
    other.job("j", "p")
    other.task("j", "t")
    return spec(other, folder)


class Causes:
    """What is made, by the name of what it causes: pools, and jobs with a task `t` on them."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def all(self) -> None:
        self._early()
        self._pools()
        self._formulas()
        self._nodes()
        self._waiting()
        self._limits()
        self._dependencies()
        self._failures()
        self._jobs()
        self._storage()
        self._schedules()
        self._evicted()
        self._large()
        self._settled()

    def _pool(self, name: str, nodes: int = 0, **more: Any) -> None:
        self.bench.put(name, self.bench.body(nodes, **more))

    def work(self, name: str, pool: str, line: str = SLEEPS, **more: Any) -> None:
        """A job with a task."""
        of_job = {key: more.pop(key) for key in list(more) if key in JOB}
        self.bench.job(name, pool, **of_job)
        self.bench.task(name, "t", line, **more)

    def _early(self) -> None:
        """A resize that gave up an hour ago, and a job that has lived too long."""
        self.bench.control("allocations", pool="old-resize-error", times=1)
        self._pool("old-resize-error", 2)
        self._pool("zero")
        self.work("done", "zero")
        self.bench.batch.terminate_task("done", "t")
        self.bench.steady("old-resize-error")
        self.work("job-wall-clock", "zero", constraints={"maxWallClockTime": "PT30M"})
        self.bench.azure.advance(3600)
        self.bench.azure.run(5)

    def _pools(self) -> None:
        bench = self.bench
        bench.control("batch-quotas", families={"standardDSv4Family": 1})
        self._pool("core-quota", 1, vmSize="Standard_D2s_v4")
        bench.control("allocations", pool="no-capacity", times=1)
        self._pool("no-capacity", 1)
        message = "The requested image is not available: canonical:0001-com-ubuntu-server-focal:20_04-lts:latest"
        bench.control("allocations", pool="image-retired", times=1, code="AllocationFailed", message=message)
        focal = {"imageReference": FOCAL, "nodeAgentSkuId": "batch.node.ubuntu 20.04"}
        self._pool("image-retired", 1, machine=focal)
        bench.control(
            "allocations", pool="resize-failed", times=1, code="DependentResourceNotFound", message="subnet gone"
        )
        self._pool("resize-failed", 1)
        self._pool("pool-missing")
        for name in ("old-resize-error", "core-quota", "no-capacity", "image-retired", "resize-failed", "pool-missing"):
            self.work(name, name)
        bench.arm.pool.begin_delete(bench.group, bench.account, "pool-missing")
        self.work("no-nodes", "zero")

    def _formulas(self) -> None:
        formulas = {
            "formula-zero": "$TargetDedicatedNodes = 0;",
            "formula-samples": "$TargetDedicatedNodes = avg($PendingTasks.GetSample(TimeInterval_Hour * 20));",
            "formula-error": "$TargetDedicatedNodes = 1 / (1 - $CurrentDedicatedNodes);",
            "formula-preempted": "$TargetLowPriorityNodes = 1;",
        }
        for name, formula in formulas.items():
            self._pool(name, scaleSettings={"autoScale": {"formula": formula, "evaluationInterval": "PT5M"}})
            self.work(name, name)

    def _nodes(self) -> None:
        """Pools of one node each, which stop working once they are up."""
        start = {"commandLine": shell(f"{WRITES}; exit 3"), "waitForSuccess": True}
        self._pool("start-task-failed", 1, startTask=start)
        spot = {"fixedScale": {"targetLowPriorityNodes": 1}}
        for name in ("preempted", "maybe-preempted"):
            self._pool(name, scaleSettings=spot)
        for name in (*STRUCK, "scheduling-disabled", "nodes-deallocated", "works", "taken"):
            self._pool(name, 1, taskSlotsPerNode=1 if name == "taken" else 4)
        self._pool("evicted", scaleSettings={"fixedScale": {"targetLowPriorityNodes": 2}})
        containers = {"type": "DockerCompatible", "containerImageNames": ["x.azurecr.io/tool:1"]}
        self._pool("containers", 1, machine={**MACHINE, "imageReference": IMAGE, "containerConfiguration": containers})
        self.bench.azure.advance(100)
        up = (
            "nodes-deallocated",
            "preempted",
            "maybe-preempted",
            *STRUCK,
            "scheduling-disabled",
            "works",
            "taken",
            "evicted",
            "containers",
        )
        until(lambda: all(self._idle(name) for name in up))
        until(lambda: self._idle("formula-preempted"))
        for name, (code, message) in STRUCK.items():
            self.bench.control("nodes", pool=name, state="unusable", code=code, message=message)
        for name in ("preempted", "formula-preempted"):
            self.bench.control("nodes", pool=name, state="preempted", seconds=10**8)
        self.bench.control("nodes", pool="maybe-preempted", state="preempted", unusable=10**8)
        self.bench.control("nodes", pool="scheduling-disabled", state="offline")
        deallocate(self.bench, "nodes-deallocated", str(self.bench.nodes("nodes-deallocated")[0].id), "requeue")
        for name in (
            "start-task-failed",
            "preempted",
            "maybe-preempted",
            *STRUCK,
            "scheduling-disabled",
            "nodes-deallocated",
        ):
            self.work(name, name)

    def _idle(self, pool: str) -> bool:
        nodes = self.bench.nodes(pool)
        return bool(nodes) and all(node.state != "creating" and node.state != "starting" for node in nodes)

    def _waiting(self) -> None:
        self.work("too-many-slots", "works", requiredSlots=5)
        several = {"numberOfInstances": 2, "coordinationCommandLine": "true"}
        self.work("several-nodes", "works", multiInstanceSettings=several)
        prepares = {"id": "prepares", "commandLine": shell("exit 7"), "constraints": {"maxTaskRetryCount": 0}}
        self.work("preparation-failed", "works", jobPreparationTask=prepares)

    def _limits(self) -> None:
        self.work("goes-first", "taken", priority=10)
        self._running("goes-first")
        self.work("priority", "taken")
        self.work("parallel-limit", "works", maxParallelTasks=1)
        self.bench.task("parallel-limit", "u", SLEEPS)
        self._running("parallel-limit")
        again = shell("cd $AZ_BATCH_NODE_SHARED_DIR; test -e tried && exec sleep 300; touch tried; exit 1")
        self._once("retrying", again, {"maxTaskRetryCount": 2})

    def _once(self, name: str, line: str, constraints: dict[str, Any]) -> None:
        """A job with a task that has constraints of its own."""
        self.bench.job(name, "works")
        self.bench.task(name, "t", line, constraints=constraints)

    def _running(self, job: str, task: str = "t") -> None:
        until(lambda: self.bench.batch.get_task(job, task).state == "running")

    def _dependencies(self) -> None:
        for name in ("dependency-failed", "dependency-missing", "dependency-range", "dependency-runs"):
            self.bench.job(name, "works", usesTaskDependencies=True)
        self.bench.task("dependency-failed", "a", shell("exit 4"))
        self.bench.task("dependency-failed", "b", dependsOn={"taskIds": ["a"]})
        self.bench.task("dependency-missing", "b", dependsOn={"taskIds": ["nobody"]})
        for name in ("001", "t2"):
            self.bench.task("dependency-range", name)
        self.bench.task("dependency-range", "b", dependsOn={"taskIdRanges": [{"start": 1, "end": 2}]})
        self.bench.task("dependency-runs", "a", SLEEPS)
        self.bench.task("dependency-runs", "b", dependsOn={"taskIds": ["a"]})

    def _failures(self) -> None:
        for name, line in FAILS.items():
            self.work(name, "works", line)
        self._once("task-wall-clock", SLEEPS, {"maxWallClockTime": "PT1S"})
        self.work("task-ended", "zero")
        self.bench.batch.terminate_task("task-ended", "t")
        for name, image in {
            "registry-denied": "x.azurecr.io/expired:1",
            "image-missing": "x.azurecr.io/gone:1",
        }.items():
            self.work(name, "containers", containerSettings={"imageName": image})
        self.work("container-settings", "containers")
        self.work("download-failed", "works", resourceFiles=[{"httpUrl": "https://127.0.0.1:1/x", "filePath": "x"}])

    def _jobs(self) -> None:
        bench = self.bench
        for name in ("job-disabled", "job-ended"):
            self.work(name, "zero")
        bench.batch.begin_disable_job("job-disabled", models.BatchJobDisableOptions(disable_tasks="requeue"))
        terminate(bench, "job-ended")
        ends = {"exitConditions": {"default": {"jobAction": "terminate"}}}
        self.work("job-task-failed", "works", shell("exit 5"), onTaskFailure="performexitoptionsjobaction", **ends)
        nothing = {**OWN, "vmSize": "Standard_Nothing"}
        info = {"autoPoolSpecification": {"poolLifetimeOption": "job", "pool": nothing}}
        bench.batch.create_job(models.BatchJobCreateOptions({"id": "job-not-scheduled", "poolInfo": info}))
        bench.job("job-manager-ended", "works", jobManagerTask=MANAGER)

    def _storage(self) -> None:
        """Refused by roles first, then given one, so that what is missing shows."""
        bench = self.bench
        body = {"sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {"publicNetworkAccess": "Disabled"}}
        made(bench, bench.storage_id.replace(bench.storage, closed(bench)), "2025-01-01", **body)
        blobs = bench.blobs().url.rstrip("/")
        shut = blobs.replace(bench.storage, closed(bench))
        self.work("role-missing", "works", resourceFiles=[self._file(blobs)])
        self.work("storage-closed", "works", resourceFiles=[self._file(shut)])
        for name in ("role-missing", "storage-closed"):
            bench.ended(name, "t")
        bench.grant(bench.storage_id, CONTRIBUTOR)
        self.work("input-missing", "works", resourceFiles=[self._file(blobs)])
        place = {"containerUrl": f"{blobs}/nowhere", "identityReference": {"resourceId": bench.identity}}
        output = {"filePattern": "../std*.txt", "destination": {"container": place}}
        options = {"uploadOptions": {"uploadCondition": "taskcompletion"}}
        self.work("output-failed", "works", "/bin/true", outputFiles=[{**output, **options}])

    def _file(self, blobs: str) -> dict[str, Any]:
        identity = {"identityReference": {"resourceId": self.bench.identity}}
        return {"httpUrl": f"{blobs}/inputs/there.txt", "filePath": "there.txt", **identity}

    def _schedules(self) -> None:
        manager: dict[str, Any] = {"jobManagerTask": {**MANAGER, "killJobOnCompletion": False}}
        self._schedule("schedule-early", {"doNotRunUntil": "2099-01-01T00:00:00Z", "recurrenceInterval": "PT1H"})
        self._schedule("schedule-disabled", {"doNotRunUntil": "2099-01-01T00:00:00Z", "recurrenceInterval": "PT1H"})
        self.bench.batch.disable_job_schedule("schedule-disabled")
        self._schedule("schedule-over", {"recurrenceInterval": "PT1H", "doNotRunAfter": "2026-01-01T00:00:00Z"})
        self._schedule("schedule-last-runs", {"recurrenceInterval": "PT1M"}, **manager)
        self._schedule("schedule-endless", {"recurrenceInterval": "PT1M"}, "works", **manager)

    def _schedule(self, name: str, when: dict[str, Any], pool: str = "zero", **more: Any) -> None:
        body = {"id": name, "schedule": when, "jobSpecification": {"poolInfo": {"poolId": pool}, **more}}
        self.bench.batch.create_job_schedule(models.BatchJobScheduleCreateOptions(body))

    def _evicted(self) -> None:
        """Of two nodes with a task each, one is taken."""
        self.work("evicted", "evicted")
        self.bench.task("evicted", "u", SLEEPS)
        for name in ("t", "u"):
            self._running("evicted", name)
        self.bench.control("nodes", pool="evicted", state="preempted", seconds=10**8)

    def _large(self) -> None:
        """A job of more tasks than a page has."""
        self.bench.job("large", "zero")
        for start in range(0, 1100, 100):
            tasks = [{"id": f"n{start + number}", "commandLine": "true"} for number in range(100)]
            self.bench.batch.create_tasks("large", [models.BatchTaskCreateOptions(task) for task in tasks])

    def generations(self) -> None:
        """What has other ids than names in the spec, as it was made anew."""
        owner = {"name": "reconcile_owner", "value": "causes"}
        self._pool("again-g2", metadata=[owner, {"name": "reconcile_pool", "value": "again"}])
        self.bench.job("again-g2", "zero", metadata=[owner, {"name": "reconcile_job", "value": "again"}])
        self.bench.task("again-g2", "t")

    def _settled(self) -> None:
        """Until all that is to happen has happened; then time stands almost still."""
        self.bench.azure.advance(200)
        ending = [
            *FAILS,
            "task-wall-clock",
            "registry-denied",
            "image-missing",
            "container-settings",
            "download-failed",
        ]
        for name in (*ending, "input-missing", "output-failed", "job-task-failed"):
            self.bench.ended(name, "t")
        self.bench.ended("dependency-failed", "a")
        self.bench.ended("dependency-range", "001")
        jobs = ("job-ended", "job-task-failed", "job-manager-ended", "job-wall-clock")
        until(lambda: all(self.bench.batch.get_job(name).state == "completed" for name in jobs))
        until(lambda: self.bench.batch.get_job("job-disabled").state == "disabled")
        until(lambda: self.bench.nodes("start-task-failed")[0].state == "starttaskfailed")
        until(lambda: any(item.job_preparation_task_execution_info for item in self._prepared()))
        made = {"schedule-last-runs:job-1", "schedule-endless:job-1"}
        until(lambda: {str(job.id) for job in self.bench.batch.list_jobs()} >= made)
        until(lambda: self.bench.batch.get_task("schedule-endless:job-1", "main").state == "completed")
        self.bench.azure.advance(90)
        self.bench.azure.run(0.001)

    def _prepared(self) -> list[Any]:
        return list(self.bench.batch.list_job_preparation_and_release_task_status("preparation-failed"))


MANAGER = {"id": "main", "commandLine": "/bin/true", "runExclusive": False}
JOB = (
    "constraints", "priority", "maxParallelTasks", "jobPreparationTask", "onTaskFailure", "jobManagerTask",
    "usesTaskDependencies",
)  # fmt: skip
STRUCK = {
    "node-disk-full": ("DiskFull", "There is not enough disk space on the node"),
    "node-image-missing": ("ContainerInvalidImage", "One or more container images specified are invalid"),
    "node-registry-denied": ("ContainerInvalidImage", "unauthorized: authentication required"),
    "node-package": ("ApplicationPackageError", "The package a 1 could not be unzipped"),
    "nodes-unusable": ("NodeAgentUnreachable", "The node does not answer."),
}
"""What befalls the nodes of these pools: the error that they show."""
FAILS = {
    "exit-code": shell(f"{WRITES}; exit 3"),
    "writes-much": "/usr/bin/env python3 -c '" + HOSTILE + "'",
    "command-not-found": shell("nosuchcommand"),
    "not-executable": shell("echo hello > x; ./x"),
    "disk-full": shell("cat /dev/zero > /dev/full"),
    "killed": shell("kill -9 $$"),
}
"""Tasks that fail by what they do."""
