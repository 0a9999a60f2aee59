"""The content of an application package: a folder that is packed the same way every time, or a zip sent as it is.

The digest covers names, modes and content, not packed bytes: another zlib packs the same folder differently.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import IO

from reconciler.errors import ReconcileError

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The time of every file in a package: the earliest that a zip can hold."""


def fault(path: Path) -> str | None:
    """Why nothing can be packed from `path`, or None."""
    if path.is_dir():
        try:
            return None if _files(path) else f"the folder {path} holds no file"
        except ReconcileError as error:
            return str(error)
    if not path.is_file():
        return f"there is no folder or zip file {path}"
    return None if zipfile.is_zipfile(path) else f"{path} is no zip file; name a zip file, or a folder to be packed"


def content(path: Path) -> str:
    """A short name for the content of a folder or zip file: equal content has equal digests."""
    digest = hashlib.sha256()
    if path.is_dir():
        for file in _files(path):
            digest.update(f"{file.relative_to(path).as_posix()}\0{_mode(file):o}\0".encode())
            digest.update(_hashed(file))
    else:
        digest.update(_hashed(path))
    return digest.hexdigest()[:16]


def packed(path: Path) -> IO[bytes]:
    """The zip, open for reading from its start: the file itself, or a temporary one with the files of a folder."""
    if path.is_file():
        return path.open("rb")
    target = tempfile.TemporaryFile()  # noqa: SIM115  # the caller closes it
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in _files(path):
            entry = zipfile.ZipInfo(file.relative_to(path).as_posix(), EARLIEST)
            entry.create_system, entry.compress_type = 3, zipfile.ZIP_DEFLATED  # 3: Unix, where modes mean something
            entry.external_attr = (0o100000 | _mode(file)) << 16
            entry.file_size = file.stat().st_size
            with file.open("rb") as source, archive.open(entry, "w") as sink:
                shutil.copyfileobj(source, sink)
    target.seek(0)
    return target


def _files(folder: Path) -> list[Path]:
    """Every file in name order; a link counts as what it points to, as long as that is a file of the folder."""
    root, files = folder.resolve(), []
    for path in folder.rglob("*"):
        if path.is_symlink() and not (path.is_file() and path.resolve().is_relative_to(root)):
            raise ReconcileError(f"{path} is a link to no file of {folder}; put the file itself there")
        if path.is_file():
            _check_name(path)
            files.append(path)
    return sorted(files, key=lambda path: path.relative_to(folder).as_posix())


def _check_name(path: Path) -> None:
    """A zip names its files in UTF-8; on this machine a name may be any bytes."""
    try:
        path.name.encode()
    except UnicodeEncodeError:
        raise ReconcileError(f"the name of {path} is not UTF-8; rename the file") from None


def _mode(file: Path) -> int:
    return 0o755 if file.stat().st_mode & 0o100 else 0o644


def _hashed(file: Path) -> bytes:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").digest()
