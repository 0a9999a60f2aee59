"""A node as a machine: directories as on a Batch node, and tasks in Batch's environment, as processes or containers.

The node's image is this machine: the Python that runs the local Azure comes first on PATH, and settings of
package clients and proxies are this machine's. Tasks get nothing else of the server's environment.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from azure_local.azure import Azure
from azure_local.batch.arm.pool_access import with_keys
from azure_local.batch.data.common import nodes_of
from azure_local.compute import sizes
from azure_local.nodes import commands
from azure_local.nodes.containers import Containers, unfit
from azure_local.nodes.failures import Refused
from azure_local.nodes.output_files import upload
from azure_local.nodes.processes import End, Run
from azure_local.nodes.resource_files import ResourceFiles
from azure_local.reach import places

MACHINE_WIDE = ("PIP_", "NPM_CONFIG_", "UV_")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "LANG", "TZ")


class Machine:
    def __init__(self, azure: Azure) -> None:
        self.azure: Azure = azure
        self.folder: Path = azure.folder
        self.files = ResourceFiles(azure)
        self._containers = Containers(azure)
        self._runs: dict[str, Run] = {}

    def root(self, node: dict[str, Any]) -> Path:
        return Path(self.folder, "nodes", node["account"], node["pool"], node["id"])

    def prepare(self, node: dict[str, Any]) -> None:
        for name in ("shared", "startup/wd", "workitems", "fsmounts", "applications"):
            (self.root(node) / name).mkdir(parents=True, exist_ok=True)

    def abandon(self, key: str) -> None:
        """Forget a run: its end changes nothing any more."""
        if key in self._runs:
            self._runs.pop(key).abandon()
        for beside in [name for name in self._runs if name.startswith(f"{key}#")]:
            self._runs.pop(beside).abandon()

    def close(self) -> None:
        for key in list(self._runs):
            self.abandon(key)
        self._containers.close()

    def _host(self, node: dict[str, Any]) -> dict[str, str]:
        root, python = self.root(node), str(Path(sys.executable).parent)
        path = (str(root / "bin"), python, os.environ.get("PATH", os.defpath))
        return {"PATH": os.pathsep.join(path), "HOME": str(root / "shared")}

    def _variables(self, node: dict[str, Any]) -> dict[str, str]:
        root, ca = self.root(node), str(self.azure.folder / "nodes.pem")
        machine = {
            name: value for name, value in os.environ.items() if name.startswith(MACHINE_WIDE) or name in PROXIES
        }
        return {
            **machine,
            **node["packages"],
            "AZ_BATCH_ACCOUNT_NAME": node["account"],
            "AZ_BATCH_ACCOUNT_URL": f"{self.azure.front}/batch/{node['account']}",
            "AZ_BATCH_POOL_ID": node["pool"],
            "AZ_BATCH_NODE_ID": node["id"],
            "AZ_BATCH_NODE_IS_DEDICATED": str(node["dedicated"]).lower(),
            "AZ_BATCH_NODE_ROOT_DIR": str(root),
            "AZ_BATCH_NODE_SHARED_DIR": str(root / "shared"),
            "AZ_BATCH_NODE_STARTUP_DIR": str(root / "startup"),
            "AZ_BATCH_NODE_STARTUP_WORKING_DIR": str(root / "startup" / "wd"),
            "AZ_BATCH_NODE_MOUNTS_DIR": str(root / "fsmounts"),
            "AZURE_POD_IDENTITY_AUTHORITY_HOST": f"{self.azure.imds_front}/{node['secret']}",
            "REQUESTS_CA_BUNDLE": ca,
            "SSL_CERT_FILE": ca,
        }

    async def _commands(self, document: dict[str, Any], node: dict[str, Any]) -> None:
        """Give the node the commands that its image or size should have and this machine may lack."""
        folder = self.root(node) / "bin"
        if _configuration(document) is not None:
            commands.docker(folder, await self._containers.runtime())
        if sizes.gpu(document["resource"]["properties"]["vmSize"]):
            commands.nvidia_smi(folder)
        if document["resource"]["properties"].get("interNodeCommunication") == "Enabled":
            hosts = {other["address"]: self._host(other) for other in nodes_of(self.azure, document)}
            commands.ssh(folder, with_keys(document["resource"]["properties"]), hosts)

    async def run_start_task(
        self, document: dict[str, Any], node: dict[str, Any], start: dict[str, Any]
    ) -> dict[str, Any]:
        """Run the start task to its end, including retries, and return its startTaskInfo."""
        folder = self.root(node) / "startup"
        return await self._run_beside(
            document, node, folder, f"start/{node['id']}", start, {}, start["maxTaskRetryCount"]
        )

    async def run_for_job(
        self, document: dict[str, Any], node: dict[str, Any], job: dict[str, Any], task: dict[str, Any]
    ) -> dict[str, Any]:
        """Run a job's preparation or release task to its end, including retries, and return its execution info."""
        folder = self.root(node) / "workitems" / job["id"] / "job-1" / task["id"]
        variables = {
            **_settings({"environmentSettings": job.get("commonEnvironmentSettings")}),
            **_prepared(self.root(node), job),
        }
        variables |= {"AZ_BATCH_JOB_ID": job["id"], "AZ_BATCH_TASK_ID": task["id"], "AZ_BATCH_TASK_DIR": str(folder)}
        key = f"{task['id']}/{job['id']}/{node['id']}"
        return await self._run_beside(
            document, node, folder, key, task, variables, task["constraints"]["maxTaskRetryCount"]
        )

    def _of_task(self, job: dict[str, Any], task: dict[str, Any], node: dict[str, Any]) -> dict[str, str]:
        """The variables of a task of a job, on this node."""
        return {
            **_settings({"environmentSettings": job.get("commonEnvironmentSettings")}),
            **_settings(task),
            **_prepared(self.root(node), job),
            "AZ_BATCH_JOB_ID": task["job"],
            "AZ_BATCH_TASK_ID": task["id"],
            "AZ_BATCH_TASK_DIR": str(task_folder(self.root(node), task)),
        }

    async def run_beside_task(
        self,
        document: dict[str, Any],
        job: dict[str, Any],
        task: dict[str, Any],
        node: dict[str, Any],
        variables: dict[str, str],
    ) -> dict[str, Any]:
        """Run one of the commands that a task on several nodes has beside its own; its execution info."""
        given = {**self._of_task(job, task, node), **variables}
        folder, key = task_folder(self.root(node), task), f"{_key(task)}#{node['id']}"
        return await self._run_beside(document, node, folder, key, task, given, 0)

    def abandon_beside(self, task: dict[str, Any]) -> None:
        for key in [key for key in self._runs if key.startswith(f"{_key(task)}#")]:
            self._runs.pop(key).abandon()

    async def _run_beside(
        self,
        document: dict[str, Any],
        node: dict[str, Any],
        folder: Path,
        key: str,
        task: dict[str, Any],
        variables: dict[str, str],
        retries: int,
    ) -> dict[str, Any]:
        """Run a start, preparation or release task in `folder`, with at most `retries` retries; its execution info."""
        variables = {**variables, **_settings(task), "AZ_BATCH_TASK_WORKING_DIR": str(folder / "wd")}
        await self._commands(document, node)
        tried = 0
        while True:
            run = Run(folder, self._host(node), {**self._variables(node), **variables}, {})
            run.work.mkdir(parents=True, exist_ok=True)
            self._runs[key] = run
            info: dict[str, Any] = {"startTime": self.azure.clock.after(0), "retryCount": tried}
            limit = _seconds((task.get("constraints") or {}).get("maxWallClockTime", ""))
            code, failure = await self._execute(run, document, task, limit, lambda: None)
            info |= {"endTime": self.azure.clock.after(0), "state": "completed"} | _told(run, code, failure)
            if run.abandoned or failure is None or code is None or tried >= retries >= 0:
                if not run.abandoned:
                    del self._runs[key]
                return info
            tried += 1

    async def run(
        self,
        document: dict[str, Any],
        job: dict[str, Any],
        task: dict[str, Any],
        node: dict[str, Any],
        packages: dict[str, str],
    ) -> bool:
        """Run a task once; its executionInfo says how it ended. False if the run was abandoned.

        `packages` are variables that say where its application packages are.
        """
        key, folder = _key(task), task_folder(self.root(node), task)
        variables = {**self._of_task(job, task, node), **packages, "AZ_BATCH_TASK_WORKING_DIR": str(folder / "wd")}
        user = {"USER": task["userIdentity"].get("username", "_azbatch")}
        run = Run(folder, {**self._host(node), **user}, {**self._variables(node), **variables}, task)
        run.follows = "multiInstanceSettings" in task
        run.work.mkdir(parents=True, exist_ok=True)
        task["folder"] = str(folder)
        self._runs[key] = run

        def begin() -> None:
            if task["state"] == "running":  # since its coordination command
                return
            info = {**task["executionInfo"], "startTime": self.azure.clock.after(0)}
            self.azure.batch.tasks.change(task, "running", info)

        await self._commands(document, node)
        limit = _seconds(task["constraints"]["maxWallClockTime"])
        code, failure = await self._execute(run, document, task, limit, begin)
        if not run.abandoned and task.get("outputFiles"):
            failure = await self._upload(run, document, task, failure)
        if run.abandoned:
            return False
        del self._runs[key]
        task.pop("pid", None)
        before = {name: value for name, value in task["executionInfo"].items() if name not in OUTCOME}
        task["executionInfo"] = {**before, "endTime": self.azure.clock.after(0), **_told(run, code, failure)}
        return True

    async def _upload(
        self, run: Run, document: dict[str, Any], task: dict[str, Any], failure: dict[str, Any] | None
    ) -> dict[str, Any] | None:
        """The task's failureInfo after its output files were uploaded, or could not be."""
        try:
            place = places.of_pool(self.azure, document)
            await upload(self.files, place, task["outputFiles"], run.folder, run.work, success=failure is None)
        except Refused as refused:
            return failure or refused.info
        return failure

    async def _execute(
        self,
        run: Run,
        document: dict[str, Any],
        task: dict[str, Any],
        limit: float | None,
        begin: Callable[[], None],
    ) -> End:
        """Fetch a task's or start task's files and run it; `begin` is called when it starts to run."""
        settings, configuration = task.get("containerSettings"), _configuration(document)
        failure = unfit(task, configuration)
        if failure is not None:
            return None, failure
        try:
            for file in task.get("resourceFiles") or ():
                await self.files.fetch(file, run.work, document)
            if run.abandoned:
                return None, None
            if settings:
                known = (configuration or {}).get("containerRegistries") or []
                return await self._containers.execute(run, task["commandLine"], settings, known, limit, begin)
        except Refused as refused:
            return None, refused.info
        begin()
        return await run.execute(task["commandLine"], limit)


