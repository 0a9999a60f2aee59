"""Where the files are that travel with the program: `schemas/` and `worker/`."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """The folder `schemas` or `worker`, in an installed package or in a checkout."""
    packaged = _PACKAGE / "assets" / name
    return packaged if packaged.is_dir() else _PACKAGE.parent / name
