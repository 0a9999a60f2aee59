"""What is left to convert, computed from the listings of inputs and outputs and from the failure markers. Pure.

An input is up to date when its output carries the ETag that the input has now. It has failed for good when there is a
marker for its current content and the current converter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """An input to convert: blob name, ETag and the name of its output."""

    name: str
    etag: str
    output: str


@dataclass(frozen=True, slots=True)
class Work:
    """`missing` and `changed` are to be converted; the other fields only tell what there is besides."""

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


def outputs(names: Iterable[str], suffixes: Sequence[str]) -> dict[str, str]:
    """Input → output of each name with one of `suffixes`.

    The suffix becomes .png. Of several inputs with the same output, the one whose suffix comes first in `suffixes`
    (then by name) keeps it; every other adds .png to its whole name until that is free, so nothing is overwritten.
    """
    endings = tuple(suffix.lower() for suffix in suffixes)
    ranked: list[list[str]] = [[] for _ in endings]
    for name in names:
        low = name.lower()
        if low.endswith(endings):
            ranked[next(i for i, ending in enumerate(endings) if low.endswith(ending))].append(name)
    named: dict[str, str] = {}
    taken: set[str] = set()
    for ending, group in zip(endings, ranked, strict=True):
        for name in sorted(group):
            output = name[: -len(ending)] + ".png"
            if output in taken:
                output = f"{name}.png"
            while output in taken:
                output += ".png"
            taken.add(output)
            named[name] = output
    return named


def work(
    inputs: Mapping[str, str],
    sources: Mapping[str, str],
    failures: Mapping[str, str],
    suffixes: Sequence[str],
) -> Work:
    """Compare inputs (name → ETag), outputs (name → ETag of its source) and failures (input → ETag that failed)."""
    missing: list[Item] = []
    changed: list[Item] = []
    failed: list[str] = []
    fresh = renamed = 0
    named = outputs(inputs, suffixes)
    for name, output in named.items():
        etag = inputs[name]
        renamed += output.startswith(f"{name}.png")
        before = sources.get(output)
        if before == etag:
            fresh += 1
        elif failures.get(name) == etag:
            failed.append(name)
        else:
            (missing if before is None else changed).append(Item(name, etag, output))
    wanted = set(named.values())
    orphans = tuple(name for name in sources if name not in wanted)
    return Work(tuple(missing), tuple(changed), fresh, tuple(failed), orphans, renamed)


def deal(items: Sequence[Item], tasks: int) -> list[Sequence[Item]]:
    """The items of each task, dealt round robin, so that neighbours in the listing spread; no task is empty."""
    return [items[number::tasks] for number in range(min(tasks, len(items)))]
