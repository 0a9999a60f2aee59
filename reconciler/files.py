"""Where the files are that travel with the program (`schemas/` and `worker/`), and how a file is written whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """The folder `schemas` or `worker`, in an installed package or in a checkout."""
    packaged = _PACKAGE / "assets" / name
    return packaged if packaged.is_dir() else _PACKAGE.parent / name


def write_whole(path: Path, text: str) -> None:
    """Write a file, and its folder, so that nobody ever sees half of it, whoever else writes it. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".new")
    new = Path(name)
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text)
        new.chmod(0o644)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


@contextmanager
def arriving(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to: it is moved there when all went well, and goes if not, so that none is ever
    there in part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}%part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
