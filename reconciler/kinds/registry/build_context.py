"""The source of a container image: a folder as Docker sees it, packed the same way every time."""

from __future__ import annotations

import fnmatch
import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

from reconciler.errors import ReconcileError

LARGEST = 500 * 2**20
"""The most bytes that a context may have; a larger one almost always lacks a .dockerignore."""


def pack(context: Path, dockerfile: str, arguments: dict[str, str]) -> tuple[str, bytes]:
    """The content digest and the tar.gz of a context, without times and owners: equal source gives equal bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in _files(context, dockerfile):
            archive.add(path, path.relative_to(context).as_posix(), recursive=False, filter=_plain)
            if buffer.tell() > LARGEST:
                text = f"{context} has more than {LARGEST // 2**20} MB; leave out what the image does not need"
                raise ReconcileError(f"{text}, in {context / '.dockerignore'}")
    data = buffer.getvalue()
    digest = hashlib.sha256(data)
    digest.update(repr((dockerfile, sorted(arguments.items()))).encode())
    return digest.hexdigest()[:16], gzip.compress(data, mtime=0)


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mtime = 0
    info.mode = 0o755 if info.mode & 0o100 else 0o644
    return info


def _files(context: Path, dockerfile: str) -> Iterator[Path]:
    """Every file and link in name order, except what .dockerignore leaves out; the Dockerfile is always in."""
    ignored = _rules(context / ".dockerignore")
    for path in sorted(context.rglob("*")):
        name = path.relative_to(context).as_posix()
        if path.is_dir() and not path.is_symlink():
            continue
        if name in (dockerfile, ".dockerignore") or not _left_out(name, ignored):
            yield path


def _rules(path: Path) -> list[tuple[bool, str]]:
    """(leave out, pattern) of each line; `!` brings back."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    kept = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return [(not line.startswith("!"), line.lstrip("!").strip("/")) for line in kept]


def _left_out(name: str, rules: list[tuple[bool, str]]) -> bool:
    """The last rule that matches the name or a folder above it decides."""
    parts = name.split("/")
    paths = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
    left_out = False
    for leave, pattern in rules:
        loose = pattern.removeprefix("**/")
        if any(fnmatch.fnmatchcase(path, pattern) or _deep(path, pattern, loose) for path in paths):
            left_out = leave
    return left_out


def _deep(path: str, pattern: str, loose: str) -> bool:
    return pattern != loose and (fnmatch.fnmatchcase(path, loose) or fnmatch.fnmatchcase(path, f"*/{loose}"))
