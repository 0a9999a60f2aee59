"""Configurations of Batch Shipyard for tests: a small one that needs no remark, and what is made of it and its like."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from reconciler.importing import shipyard
from reconciler.importing.shipyard import Made, Where
from reconciler.spec.load import LOCAL_SUBSCRIPTION

TODAY = date(2026, 11, 27)
POOL = """\
pool_specification:
  id: p
  vm_configuration: {platform_image: {publisher: microsoft-dsvm, offer: ubuntu-hpc, sku: '2204'}}
  vm_size: STANDARD_D2S_V3
  vm_count: {dedicated: 3}
"""
JOB = """\
job_specifications:
- id: j
"""
TASK = """\
  tasks:
  - docker_image: busybox
"""
COMMAND = "    command: date\n"


def made(folder: Path, files: Mapping[str, str]) -> Made:
    """What is made of the one configuration in a folder of these files."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (found,) = shipyard.configurations(folder)
    return shipyard.made(found, where(), TODAY)


def where() -> Where:
    azure = {"subscription": LOCAL_SUBSCRIPTION, "location": "westeurope", "resourceGroup": "rg"}
    return Where("moved", azure, "account", {})


def files(case: Mapping[str, Any]) -> dict[str, str]:
    """The files of a case: what it adds to the small pool, job or task, or writes itself."""
    if "files" in case:
        return {"pool.yaml": POOL, **case["files"]}
    jobs = case.get("jobs") or f"{JOB}{case.get('job', '')}{TASK}{case.get('task', COMMAND)}"
    found = {"pool.yaml": POOL + case.get("pool", ""), "jobs.yaml": jobs}
    return found | ({"config.yaml": case["config"]} if "config" in case else {})


def at(value: Any, path: str) -> Any:
    """The value at a dotted path; None if there is none."""
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value
