"""Containers in Batch: what a pool's configuration and a task's settings may say, on both planes."""

from __future__ import annotations

import re
from typing import Any

from azure_local.batch.shapes import invalid

IMAGE = r"[A-Za-z0-9][A-Za-z0-9._/:@-]*"


def configuration(settings: dict[str, Any]) -> dict[str, Any]:
    """A containerConfiguration with checked image names."""
    for name in settings.get("containerImageNames") or ():
        _image("containerImageNames", name)
    return settings


def check(task: dict[str, Any]) -> None:
    """Failure 400 if the containerSettings of a task name no valid image."""
    if "containerSettings" in task:
        _image("containerSettings.imageName", task["containerSettings"]["imageName"])


def _image(where: str, name: str) -> None:
    if not re.fullmatch(IMAGE, name):
        raise invalid(where, name, "It is not the name of a container image.")


def check_start_task(properties: dict[str, Any]) -> None:
    """Failure if the pool's start task wants a container and the pool has none."""
    settings = (properties.get("startTask") or {}).get("containerSettings")
    machine = properties["deploymentConfiguration"]["virtualMachineConfiguration"]
    if settings and not machine.get("containerConfiguration"):
        reason = "It must not be set unless the pool has a containerConfiguration."
        raise invalid("startTask.containerSettings", settings["imageName"], reason)
