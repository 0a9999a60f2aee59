"""Everything that can go wrong, as a tree:

ReconcileError              a message a user can act on
├── SpecError               the spec is invalid; carries every problem at once (exit 4)
├── Refused                 a plan or step that must not be carried out (exit 3)
├── AzureError              Azure said no: status, code, message, request id
├── Unreachable             no answer at all
└── LocalError              the local Azure cannot be started or used
"""

from __future__ import annotations

from dataclasses import dataclass


class ReconcileError(Exception):
    """A failure with a message that names the place and the remedy."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault of a spec at a 1-based line and column."""

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        path = f" {self.path}" if self.path else ""
        return f"{self.file}:{self.line}:{self.column}{path}: {self.message}"


class SpecError(ReconcileError):
    """An invalid spec: all its problems, in file order."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


class Refused(ReconcileError):
    """Something that the spec, the owner marks or a changed world forbid."""


class AzureError(ReconcileError):
    """An error answer of Azure. `code` is Azure's own error code, `request_id` what support asks for."""

    def __init__(self, status: int, code: str, message: str, request_id: str = "", remedy: str = "") -> None:
        self.status, self.code, self.message = status, code, message
        self.request_id, self.remedy = request_id, remedy
        text = f"{code or status}: {message}"
        if remedy:
            text += f" {remedy}"
        if request_id:
            text += f" (HTTP {status}, request id {request_id})"
        super().__init__(text)


class Unreachable(ReconcileError):
    """Azure did not answer: no connection, a TLS failure or a time-out."""


class LocalError(ReconcileError):
    """The local Azure cannot be started, found or used."""
