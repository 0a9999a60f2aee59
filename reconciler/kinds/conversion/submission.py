"""The tasks of a conversion: writing their shard manifests, submitting them, and asking Batch what became of them.

A run is named after its content (inputs, worker, number of tasks and attempt), and its tasks after the run, so that
no task exists twice if a run is submitted twice.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from reconciler.cloud import batch_jobs, batch_tasks, identities, kept
from reconciler.cloud.cloud import Cloud
from reconciler.kinds.conversion import bundle, containers, records
from reconciler.kinds.conversion.work import Item, deal
from reconciler.model import Desired
from reconciler.nodelogs.places import Printing

PREFIX = "convert-"


def run_name(items: Sequence[Item], tasks: int, attempt: int) -> str:
    total = hashlib.sha256(f"{bundle.name()} {tasks} {attempt}".encode())
    for item in items:
        total.update(f"\0{item.name}\0{item.etag}".encode())
    return f"{PREFIX}{total.hexdigest()[:12]}"


def submit(cloud: Cloud, desired: Desired, job: str, items: Sequence[Item], earlier: Sequence[str]) -> None:
    """Write the manifests of a run and submit its tasks to a live job. Tasks that exist already stay as they are.

    `earlier` are the runs that have tried all of the items before; the report is about these and the new one.
    """
    scripts = containers.client(cloud, desired.data["scripts"])
    name = desired.address.name
    shards = deal(items, desired.data["tasks"])
    run = run_name(items, len(shards), _ended(cloud, job))
    folder = f"jobs/{name}/{run}"
    _put_bundle(scripts)
    manifests = {f"{folder}/shards/{number:04}.jsonl": _manifest(shard) for number, shard in enumerate(shards)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda manifest: scripts.upload_blob(*manifest, overwrite=True), manifests.items()))
    runs = [*(before for before in earlier if before != run), run][-records.RUNS :]
    metadata = {"total": str(len(items))}
    scripts.upload_blob(f"jobs/{name}/current", "\n".join(runs).encode(), overwrite=True, metadata=metadata)
    identity = identities.read(cloud, desired.data["identity"])
    urls, logs = containers.urls(cloud, desired), kept.printing(cloud, desired.data["logs"], job)
    tasks = (_task(desired, run, number, urls, identity) for number in range(len(shards)))
    batch_tasks.submit(cloud, job, (_printing(task, logs) for task in tasks))


def _printing(task: dict[str, Any], logs: Printing | None) -> dict[str, Any]:
    """The task with what it prints kept, if it is."""
    return {**task, "outputFiles": [logs.output(task["id"])]} if logs else task


def _manifest(items: Iterable[Item]) -> bytes:
    lines = (json.dumps(_line(item)) for item in items)
    return "\n".join(lines).encode() + b"\n"


def _line(item: Item) -> Mapping[str, Any]:
    line = {"name": item.name, "etag": item.etag, "output": item.output}
    return {**line, "replaces": True} if item.replaces else line


def _put_bundle(scripts: Any) -> None:
    """Upload the worker unless it is there: its folder is named after its content."""
    folder = f"worker/{bundle.name()}"
    there = {blob.name for blob in scripts.list_blobs(name_starts_with=f"{folder}/")}
    for name, content in bundle.bundle().items():
        if f"{folder}/{name}" not in there:
            scripts.upload_blob(f"{folder}/{name}", content, overwrite=True)


def _task(
    desired: Desired, run: str, number: int, urls: Mapping[str, str], identity: Mapping[str, Any]
) -> dict[str, Any]:
    """A task as the data plane takes it. The names of its inputs are in the manifest, not on its command line."""
    worker = bundle.name()
    folder = f"jobs/{desired.address.name}/{run}"
    arguments = [
        *("--from", urls["from"], "--to", urls["to"], "--scripts", urls["scripts"]),
        *("--shard", f"{folder}/shards/{number:04}.jsonl", "--result", f"{folder}/results/{number:04}.json"),
        *("--failed", containers.failed_prefix(desired), "--worker", worker, "--maker", desired.data["maker"]),
        *(("--overwrite-foreign",) if desired.data["overwriteForeign"] else ()),
    ]
    script = f"cd worker/{worker} && exec bash install_dependencies.sh --run convert_image.py {shlex.join(arguments)}"
    return {
        "id": f"{run}-{number:04}",
        "commandLine": f"/bin/bash -c {shlex.quote(script)}",
        "resourceFiles": [
            {
                "storageContainerUrl": urls["scripts"],
                "blobPrefix": f"worker/{worker}/",
                "identityReference": {"resourceId": identity["id"]},
            }
        ],
        "environmentSettings": [{"name": "AZURE_CLIENT_ID", "value": identity["properties"]["clientId"]}],
    }


def unfinished(cloud: Cloud, job: str) -> tuple[int, int]:
    """How many tasks of the job are waiting, and running. HttpResponseError 404 if there is no such job."""
    tasks = batch_jobs.tasks(cloud, job)
    return tasks.waiting, tasks.running


def _ended(cloud: Cloud, job: str) -> int:
    """How many tasks have ended, which makes the name of a new attempt differ from the one before."""
    return batch_jobs.tasks(cloud, job).ended


def failure(cloud: Cloud, job: str) -> str | None:
    """Why the newest ended tasks could not work at all, or None if they could."""
    from datetime import UTC, datetime

    ended = [
        task for task in cloud.batch().list_tasks(job, filter="state eq 'completed'") if task.id.startswith(PREFIX)
    ]
    if not ended:
        return None
    newest = max(ended, key=lambda task: task.state_transition_time or datetime.min.replace(tzinfo=UTC))
    info = newest.execution_info
    error = info.failure_info if info else None
    if info is None or error is None or info.exit_code == 1:  # 1: some inputs failed, each with its reason
        return None
    text = f"{error.code}: {error.message}" if error.code != "FailureExitCode" else f"exit code {info.exit_code}"
    return f"task {newest.id} failed ({text}); see: reconcile logs {job} {newest.id}"
