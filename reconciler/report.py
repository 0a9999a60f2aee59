"""What is shown of a resource at the end of a run."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model import Address


@dataclass(frozen=True, slots=True)
class Table:
    """Rows for people, below a caption if there is one."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What is shown of one resource at the end of a run. `lacking` is how much of its work cannot be done."""

    address: Address
    summary: str = ""
    tables: tuple[Table, ...] = ()
    lacking: int = 0
