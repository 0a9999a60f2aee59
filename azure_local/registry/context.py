"""The context of a build: an untrusted gzipped tar, read with limits and never unpacked to disk."""

from __future__ import annotations

import gzip
import hashlib
import json
import posixpath
import re
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MEMBERS = 50_000
BYTES = 1 << 30
"""The most bytes of the whole context, unpacked."""
TEXT = 1 << 20
"""The most bytes of the Dockerfile and of .dockerignore, which are kept in memory."""


class Unreadable(Exception):
    """The upload cannot be read as a context; the message says why."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a build can copy: `files` maps paths to digests of mode and content, `texts` some to their text."""

    files: Mapping[str, str]
    folders: frozenset[str]
    texts: Mapping[str, str]
    size: int

    def digest(self) -> str:
        """A digest of all that is in the context; times and owners do not count."""
        listed = json.dumps([sorted(self.files.items()), sorted(self.folders)])
        return hashlib.sha256(listed.encode()).hexdigest()

    def number(self, source: str) -> int:
        """How many files and folders a COPY source names; `*`, `?` and `[...]` do not cross a slash."""
        name = posixpath.normpath(source.lstrip("/") or ".")
        if not is_glob(name):
            return int(name == "." or name in self.files or name in self.folders)
        pattern = re.compile(_pattern(name))
        return sum(1 for path in (*self.files, *self.folders) if pattern.fullmatch(path))


def is_glob(source: str) -> bool:
    return any(sign in source for sign in "*?[")


def read(path: Path, dockerfile: str, members: int = MEMBERS, size: int = BYTES) -> Context:
    """The context in the file, without what .dockerignore excludes. Unreadable if it is no tar or too large."""
    try:
        with gzip.open(path) as unzipped:
            counted: Any = _Counted(unzipped, size)
            with tarfile.open(fileobj=counted, mode="r|") as archive:
                return _read(archive, posixpath.normpath(dockerfile), members)
    except (tarfile.TarError, OSError, EOFError, zlib.error, UnicodeError) as error:
        raise Unreadable(f"the source is not a readable tar.gz: {error}") from None


def _read(archive: tarfile.TarFile, dockerfile: str, members: int) -> Context:
    files: dict[str, str] = {}
    folders: set[str] = set()
    texts: dict[str, str] = {}
    size = 0
    for number, member in enumerate(archive):
        if number >= members:
            raise Unreadable(f"the source has more than {members} entries")
        name = _name(member.name)
        folders.update(_parents(name))
        if member.isdir():
            folders.add(name)
            continue
        keep = name in (dockerfile, ".dockerignore")
        digest, text = _content(archive, member, keep=keep)
        files[name] = digest
        size += member.size
        if keep:
            texts[name] = text
    ignored = _ignored(texts.get(".dockerignore", ""))
    kept = {name: digest for name, digest in files.items() if not ignored(name)}
    return Context(kept, frozenset(name for name in folders - {"."} if not ignored(name)), texts, size)


def _name(name: str) -> str:
    plain = posixpath.normpath(name)
    if plain.startswith(("/", "../")) or plain == "..":
        raise Unreadable(f"the source has an entry outside of itself: {name}")
    return plain


def _parents(name: str) -> list[str]:
    parts = name.split("/")[:-1]
    return ["/".join(parts[: number + 1]) for number in range(len(parts))]


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo, *, keep: bool) -> tuple[str, str]:
    """The digest of mode and content, and the text if `keep`; for a link its target counts as content."""
    digest = hashlib.sha256(f"{member.mode & 0o777:o} {member.type!r} {member.linkname}\n".encode())
    text = b""
    file = archive.extractfile(member) if member.isreg() else None
    while file is not None and (chunk := file.read(1 << 18)):
        digest.update(chunk)
        if keep:
            text += chunk
            if len(text) > TEXT:
                raise Unreadable(f"{member.name} has more than {TEXT} bytes")
    return digest.hexdigest(), text.decode(errors="replace")


class _Counted:
    """A stream that raises Unreadable when it is longer than `limit`."""

    def __init__(self, file: gzip.GzipFile, limit: int) -> None:
        self._file = file
        self._limit = self._left = limit

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > self._left:
            raise Unreadable(f"the source has more than {self._limit} bytes")
        data = self._file.read(size)
        self._left -= len(data)
        return data


class _ignored:  # noqa: N801 - called like a function
    """Whether .dockerignore excludes a path; the last pattern that matches it or a folder above it decides."""

    def __init__(self, text: str) -> None:
        lines = [line.strip() for line in text.splitlines()]
        self._rules = [
            (
                not line.startswith("!"),
                re.compile(_pattern(posixpath.normpath(line.lstrip("!").lstrip("/"))) + "(/.*)?"),
            )
            for line in lines
            if line and not line.startswith("#")
        ]

    def __call__(self, path: str) -> bool:
        excluded = False
        for excludes, pattern in self._rules:
            if pattern.fullmatch(path):
                excluded = excludes
        return excluded


def _pattern(glob: str) -> str:
    """A glob as a regular expression; `**` crosses slashes, as in .dockerignore."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]+\])", glob)
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(
        known.get(part, part if part.startswith("[") and part.endswith("]") else re.escape(part)) for part in parts
    )
