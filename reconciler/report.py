"""What is shown of a resource at the end of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model import Address


@dataclass(frozen=True, slots=True)
class Table:
    """Rows for people, below a caption if there is one."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """How work has ended, of which none is left to be submitted: its items, called `unit`, by what became of them.

    `unstarted` are those that never begin, as what they depend on has failed. `failures` are reasons → how many failed
    for them, as far as its kind knows more than its tasks say.
    """

    succeeded: int
    failed: int
    unstarted: int = 0
    unit: str = "tasks"
    failures: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """What is shown of one resource at the end of a run. `lacking` is how much of its work cannot be done.

    `end` is None while its work goes on or some is left to be submitted, and for what is no work.
    """

    address: Address
    summary: str = ""
    tables: tuple[Table, ...] = ()
    lacking: int = 0
    end: End | None = None
