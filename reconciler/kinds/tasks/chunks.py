"""Items cut into chunks, a task for each. Pure.

Points of a sweep are cut in their order, `count` at a time. Blobs are cut where the digests of their names say so, once
a chunk is half full, and at the latest when it is full: so a blob that is added or goes changes the chunk that it is
in, and rarely the next, and not all that follow. On average such a chunk is two thirds full.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil

from reconciler.kinds.tasks.items import Item
from reconciler.spec.tasks import Task, chunked

MOST = 1_000
"""The most blobs of a task."""
ROOM, AROUND = 900_000, 300
"""Bytes of a task that may tell of its blobs, as a request has 1 MiB at most, and those around the name of each."""
CUTS = 6
"""How many of the names in a full chunk might end one, on average."""
ROUNDING = 1e-9
FEW, SMALL, LARGE = 1_000, 10, 100
"""`pack: auto`: up to so many items `SMALL` are packed into a task, else `LARGE`."""
UNITS = {"": 1, "B": 1, **{f"{unit}B": 1000**power for power, unit in enumerate("kMGT", 1)}}
UNITS |= {f"{unit}iB": 1024**power for power, unit in enumerate("KMGT", 1)}


@dataclass(frozen=True, slots=True)
class Size:
    """How many items, and how many bytes of them, a chunk has at most."""

    count: int
    bytes: int | None = None

    def shares(self, item: Item) -> tuple[float, ...]:
        """How much of a chunk an item takes, in each measure: 1 is all of it."""
        told = len(json.dumps(dict(item.values))) + AROUND
        return (1 / self.count, told / ROOM, *([item.length / self.bytes] if self.bytes else []))


def cut(items: Iterable[Item], entry: Task) -> Iterator[Item]:
    """The items of an entry, each a chunk of them if the entry asks for that."""
    if "pack" in entry and entry["pack"] == "auto":
        items = iter(items)
        first = list(itertools.islice(items, FEW + 1))
        size, items = _auto(len(first)), itertools.chain(first, items)
    elif chunked(entry):
        size = _size(entry)
    else:
        yield from items
        return
    yield from map(_chunk, _even(items, size) if "sweep" in entry else _stable(items, size))


def count(entry: Task, points: int) -> int:
    """How many tasks a sweep of so many points makes."""
    points = min(points, entry.get("sample", points))
    if "pack" in entry and entry["pack"] == "auto":
        return ceil(points / _auto(points).count)
    return ceil(points / _size(entry).count) if chunked(entry) else points


def length(size: int | str) -> int:
    """Bytes: a number, or a text such as `1.5GiB`."""
    number, unit = re.fullmatch(r"([\d.]+) ?(\w*)", str(size)).groups()  # type: ignore[union-attr]  # its schema says so
    return max(1, int(float(number) * UNITS[unit]))


def _size(entry: Task) -> Size:
    if "pack" in entry:
        return Size(int(entry["pack"]))
    chunk = entry["chunk"]
    return Size(chunk.get("count", MOST), length(chunk["bytes"]) if "bytes" in chunk else None)


def _auto(items: int) -> Size:
    return Size(SMALL if items <= FEW else LARGE)


def _even(items: Iterable[Item], size: Size) -> Iterator[tuple[Item, ...]]:
    left = iter(items)
    while chunk := tuple(itertools.islice(left, size.count)):
        yield chunk


def _stable(items: Iterable[Item], size: Size) -> Iterator[tuple[Item, ...]]:
    chunk: list[Item] = []
    filled: list[float] = []
    for item in items:
        shares = size.shares(item)
        after = [sum(pair) for pair in zip(filled or [0] * len(shares), shares, strict=True)]
        if chunk and max(after) > 1 + ROUNDING:
            yield tuple(chunk)
            chunk, after = [], list(shares)
        chunk.append(item)
        filled = after
        if max(filled) >= 0.5 and _drawn(item.title) < min(0.5, CUTS * max(shares)):
            yield tuple(chunk)
            chunk, filled = [], []
    if chunk:
        yield tuple(chunk)


def _drawn(name: str) -> float:
    """A number from 0 to 1 that a name has for ever."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) / 2**64


def _chunk(items: tuple[Item, ...]) -> Item:
    """A chunk as an item: its version is that of all that is in it."""
    total = hashlib.sha256()
    for item in items:
        total.update(f"{sorted(item.values.items())!r} {item.version}\n".encode())
    return Item({}, total.hexdigest()[:32], items=items)
