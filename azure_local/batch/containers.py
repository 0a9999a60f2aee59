"""Containers in Batch: what a pool's configuration and a task's settings may say, on both planes, and what is shown."""

from __future__ import annotations

import re
from typing import Any

from azure_local.batch.shapes import invalid as invalid
from azure_local.batch.task_shape import CONTAINER_SETTINGS

IMAGE = r"[A-Za-z0-9][A-Za-z0-9._/:@-]*"


def configuration(given: dict[str, Any]) -> dict[str, Any]:
    """A containerConfiguration that has been read, its images checked."""
    for name in given.get("containerImageNames") or ():
        _image("containerImageNames", name)
    return given


def settings(given: Any) -> dict[str, Any]:
    """The checked containerSettings of a task, in the data plane's spelling."""
    found = arm_settings(CONTAINER_SETTINGS.read(CONTAINER_SETTINGS.heard(given), "containerSettings"))
    return CONTAINER_SETTINGS.told(found)


def arm_settings(given: dict[str, Any]) -> dict[str, Any]:
    """The containerSettings of a start task that have been read, its image checked."""
    _image("containerSettings.imageName", given["imageName"])
    return given


def _image(where: str, name: str) -> None:
    if not re.fullmatch(IMAGE, name):
        raise invalid(where, name, "It is not the name of a container image.")


def check_start_task(properties: dict[str, Any]) -> None:
    """Failure if the pool's start task wants a container and the pool has none."""
    wanted = (properties.get("startTask") or {}).get("containerSettings")
    machine = properties["deploymentConfiguration"]["virtualMachineConfiguration"]
    if wanted and not machine.get("containerConfiguration"):
        reason = "It must not be set unless the pool has a containerConfiguration."
        raise invalid("startTask.containerSettings", wanted["imageName"], reason)


def shown_settings(found: dict[str, Any]) -> dict[str, Any]:
    """A task whose containerSettings are without the registry's password."""
    if not (found.get("containerSettings") or {}).get("registry"):
        return found
    return {**found, "containerSettings": CONTAINER_SETTINGS.shown(found["containerSettings"])}
