"""A local Azure: ARM, Batch, Entra ID, managed identities and blobs on loopback, for development and tests.

It shares only HTTP with the client side, so that a wrong idea of Azure is not repeated on both sides and so hidden.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from azure_local import holding

FOLDER = Path(".reconcile/local")
SPEED = 60.0
"""Simulated seconds in a real one."""


START, ANSWER, STOP = 60, 10, 30
"""Seconds in which a server must have started, answer, and have stopped before it is killed."""


class Refused(Exception):
    """The control API does not do that; the message says why."""


class NotUp(Exception):
    """The local Azure does not run, or does not answer; the message says what to do."""


def profile(folder: Path = FOLDER) -> dict[str, Any] | None:
    """The profile of the server of `folder`, None if there is none. NotUp if there is one that does not answer."""
    deadline = time.monotonic() + START
    while (pid := holding.holder(folder)) is not None:
        running = _profile(folder)
        served = running is not None and running["pid"] == pid
        if served:
            deadline = min(deadline, time.monotonic() + ANSWER)
        if not _stopped(pid) and served and _answers(folder, running or {}):
            return running
        if _stopped(pid) or time.monotonic() > deadline:
            raise NotUp(f"the local Azure is up but does not answer; pid {pid}; run: reconcile local down")
        time.sleep(0.05)
    return None


def env(folder: Path = FOLDER) -> dict[str, str]:
    """The environment with which any client finds the local Azure. NotUp if it does not run."""
    running = profile(folder)
    if running is None:
        raise NotUp("the local Azure is not up; run: reconcile local up")
    return dict(running["env"])


def up(folder: Path = FOLDER, speed: float = SPEED, say: Callable[[str], None] = lambda text: None) -> dict[str, Any]:
    """Start the server unless it runs; its profile once it answers. NotUp with the end of its log if it fails."""
    running = profile(folder)
    if running is not None:
        return running
    from azure_local.storage import azurite

    folder.mkdir(parents=True, exist_ok=True)
    if not azurite.ENTRY.exists():
        say("installing Azurite, the blob service (once)")
    try:
        azurite.command()
    except azurite.Unavailable as error:
        raise NotUp(str(error)) from None
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "azure_local", str(folder.resolve()), str(speed)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + START
    while (running := profile(folder)) is None:  # another `up` may have been faster: then its server is the one
        if process.poll() is not None or time.monotonic() > deadline:
            lines = (folder / "server.log").read_text(errors="replace").splitlines()[-8:]
            raise NotUp("the local Azure did not start:\n" + "\n".join(lines))
        time.sleep(0.05)
    if running["pid"] == process.pid:
        process.returncode = 0  # it outlives this process on purpose, and nobody waits for it
    else:
        process.wait()
    return running


def down(folder: Path = FOLDER) -> bool:
    """Stop the server and all that it runs, whether it answers or not; False if it did not run."""
    pid = holding.holder(folder)
    if pid is None:
        return False
    numbers = [signal.SIGTERM, signal.SIGCONT]
    deadline = time.monotonic() + STOP
    while holding.holder(folder) == pid:
        for number in numbers:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        numbers = [signal.SIGKILL] if time.monotonic() > deadline else []
        time.sleep(0.05)
    return True


def reset(folder: Path = FOLDER) -> None:
    """Stop the server and forget everything. NotUp if another one has been started meanwhile."""
    down(folder)
    if folder.exists():
        try:
            lock = holding.hold(folder)
        except holding.Taken:
            raise NotUp("the local Azure is up again; run: reconcile local reset") from None
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def ask(folder: Path, method: str, path: str, body: Any = None) -> Any:
    """One call of the control API: `ask(folder, "POST", "clock", {"advance": 60})`. Refused, with its reason."""
    running = json.loads((folder / "profile.json").read_text())
    try:
        return _ask(folder, running, method, path, body)
    except urllib.error.HTTPError as error:
        raise Refused(f"{method} /local/{path}: {error.code} {error.read().decode(errors='replace')}") from None


def _ask(folder: Path, running: dict[str, Any], method: str, path: str, body: Any = None, seconds: float = 60) -> Any:
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    data = None if body is None else json.dumps(body).encode()
    url = f"{running['endpoints']['front']}/local/{path}"
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {running.get('token')}"}
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310
    with urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    ).open(request, timeout=seconds) as answer:
        return json.load(answer)


def _profile(folder: Path) -> dict[str, Any] | None:
    try:
        running: dict[str, Any] = json.loads((folder / "profile.json").read_text())
    except (OSError, ValueError):
        return None
    return running


def _answers(folder: Path, running: dict[str, Any]) -> bool:
    try:
        _ask(folder, running, "GET", "health", seconds=ANSWER)
    except OSError:
        return False
    return True


def _stopped(pid: int) -> bool:
    """Whether the process has been paused."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (OSError, IndexError):
        return False
    return state in "Tt"
