"""How the items of packed tasks ended, as the files say that were fetched from their nodes. These may say anything."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from reconciler import marks
from reconciler.cli.fetching import safe
from reconciler.render import plain
from reconciler.words import count, some

LARGEST = 10_000_000
"""Bytes of a file of outcomes that are read: those of 1,000 items with long names."""


def told(folder: Path, tasks: Iterable[str]) -> str:
    """`12 items succeeded`, or `2 of 12 items failed: n=11 (exit code 2), ...`; empty if there are no items."""
    rows = [row for task in tasks for row in _rows(folder.joinpath(safe(task), "wd", marks.OUTCOMES))]
    failed = [row for row in rows if row["exitCode"]]
    if not rows:
        return ""
    if not failed:
        return f"{count(len(rows), 'item', ',')} succeeded"
    names = [f"{_name(row['values'])} (exit code {row['exitCode']})" for row in failed]
    return f"{len(failed):,} of {count(len(rows), 'item', ',')} failed: {plain.clean(some(names))}"


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        return
    with path.open("rb") as file:
        lines = file.read(LARGEST).splitlines()
    for line in lines:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict) and isinstance(row.get("exitCode"), int) and isinstance(row.get("values"), dict):
            yield row


def _name(values: dict[str, Any]) -> str:
    return str(values.get("item") or ", ".join(f"{name}={value}" for name, value in values.items()))
