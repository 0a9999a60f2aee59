"""What a spec asks for, in a short name for each section: its values, and the files that it brings with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from reconciler.spec.family import Sections
from reconciler.spec.spec import Spec


def contents(spec: Spec, sections: Sections) -> dict[str, str]:
    """A SHA-256 in hex digits for each section; it is equal for equal sections that bring equal files.

    It covers values as they are with defaults, what is extended and variables of the environment; comments, the order
    of keys and times of files do not count. Under `azure` is also the name of the spec and what it adopts. Raises
    OSError for a file that cannot be read.
    """
    values = {**spec.sections, "azure": [spec.name, asdict(spec.azure), sorted(map(str, spec.adopt))]}
    for section in sections:
        if paths := sorted(set(section.files(spec))):
            files = {path: dict(_files(spec.folder / path)) for path in paths}
            values[section.key] = [values.get(section.key), files]
    return {key: _digest(value) for key, value in sorted(values.items())}


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else sorted(value)


def _files(path: Path) -> Iterator[tuple[str, str]]:
    """Each file of a folder, or the one file, with what is in it and whether it is a program."""
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            with file.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            yield file.relative_to(path).as_posix(), f"{digest} {file.stat().st_mode & 0o100:o}"
