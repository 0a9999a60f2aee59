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
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = Path(".reconcile/local")
SPEED = 60.0
"""Simulated seconds in a real one."""


class NotUp(Exception):
    """The local Azure does not run; the message says how to start it."""


def profile(folder: Path = FOLDER) -> dict[str, Any] | None:
    """The profile of the running server, or None if none runs in `folder`."""
    try:
        running: dict[str, Any] = json.loads((folder / "profile.json").read_text())
    except (OSError, ValueError):
        return None
    return running if _alive(folder, running) else None


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
    (folder / "profile.json").unlink(missing_ok=True)
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "azure_local", str(folder.resolve()), str(speed)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    deadline = time.monotonic() + 60
    while (running := profile(folder)) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            lines = (folder / "server.log").read_text(errors="replace").splitlines()[-8:]
            raise NotUp("the local Azure did not start:\n" + "\n".join(lines))
        time.sleep(0.05)
    process.returncode = 0  # it outlives this process on purpose, and nobody waits for it
    return running


def down(folder: Path = FOLDER) -> bool:
    """Stop the server and all that it runs; False if it did not run."""
    running = profile(folder)
    if running is None:
        return False
    os.kill(running["pid"], signal.SIGTERM)
    deadline = time.monotonic() + 30
    while _exists(running["pid"]):
        if time.monotonic() > deadline:
            os.kill(running["pid"], signal.SIGKILL)
        time.sleep(0.05)
    (folder / "profile.json").unlink(missing_ok=True)
    return True


def reset(folder: Path = FOLDER) -> None:
    """Stop the server and forget everything."""
    down(folder)
    shutil.rmtree(folder, ignore_errors=True)


def ask(folder: Path, method: str, path: str, body: Any = None) -> Any:
    """One call of the control API: `ask(folder, "POST", "clock", {"advance": 60})`."""
    running = json.loads((folder / "profile.json").read_text())
    return _ask(folder, running, method, path, body)


def _ask(folder: Path, running: dict[str, Any], method: str, path: str, body: Any = None, seconds: float = 60) -> Any:
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    data = None if body is None else json.dumps(body).encode()
    url = f"{running['endpoints']['front']}/local/{path}"
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)  # noqa: S310
    with urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    ).open(request, timeout=seconds) as answer:
        return json.load(answer)


def _alive(folder: Path, running: dict[str, Any]) -> bool:
    if not _exists(running["pid"]):
        return False
    try:
        _ask(folder, running, "GET", "health", seconds=10)
    except OSError:
        return False
    return True


def _exists(pid: int) -> bool:
    """Whether the process runs; one that has ended and is only waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (OSError, IndexError):
        return False
    return state != "Z"
