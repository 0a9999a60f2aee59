"""Where specs come from: files and folders of this machine, or a branch that git fetches. A source is asked often, and
must be cheap when nothing has changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Protocol

from reconciler.errors import ReconcileError

SUFFIXES = (".yaml", ".yml")
FORMAT = "apiVersion:"
"""How a line of each spec begins, and of no file that specs only lie over others with `extends`."""


class SourceError(ReconcileError):
    """Specs cannot be had, or must not be used; what was had last is gone on with."""


@dataclass(frozen=True, slots=True)
class Place:
    """A spec's file, and a stamp that is another one if the spec may have changed."""

    file: Path
    stamp: str


@dataclass(frozen=True, slots=True)
class Version:
    """The specs by what they are called, whatever folder they are in now. `label` names the version, for people."""

    specs: Mapping[str, Place] = field(default_factory=dict)
    label: str = ""


class Poll(Enum):
    """What has become of asking a source."""

    SAME = auto()
    CHANGED = auto()
    FAILED = auto()


class Source(Protocol):
    """`name` is what people call it, without secrets."""

    name: str

    def poll(self) -> Version:
        """What there is now. Raises SourceError."""

    def forget(self, used: Sequence[Path]) -> None:
        """Clear away what is older than what was polled last, but for what is in `used`."""


@dataclass
class Files:
    """Files and folders; of a folder, all specs that are in it and not in folders below."""

    paths: Sequence[Path]
    name: str = "files"

    def poll(self) -> Version:
        found = {str(file): file for path in self.paths for file in _specs(path)}
        stamps = {folder: _stamp(folder) for folder in {file.parent for file in found.values()}}
        return Version({name: Place(file, stamps[file.parent]) for name, file in found.items()})

    def forget(self, used: Sequence[Path]) -> None:
        """Nothing of it is ours."""


def specs_in(folder: Path) -> list[Path]:
    """The specs in a folder: YAML files that say so. Raises SourceError if it cannot be read."""
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix in SUFFIXES and file.is_file())
        return [file for file in files if _is_spec(file)]
    except OSError as error:
        raise SourceError(f"the specs in {folder} cannot be read: {error.strerror}") from None


def _specs(path: Path) -> list[Path]:
    return specs_in(path) if path.is_dir() else [path]


def _is_spec(file: Path) -> bool:
    with file.open(encoding="utf-8", errors="replace") as lines:
        text = lines.read(1 << 20)
    return any(line.startswith(FORMAT) for line in text.removeprefix("\ufeff").splitlines()) or text[:1] == "{"


def _stamp(folder: Path) -> str:
    """What is another text when any YAML file of the folder has been changed, as one may extend another."""
    return ";".join(f"{name} {size} {time}" for name, size, time in sorted(_stats(folder)))


def _stats(folder: Path) -> Iterator[tuple[str, int, int]]:
    try:
        for file in folder.iterdir():
            if file.suffix in SUFFIXES:
                seen = file.stat()
                yield file.name, seen.st_size, seen.st_mtime_ns
    except OSError as error:
        raise SourceError(f"the specs in {folder} cannot be read: {error.strerror}") from None
