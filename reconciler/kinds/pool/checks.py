"""The checks of a new pool, which run before anybody relies on it: one task for each check. Pure.

A check passes with exit code 0, cannot be made there with 77 (as in automake's tests), and fails with any other.
Tasks on a pool with containerConfiguration must have containerSettings (reference of the Batch service, Task - Add).
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.spec.pools import Verify

SKIPPED = 77


@dataclass(frozen=True, slots=True)
class Check:
    """A shell script, run on a node as administrator, or inside a container of an image."""

    name: str
    script: str
    container: str | None = None
    options: str = ""


def wanted(verify: Verify, images: Sequence[str], *, docker: bool, gpu: bool) -> tuple[Check, ...]:
    """The checks of a pool; those of the spec replace ours of the same name.

    A pool whose nodes hold container `images` runs tasks in containers only, so each check runs inside one; the
    `image-N` checks prove that each image is there and runs. Elsewhere checks are plain tasks.
    """
    first, options = (images[0], "--gpus all" if gpu else "") if images else (None, "")
    ours = [Check("system", "uname -a && df -P . && test -w .", first)]
    if docker:
        ours.append(Check("docker", "echo Docker runs this" if first else "docker info", first))
    if gpu:
        ours.append(Check("gpu", "nvidia-smi -L", first, options))
    ours += [Check(f"image-{number}", "echo it runs", name) for number, name in enumerate(images, start=1)]
    entries = () if isinstance(verify, bool) else verify
    replacements = [Check(entry["name"], entry["run"], entry.get("container", first)) for entry in entries]
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


def result(raw: Mapping[str, Any]) -> str:
    """`passed`, `failed`, `not run here` or `running`, from a task as Batch reports it."""
    if raw["state"] != "completed":
        return "running"
    info = raw.get("executionInfo") or {}
    if info.get("exitCode") == SKIPPED:
        return "not run here"
    return "passed" if info.get("result") == "success" else "failed"
