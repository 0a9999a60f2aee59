"""Runs a command line: one process and its children, with output in files; it ends with an exit code or a failure."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from azure_local.nodes.failures import failure

End = tuple[int | None, dict[str, Any] | None]
"""The exit code, if there is one, and the failureInfo, if it failed."""


@dataclass(eq=False, slots=True)
class Run:
    """`folder` gets stdout.txt and stderr.txt; the pid goes to `record`, the task's document or any dictionary."""

    folder: Path
    host: dict[str, str]
    """PATH and HOME of the node, which are not passed to containers."""
    variables: dict[str, str]
    """The task's variables, as a process or in a container."""
    record: dict[str, Any]
    abandoned: bool = False
    """Whether its end is ignored."""
    follows: bool = False
    """Whether its output goes after that of a run before it."""
    container: str | None = None
    """The id of the container that it ran in."""
    _process: asyncio.subprocess.Process | None = field(default=None, init=False)

    @property
    def env(self) -> dict[str, str]:
        return {**self.host, **self.variables}

    @property
    def work(self) -> Path:
        return self.folder / "wd"

    def words(self, line: str) -> list[str]:
        """The words of a command line, split without a shell; only Batch's own variables are expanded. ValueError."""
        return [
            re.sub(r"\$AZ_BATCH_\w+", lambda m: self.variables.get(m[0][1:], m[0]), word) for word in shlex.split(line)
        ]

    def abandon(self) -> None:
        self.abandoned = True
        if self._process is not None:
            _kill(self._process)

    async def execute(self, line: str, limit: float | None) -> End:
        """Run a command line without a shell, for `limit` seconds at most."""
        try:
            return await self.start(self.words(line), self.env, limit)
        except (FileNotFoundError, PermissionError, ValueError) as error:
            text = "The specified command program is not found"
            return None, failure("CommandProgramNotFound", text, Message=str(error))

    async def start(self, args: list[str], env: dict[str, str], limit: float | None) -> End:
        """Run a program to its end. OSError if it does not exist."""
        how = "ab" if self.follows else "wb"
        with (self.folder / "stdout.txt").open(how) as out, (self.folder / "stderr.txt").open(how) as err:
            process = await asyncio.create_subprocess_exec(
                *args, cwd=self.work, env=env, stdout=out, stderr=err, start_new_session=True
            )
        self._process, self.record["pid"] = process, process.pid
        if self.abandoned:
            _kill(process)
        try:
            code = await asyncio.wait_for(process.wait(), limit)
        except TimeoutError:
            _kill(process)
            await process.wait()
            return None, failure("TaskEnded", "Task exceeded its maximum wall-clock time and was ended")
        finally:
            self._process = None
            _kill(process)  # processes that the task left running end with it
        return ended(128 - code if code < 0 else code)


def ended(code: int) -> End:
    if code == 0:
        return 0, None
    detail = "The task process exited with an unexpected exit code"
    text = "The task exited with an exit code representing a failure"
    return code, failure("FailureExitCode", text, Message=detail)


def _kill(process: asyncio.subprocess.Process) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
