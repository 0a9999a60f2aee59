"""A small blob that runs write for one another, as storage has it, and what time it is by storage's own clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Note:
    """`properties` are those of the SDK, `content` is empty where there is more than was asked for.

    `now` is when storage answered; None if it did not say.
    """

    properties: Any
    content: bytes
    now: datetime | None


def read(blob: Any, largest: int) -> Note:
    """What a blob says, whoever wrote it, up to so many bytes. Raises as the SDK does."""
    dates: list[str] = []
    there = blob.get_blob_properties(raw_response_hook=lambda answer: dates.append(_date(answer)))
    content = blob.download_blob().readall() if there.size <= largest else b""
    return Note(there, content, parsedate_to_datetime(dates[-1]) if dates[-1] else None)


def _date(answer: Any) -> str:
    return str(answer.http_response.headers.get("Date", ""))
