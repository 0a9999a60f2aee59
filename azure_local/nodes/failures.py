"""Why a task could not be run, or failed, in Batch's words."""

from __future__ import annotations

from typing import Any


def failure(code: str, message: str, **details: str) -> dict[str, Any]:
    """A failureInfo; `details` are its names and values."""
    info: dict[str, Any] = {"category": "usererror", "code": code, "message": message}
    listed = [{"name": name, "value": value} for name, value in details.items() if value]
    return {**info, "details": listed} if listed else info


class Refused(Exception):
    """A task cannot be run: `info` is its failureInfo, `more` are other members of its executionInfo."""

    def __init__(self, code: str, message: str, **details: str) -> None:
        self.info = failure(code, message, **details)
        self.more: dict[str, Any] = {}
        super().__init__(message)
