"""Containers: tasks with container settings, run by the Docker or Podman of this machine.

Which of them is available is determined once, in the background. `RECONCILE_CONTAINERS` names another command, with
its global options, and `RECONCILE_CONTAINERS_RUN` more options of `run`. Every container has the state folder's label,
so that the next server removes the containers that a killed one left.
"""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from azure_local.azure import Azure
from azure_local.nodes import registries
from azure_local.nodes.failures import Refused, failure
from azure_local.nodes.processes import End, Run
from azure_local.registry import images

ABSENT = "not run here: this machine has no container runtime (Docker or Podman)"
NO_LAYERS = "not run here: the local Azure knows the image but keeps no layers of it"
NO_GPU = "not run here: this machine has no GPU"
SKIPPED = 77
"""The exit code of a task that this machine cannot run; test harnesses use it for skipped tests."""
ANSWER, PULL = 20, 1800
"""Seconds that the runtime has for a small command, and for pulling an image."""
RUNTIMES = re.compile(r"PATH|HOME|TMPDIR|USER|(LD|XDG|DOCKER|PODMAN|CONTAINERS?|REGISTRY|STORAGE|BUILDAH)_.*")
"""Variables that the runtime itself reads; the task's values of them are passed to the container only."""


class Containers:
    def __init__(self, azure: Azure) -> None:
        self.azure = azure
        self._label = f"reconcile.local={azure.folder}"
        self._running: set[str] = set()
        self._found = asyncio.ensure_future(self._find())

    async def runtime(self) -> list[str] | None:
        """The command of the machine's container runtime, or None if there is none that answers."""
        return await asyncio.shield(self._found)

    async def _find(self) -> list[str] | None:
        for command in _candidates():
            code, _ = await _call([*command, "info"])
            if code == 0:
                containers = (await _call([*command, "ps", "-aq", "--filter", f"label={self._label}"]))[1].split()
                if containers:
                    await _call([*command, "kill", *containers])
                    await _call([*command, "rm", "-f", *containers])
                return command
        return None

    async def execute(
        self,
        run: Run,
        line: str,
        settings: dict[str, Any],
        known: list[dict[str, Any]],
        limit: float | None,
        begin: Callable[[], None],
    ) -> End:
        """Run a command line in a container; `begin` is called when its image is there. Refused if it cannot run.

        `known` are the pool's container registries.
        """
        runtime = await self.runtime()
        if runtime is None:
            begin()
            return await run.start(["/bin/sh", "-c", f"echo '{ABSENT}' >&2; exit {SKIPPED}"], run.env, limit)
        if "--gpus" in settings.get("containerRunOptions", "") and shutil.which("nvidia-smi") is None:
            begin()
            return await run.start(["/bin/sh", "-c", f"echo '{NO_GPU}' >&2; exit {SKIPPED}"], run.env, limit)
        try:
            image = await self._image(runtime, settings, known)
        except Refused:
            if not images.is_kept(self.azure, registries.full(str(settings["imageName"]))):
                raise
            begin()
            return await run.start(["/bin/sh", "-c", f"echo '{NO_LAYERS}' >&2; exit {SKIPPED}"], run.env, limit)
        if run.abandoned:
            return None, None
        begin()
        name = f"reconcile-{uuid.uuid4().hex}"
        self._running.add(name)
        with tempfile.TemporaryDirectory() as private:
            id_file = Path(private, "container")
            args, env = self._command(run, line, {**settings, "imageName": image}, name, id_file)
            end = await run.start([*runtime, *args], env, limit)
            run.container = id_file.read_text().strip() if id_file.exists() else None
        if end[0] != 0:  # the client may have ended and its container not
            await _call([*runtime, "kill", name])
            await _call([*runtime, "rm", "-f", name])
        self._running.discard(name)
        if run.container is None and end[0] == 125:
            raise _invalid_settings((run.folder / "stderr.txt").read_text(errors="replace").strip()[-1000:])
        return end

    def _command(
        self, run: Run, line: str, settings: dict[str, Any], name: str, id_file: Path
    ) -> tuple[list[str], dict[str, str]]:
        """The runtime's arguments and its environment, through which the values of the task's variables are passed."""
        root, authority = run.variables["AZ_BATCH_NODE_ROOT_DIR"], self.azure.folder / "nodes.pem"
        args = ["run", "--rm", "--name", name, "--label", self._label, "--cidfile", str(id_file), "--network", "host"]
        args += ["-v", f"{authority}:{authority}:ro", *mounts(root, run, settings)]
        if (settings.get("workingDirectory") or "").lower() != "containerimagedefault":
            args += ["-w", str(run.work)]
        env = dict(os.environ)
        for variable, value in run.variables.items():
            if RUNTIMES.fullmatch(variable):
                args += ["-e", f"{variable}={value}"]
            else:
                args += ["-e", variable]
                env[variable] = value
        try:
            more = shlex.split(os.environ.get("RECONCILE_CONTAINERS_RUN", ""))
            options = shlex.split(settings.get("containerRunOptions") or "")
            return [*args, *more, *options, settings["imageName"], *run.words(line)], env
        except ValueError as error:
            raise _invalid_settings(str(error)) from None

    async def _image(self, runtime: list[str], settings: dict[str, Any], known: list[dict[str, Any]]) -> str:
        """The name of the image on the machine, pulled if it is not there. Refused if that fails."""
        image = str(settings["imageName"])
        code, _ = await _call([*runtime, "image", "inspect", image])
        if code == 0:
            return image
        full = registries.full(image)  # Podman knows no default registry
        registry = registries.matching(image, settings.get("registry"), known)
        with registries.signed_in(registry) as login:
            code, output = await _call([*runtime, "pull", full], PULL, {**os.environ, **login})
        if code != 0:
            text = "One or more container images specified are invalid"
            raise Refused("ContainerInvalidImage", text, ContainerImage=image, Message=output.strip()[-1000:])
        return full

    def close(self) -> None:
        """Stop the containers, as the server ends."""
        if self._running and self._found.done() and (runtime := self._found.result()):
            for verb in (["kill"], ["rm", "-f"]):
                command = [*runtime, *verb, *self._running]
                with suppress(OSError, subprocess.TimeoutExpired):
                    subprocess.run(command, capture_output=True, timeout=ANSWER, check=False)


