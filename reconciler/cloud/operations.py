"""Answers of Azure Resource Manager, and the long operations that they announce."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.errors import AzureError


@dataclass(frozen=True, slots=True)
class Operation:
    """A change that Azure accepted and works on; `url` tells how it ends."""

    url: str


@dataclass(frozen=True, slots=True)
class OperationState:
    """`done` with no `error` is success. `retry_after`: seconds that Azure asks to wait before the next poll."""

    done: bool
    retry_after: float | None = None
    error: AzureError | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of ARM: its status, headers and JSON."""

    status: int
    headers: Mapping[str, str]
    body: Any


def operation(headers: Mapping[str, str]) -> Operation | None:
    """The operation that an accepted write points to."""
    url = headers.get("Azure-AsyncOperation") or headers.get("Location")
    return Operation(url) if url else None
