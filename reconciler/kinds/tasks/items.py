"""What a task is for: a point of a sweep, a blob, or a chunk of such. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """What one task is for: the values that it is given, and the version of what they name (an ETag).

    length  bytes of the blob that it is for
    items   those of a chunk, which has no values of its own
    """

    values: Mapping[str, str]
    version: str = ""
    length: int = 0
    items: tuple[Item, ...] = ()

    @property
    def title(self) -> str:
        if self.items:
            return f"{self.items[0].title}" + (f" and {len(self.items) - 1:,} more" if len(self.items) > 1 else "")
        return self.values.get("item") or ", ".join(f"{name}={value}" for name, value in self.values.items())

    @property
    def subject(self) -> Mapping[str, str]:
        """What tells it from others of its entry, whatever is in it: a chunk has that of its first item."""
        return self.items[0].values if self.items else self.values
