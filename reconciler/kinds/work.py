"""What is left to convert: two listings and the failure markers give the work. Pure.

An input is up to date when its output carries the ETag that the input has now, and failed for good when a marker
says so for this content and this converter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """One input to convert: blob name, ETag and the name of its output."""

    name: str
    etag: str
    output: str


@dataclass(frozen=True, slots=True)
class Work:
    """`missing` and `changed` are to be converted; the rest is counted."""

    missing: tuple[Item, ...]
    changed: tuple[Item, ...]
    up_to_date: int
    failed: tuple[str, ...]
    orphans: tuple[str, ...]
    renamed: int

    @property
    def pending(self) -> tuple[Item, ...]:
        return tuple(sorted((*self.missing, *self.changed), key=lambda item: item.name))

    @property
    def total(self) -> int:
        return len(self.missing) + len(self.changed) + self.up_to_date + len(self.failed)


def outputs(names: Iterable[str], suffixes: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(input, output) for each name with one of `suffixes`.

    The suffix becomes .png. Of several inputs with one output, the one whose suffix comes first in `suffixes` (then
    by name) keeps it; every other is named after its whole source, so that nothing is overwritten.
    """
    endings = tuple(suffix.lower() for suffix in suffixes)
    taken: dict[str, tuple[int, str]] = {}
    found: list[tuple[str, int, str]] = []
    for name in names:
        low = name.lower()
        if not low.endswith(endings):
            continue
        rank = next(i for i, ending in enumerate(endings) if low.endswith(ending))
        output = name[: -len(endings[rank])] + ".png"
        found.append((name, rank, output))
        if output not in taken or (rank, name) < taken[output]:
            taken[output] = (rank, name)
    for name, rank, output in found:
        yield name, output if taken[output] == (rank, name) else f"{name}.png"


def work(
    inputs: Mapping[str, str],
    made: Mapping[str, str],
    failures: Mapping[str, str],
    suffixes: Sequence[str],
) -> Work:
    """Compare inputs (name → ETag), outputs (name → ETag of its source) and failures (input → ETag that failed)."""
    missing: list[Item] = []
    changed: list[Item] = []
    failed: list[str] = []
    wanted: set[str] = set()
    fresh = renamed = 0
    for name, output in outputs(inputs, suffixes):
        etag = inputs[name]
        wanted.add(output)
        renamed += output == f"{name}.png"
        before = made.get(output)
        if before == etag:
            fresh += 1
        elif failures.get(name) == etag:
            failed.append(name)
        else:
            (missing if before is None else changed).append(Item(name, etag, output))
    orphans = tuple(name for name in made if name not in wanted)
    return Work(tuple(missing), tuple(changed), fresh, tuple(failed), orphans, renamed)


def deal(items: Sequence[Item], tasks: int) -> list[Sequence[Item]]:
    """The items of each task: round robin, so that neighbours in the listing spread; no empty task."""
    return [items[number::tasks] for number in range(min(tasks, len(items)))]
