"""The worker as it is sent to nodes: its files and a pip, under a name made from their content."""

from __future__ import annotations

import hashlib
import io
import zipfile
from functools import cache
from importlib.metadata import files
from pathlib import Path

from reconciler.files import folder

SUFFIXES = (".py", ".sh", ".lock", ".in")
LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold, for every file: equal content then gives equal bytes."""


@cache
def bundle() -> dict[str, bytes]:
    """File name → content: everything that `install_dependencies.sh --run convert_image.py` needs on a node."""
    worker = folder("worker")
    contents = {path.name: path.read_bytes() for path in sorted(worker.iterdir()) if path.suffix in SUFFIXES}
    return {**contents, "pip.pyz": _pip()}


@cache
def name() -> str:
    """The name of the bundle: 16 hex digits of a digest of its names and contents, without pip."""
    total = hashlib.sha256()
    for file, content in sorted(bundle().items()):
        if file != "pip.pyz":  # it only installs the worker's packages
            total.update(f"{file}\0{len(content)}\0".encode() + content)
    return total.hexdigest()[:16]


def _pip() -> bytes:
    """The pip that is installed here, as a zip that Python can run, for nodes without pip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("__main__.py", LONG_AGO), "from pip._internal.cli.main import main\nmain()\n")
        for entry in sorted(files("pip") or (), key=str):
            path = Path(str(entry.locate()))
            if str(entry).startswith("pip") and "__pycache__" not in entry.parts and path.is_file():
                archive.writestr(zipfile.ZipInfo(str(entry), LONG_AGO), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return out.getvalue()
