"""What one task has to convert: the lines of a shard manifest, or every N-th blob of the sorted listing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """One input: its name, the ETag (unquoted) of the content that was seen, and the name of its output.

    `replaces` is whether the output was there when the work was listed.
    """

    name: str
    etag: str
    output: str
    replaces: bool = False


def from_manifest(text: str) -> list[Item]:
    """The items of a manifest, one JSON object a line; raises ValueError that names the line."""
    items = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            items.append(Item(entry["name"], entry["etag"].strip('"'), entry["output"], entry.get("replaces") is True))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"line {number} is not an input: {type(error).__name__}: {error}") from error
    return items


def dealt(etags: Mapping[str, str], suffixes: Sequence[str], task_id: int, total_tasks: int) -> list[Item]:
    """Task i of N takes the inputs i, i+N, … of the sorted listing {name: ETag}."""
    outputs = output_names(etags, suffixes)
    return [Item(name, etags[name], outputs[name]) for name in sorted(outputs)[task_id::total_tasks]]


def output_names(names: Iterable[str], suffixes: Sequence[str]) -> dict[str, str]:
    """The output of every name with one of the suffixes.

    The suffix becomes `.png`. Where two inputs would share an output, the one whose suffix comes first keeps it (then
    the first by name), and each other adds `.png` to its full name.
    """
    lowered = [suffix.lower() for suffix in suffixes]
    ranked = sorted((rank, name) for name in names if (rank := _rank(name, lowered)) is not None)
    outputs: dict[str, str] = {}
    taken: set[str] = set()
    for rank, name in ranked:
        output = name[: -len(lowered[rank])] + ".png"
        if output in taken:
            output = name + ".png"
        while output in taken:
            output += ".png"
        taken.add(output)
        outputs[name] = output
    return outputs


def _rank(name: str, lowered: Sequence[str]) -> int | None:
    lower = name.lower()
    return next((rank for rank, suffix in enumerate(lowered) if lower.endswith(suffix)), None)
