"""A request to the data plane of a vault, understood."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from azure_local.azure import Azure


@dataclass(frozen=True, slots=True)
class Asked:
    """`parts` are those of the path below the collection, `base` the vault's URL, `now` seconds since 1970."""

    azure: Azure
    vault: Mapping[str, Any]
    parts: tuple[str, ...]
    base: str
    body: Mapping[str, Any]
    now: int

    @property
    def name(self) -> str:
        return self.parts[0]

    def key(self, collection: str) -> str:
        """Where the store has what the request names."""
        return f"{self.vault['id']}/{collection}/{self.name}"


Answered = tuple[int, Any]
Served = Mapping[tuple[str, str], tuple[str, Callable[[Asked], Answered]]]
"""Method and form of the path → the data action that it takes, and what answers."""
