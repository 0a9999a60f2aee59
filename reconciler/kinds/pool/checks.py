"""The checks of a new pool, which run before anybody relies on it: one task for each check. Pure.

A check passes with exit code 0, is skipped where it cannot be made (77, as in automake's tests), and fails with any
other. Tasks on a pool with containerConfiguration must have containerSettings (reference of the Batch service, Task -
Add).
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.spec.pools import Verification

SKIPPED = 77
RESULTS = ("running", "passed", "skipped", "failed")


@dataclass(frozen=True, slots=True)
class Check:
    """A shell script, run on a node as administrator, or inside a container of an image."""

    name: str
    script: str
    container: str | None = None
    options: str = ""


def wanted(verify: Verification, containers: Sequence[str], claims: Mapping[str, Any]) -> tuple[Check, ...]:
    """The checks of a pool; those of the spec replace ours of the same name.

    `containers` are the images that its nodes hold by its configuration: where there are some, Batch runs tasks in
    containers only, so each check runs inside one, and `image-N` proves that it runs. `claims` is what its image is
    said to hold (`claims.py`); elsewhere `image-N` proves that the container image is there. Nothing is run because
    only a claim names it.
    """
    first, options = (containers[0], "--gpus all" if claims["gpu"] else "") if containers else (None, "")
    ours = [Check("system", "uname -a && df -P . && test -w .", first)]
    if claims["docker"] or containers:
        ours.append(Check("docker", "echo Docker runs this" if first else "docker info", first))
    if claims["gpu"]:
        ours.append(Check("gpu", "nvidia-smi -L", first, options))
    for number, name in enumerate(containers or claims["images"], start=1):
        runs, there = ("echo it runs", name), (f"docker image inspect {shlex.quote(name)}", None)
        ours.append(Check(f"image-{number}", *(runs if first else there)))
    replacements = [Check(entry["name"], entry["run"], entry.get("container", first)) for entry in verify["checks"]]
    replaced = {replacement.name for replacement in replacements}
    return (*(check for check in ours if check.name not in replaced), *replacements)


def task(check: Check) -> dict[str, Any]:
    """The task of a check, as the data plane takes it."""
    shell = "/bin/sh" if check.container else "/bin/bash"
    body: dict[str, Any] = {
        "id": check.name,
        "commandLine": f"{shell} -c {shlex.quote(check.script)}",
        "userIdentity": {"autoUser": {"scope": "pool", "elevationLevel": "admin"}},
        "constraints": {"maxWallClockTime": "PT10M", "maxTaskRetryCount": 0},
    }
    if check.container:
        settings = {"imageName": check.container}
        body["containerSettings"] = {**settings, "containerRunOptions": check.options} if check.options else settings
    return body


def is_task_of(check: Check, raw: Mapping[str, Any]) -> bool:
    """Whether a task as Batch reports it does what the check asks for, and nothing else."""
    asked, settings = task(check), raw.get("containerSettings") or {}
    wanted = asked.get("containerSettings", {})
    same = all((settings.get(key) or "") == wanted.get(key, "") for key in ("imageName", "containerRunOptions"))
    return same and raw.get("commandLine") == asked["commandLine"]


def result(raw: Mapping[str, Any]) -> str:
    """`passed`, `failed`, `skipped` or `running`, from a task as Batch reports it."""
    if raw["state"] != "completed":
        return "running"
    info = raw.get("executionInfo") or {}
    if info.get("exitCode") == SKIPPED:
        return "skipped"
    return "passed" if info.get("result") == "success" and info.get("exitCode") == 0 else "failed"