OUTCOME = ("exitCode", "failureInfo", "containerInfo", "result")


def task_folder(root: Path, task: dict[str, Any]) -> Path:
    """The root directory of a task on a node."""
    return root.joinpath("workitems", task["job"], "job-1", task["id"])


def _key(task: dict[str, Any]) -> str:
    return f"{task['account']}/{task['job']}/{task['id']}".lower()


def _told(run: Run, code: int | None, failure: dict[str, Any] | None) -> dict[str, Any]:
    """How a run ended, as members of executionInfo and startTaskInfo."""
    info: dict[str, Any] = {"result": "success" if failure is None else "failure"}
    if code is not None:
        info["exitCode"] = code
    if failure is not None:
        info["failureInfo"] = failure
    if run.container is not None:
        info["containerInfo"] = {"containerId": run.container, "state": "exited"}
    return info


def _configuration(document: dict[str, Any]) -> dict[str, Any] | None:
    """The container configuration of a pool, if it has one."""
    machine = document["resource"]["properties"]["deploymentConfiguration"]["virtualMachineConfiguration"]
    configuration: dict[str, Any] | None = machine.get("containerConfiguration")
    return configuration


def _settings(task: dict[str, Any]) -> dict[str, str]:
    return {item["name"]: item.get("value", "") for item in task.get("environmentSettings") or ()}


def _prepared(root: Path, job: dict[str, Any]) -> dict[str, str]:
    """The variables that tell later tasks where the job's preparation task ran."""
    if not job.get("jobPreparationTask"):
        return {}
    folder = root / "workitems" / job["id"] / "job-1" / job["jobPreparationTask"]["id"]
    return {"AZ_BATCH_JOB_PREP_DIR": str(folder), "AZ_BATCH_JOB_PREP_WORKING_DIR": str(folder / "wd")}


def _seconds(duration: str) -> float | None:
    """The seconds of an ISO 8601 duration; None for a year or more, which is no limit."""
    match = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?", duration)
    if not match:
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return total if total < 365 * 86400 else None