def mounts(root: str, run: Run, settings: dict[str, Any]) -> list[str]:
    """The arguments that mount the node's directories: all of them, or those that the settings name."""
    bindings = settings.get("containerHostBatchBindMounts")
    if bindings is None:
        return ["-v", f"{root}:{root}"]
    places = {
        "Shared": f"{root}/shared",
        "Startup": f"{root}/startup",
        "VfsMounts": f"{root}/fsmounts",
        "Task": str(run.folder),
        "JobPrep": run.variables.get("AZ_BATCH_JOB_PREP_DIR", ""),
        "Applications": f"{root}/applications",
    }
    volumes = [(places[binding["source"]], ":ro" if binding.get("isReadOnly") else "") for binding in bindings]
    return [word for place, mode in volumes if place for word in ("-v", f"{place}:{place}{mode}")]


def _candidates() -> list[list[str]]:
    """Commands that may be a container runtime, the first choice first."""
    named = os.environ.get("RECONCILE_CONTAINERS")
    commands = [["docker"], ["podman"]] if named is None else [shlex.split(named)]
    programs = ((shutil.which(command[0]), command[1:]) for command in commands if command)
    return [[program, *options] for program, options in programs if program]


async def _call(args: list[str], seconds: float = ANSWER, env: dict[str, str] | None = None) -> tuple[int, str]:
    """A command of the runtime: its exit code, -1 if it took too long, and what it printed."""
    pipe, joined, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT, asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(*args, env=env, stdin=nothing, stdout=pipe, stderr=joined)
    except OSError as error:
        return -1, str(error)
    try:
        output, _ = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        process.kill()
        await process.wait()
        return -1, f"{args[0]} did not answer in {seconds} seconds"
    return process.returncode or 0, output.decode(errors="replace")


def _invalid_settings(reason: str) -> Refused:
    text = "At least one value of specified task container settings is invalid"
    return Refused("ContainerInvalidSettings", text, Message=reason)


def unfit(task: dict[str, Any], configuration: dict[str, Any] | None) -> dict[str, Any] | None:
    """The failureInfo if a task has container settings and its pool no containers, or the other way round.

    A start task, recognized by its `waitForSuccess`, may run outside containers in any pool.
    """
    settings = task.get("containerSettings")
    if settings and configuration is None:
        return failure("ContainerPoolNotSupported", "The specified pool does not support container tasks")
    if configuration is not None and not settings and "waitForSuccess" not in task:
        text = "Container-enabled compute node requires task container settings"
        return failure("ContainerTaskSettingsNotFound", text)
    return None
