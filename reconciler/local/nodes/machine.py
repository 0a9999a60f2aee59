"""A node as a machine: directories as on a Batch node, and processes with Batch's environment.

The node's image is this machine: the Python that runs the local Azure comes first on PATH, and settings of
package clients and proxies are the machine's own. Nothing else of the server's environment reaches a task.
"""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import signal
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from reconciler.local.azure import Azure

MACHINE_WIDE = ("PIP_", "NPM_CONFIG_", "UV_")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "LANG", "TZ")


class Refused(Exception):
    """A resource file cannot be had; `code` is Batch's."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


class Machine:
    def __init__(self, azure: Azure) -> None:
        self.azure: Azure = azure
        self.folder: Path = azure.folder
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._abandoned: set[str] = set()

    def root(self, node: dict[str, Any]) -> Path:
        return Path(self.folder, "nodes", node["account"], node["pool"], node["id"])

    def prepare(self, node: dict[str, Any]) -> None:
        for name in ("shared", "startup/wd", "workitems", "fsmounts"):
            (self.root(node) / name).mkdir(parents=True, exist_ok=True)

    def abandon(self, key: str) -> None:
        """Forget a run: its end changes nothing any more."""
        if key in self._processes:
            self._abandoned.add(key)
            _kill(self._processes[key])

    def close(self) -> None:
        for process in self._processes.values():
            _kill(process)

    def environment(self, node: dict[str, Any]) -> dict[str, str]:
        root, ca = self.root(node), str(self.azure.folder / "ca.pem")
        machine = {
            name: value for name, value in os.environ.items() if name.startswith(MACHINE_WIDE) or name in PROXIES
        }
        python = str(Path(sys.executable).parent)
        return {
            **machine,
            "PATH": f"{python}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "HOME": str(root / "shared"),
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

    async def run_start_task(
        self, document: dict[str, Any], node: dict[str, Any], start: dict[str, Any]
    ) -> dict[str, Any]:
        """Run the start task to its end, retries included; its startTaskInfo."""
        folder = self.root(node) / "startup"
        work = folder / "wd"
        env = {**self.environment(node), **_settings(start), "AZ_BATCH_TASK_WORKING_DIR": str(work)}
        retries = 0
        while True:
            info: dict[str, Any] = {"startTime": self.azure.clock.after(0), "retryCount": retries}
            code, failure = await self._execute(
                f"start/{node['id']}", start["commandLine"], folder, work, env, None, {}
            )
            info["endTime"] = self.azure.clock.after(0)
            if code is not None:
                info["exitCode"] = code
            if failure is not None:
                info["failureInfo"] = failure
            info |= {"state": "completed", "result": "success" if failure is None else "failure"}
            if failure is None or code is None or retries >= start["maxTaskRetryCount"] >= 0:
                return info
            retries += 1

    async def run(self, job: dict[str, Any], task: dict[str, Any], node: dict[str, Any], key: str) -> bool:
        """Run a task once; its executionInfo says how it ended. False if the run was abandoned."""
        folder = self.root(node) / "workitems" / task["job"] / "job-1" / task["id"]
        work = folder / "wd"
        work.mkdir(parents=True, exist_ok=True)
        task["folder"] = str(folder)
        self._abandoned.discard(key)
        code, failure = None, None
        try:
            for file in task.get("resourceFiles") or ():
                await self._fetch(file, work)
        except Refused as refused:
            failure = _failure(refused.code, refused.message)
        if failure is None:
            info = {**task["executionInfo"], "startTime": self.azure.clock.after(0)}
            self.azure.batch.change(task, "running", info)
            env = {
                **self.environment(node),
                **_settings({"environmentSettings": job.get("commonEnvironmentSettings")}),
                **_settings(task),
                "AZ_BATCH_JOB_ID": task["job"],
                "AZ_BATCH_TASK_ID": task["id"],
                "AZ_BATCH_TASK_DIR": str(folder),
                "AZ_BATCH_TASK_WORKING_DIR": str(work),
            }
            limit = _seconds(task["constraints"]["maxWallClockTime"])
            code, failure = await self._execute(key, task["commandLine"], folder, work, env, limit, task)
        if key in self._abandoned:
            self._abandoned.discard(key)
            return False
        task.pop("pid", None)
        info = {**task["executionInfo"], "endTime": self.azure.clock.after(0)}
        info.pop("exitCode", None)
        info.pop("failureInfo", None)
        if code is not None:
            info["exitCode"] = code
        if failure is not None:
            info["failureInfo"] = failure
        task["executionInfo"] = {**info, "result": "success" if failure is None else "failure"}
        return True

    async def _execute(
        self,
        key: str,
        line: str,
        folder: Path,
        work: Path,
        env: dict[str, str],
        limit: float | None,
        task: dict[str, Any],
    ) -> tuple[int | None, dict[str, Any] | None]:
        """Run a command line without a shell; its exit code, and why it failed."""
        try:
            args = [re.sub(r"\$AZ_BATCH_\w+", lambda m: env.get(m[0][1:], m[0]), arg) for arg in shlex.split(line)]
            with (folder / "stdout.txt").open("wb") as out, (folder / "stderr.txt").open("wb") as err:
                process = await asyncio.create_subprocess_exec(
                    *args, cwd=work, env=env, stdout=out, stderr=err, start_new_session=True
                )
        except (FileNotFoundError, PermissionError, ValueError) as error:
            return None, _failure("CommandProgramNotFound", "The specified command program is not found", str(error))
        self._processes[key] = process
        task["pid"] = process.pid
        try:
            code = await asyncio.wait_for(process.wait(), limit)
        except TimeoutError:
            _kill(process)
            await process.wait()
            return None, _failure("TaskEnded", "Task exceeded its maximum wall-clock time and was ended")
        finally:
            self._processes.pop(key, None)
            _kill(process)  # what the task left running ends with it
        if code == 0:
            return 0, None
        code = 128 - code if code < 0 else code
        detail = "The task process exited with an unexpected exit code"
        text = "The task exited with an exit code representing a failure"
        return code, _failure("FailureExitCode", text, detail)

    async def _fetch(self, file: dict[str, Any], work: Path) -> None:
        """Download one resource file, or a container's blobs below a prefix, as the identity that it names."""
        base = file.get("storageContainerUrl")
        url = file.get("httpUrl")
        async with self._client(file) as client:
            if url:
                await self._save(client, url, _below(work, file.get("filePath") or url.rsplit("/", 1)[-1]))
            elif base:
                prefix = file.get("blobPrefix", "")
                for name in await self._names(client, base, prefix):
                    target = _below(work / (file.get("filePath") or "."), name)
                    await self._save(client, f"{base.rstrip('/')}/{quote(name)}", target)
            else:
                raise Refused("ResourceFileInvalid", "The local Azure needs httpUrl or storageContainerUrl.")

    def _client(self, file: dict[str, Any]) -> httpx.AsyncClient:
        headers = {"x-ms-version": "2025-11-05"}
        identity = (file.get("identityReference") or {}).get("resourceId")
        if identity:
            document = self.azure.store.get("identity", identity)
            if document is None:
                raise Refused("BlobAccessDenied", f"The identity {identity} does not exist.")
            known = document["resource"]["properties"]
            args = (known["principalId"], known["clientId"], "https://storage.azure.com", document["resource"]["id"])
            headers["Authorization"] = f"Bearer {self.azure.tokens.issue(*args)['access_token']}"
        import ssl

        context = ssl.create_default_context(cafile=str(self.azure.folder / "ca.pem"))
        return httpx.AsyncClient(verify=context, headers=headers, timeout=60, trust_env=False)

    async def _names(self, client: httpx.AsyncClient, base: str, prefix: str) -> list[str]:
        answer = await client.get(base, params={"restype": "container", "comp": "list", "prefix": prefix})
        if answer.status_code != 200:
            raise _denied("ResourceContainer", answer, base)
        listing = ET.fromstring(answer.content)  # noqa: S314  # our own blob service wrote it
        return [found.text or "" for found in listing.iterfind("./Blobs/Blob/Name")]

    async def _save(self, client: httpx.AsyncClient, url: str, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        answer = await client.get(url)
        if answer.status_code != 200:
            raise _denied("Blob", answer, url)
        target.write_bytes(answer.content)
        target.chmod(0o770)


def _below(work: Path, name: str) -> Path:
    target = (work / name).resolve()
    if not target.is_relative_to(work.resolve()):
        raise Refused("ResourceFileInvalid", f"The file path {name} leaves the task's working directory.")
    return target


def _denied(what: str, answer: httpx.Response, url: str) -> Refused:
    place = urlsplit(url)._replace(query="").geturl()
    if answer.status_code in (401, 403):
        return Refused(f"{what}AccessDenied", f"Access for {place} is denied.")
    if answer.status_code == 404:
        return Refused(f"{what}NotFound", f"{place} does not exist.")
    return Refused(f"{what}DownloadMiscError", f"Downloading {place} failed with HTTP status {answer.status_code}.")


def _failure(code: str, message: str, detail: str = "") -> dict[str, Any]:
    failure: dict[str, Any] = {"category": "usererror", "code": code, "message": message}
    return {**failure, "details": [{"name": "Message", "value": detail}]} if detail else failure


def _settings(task: dict[str, Any]) -> dict[str, str]:
    return {item["name"]: item.get("value", "") for item in task.get("environmentSettings") or ()}


def _seconds(duration: str) -> float | None:
    """The seconds of an ISO 8601 duration; None for a year or more, which is no limit."""
    match = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?", duration)
    if not match:
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return total if total < 365 * 86400 else None


def _kill(process: asyncio.subprocess.Process) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
