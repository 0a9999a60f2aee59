"""Everything that can go wrong, as a tree:

ReconcileError              a message a user can act on
├── SpecError               the spec is invalid; carries every problem at once (exit 4)
│   └── PolicyError         so is a policy
├── WrongUsage              a command line that names what is not there, or contradicts itself (exit 4)
├── Refused                 a plan or step that must not be carried out (exit 3)
│   └── LockLost            another may be writing by now, so we must not
├── AzureError              Azure said no: status, code, message, request id
│   └── NotRegistered       the subscription was never used for a resource provider
├── Unreachable             no answer, or not the whole of one
├── SignedOut               nobody is signed in to Azure
└── LocalError              the local Azure cannot be started or used
"""

from __future__ import annotations

from dataclasses import dataclass


class ReconcileError(Exception):
    """A failure with a message that names the place and the remedy.

    `place` is what was being read when it happened, such as `the pools of myaccount`; it stands before the cause.
    """

    place: str = ""

    def __str__(self) -> str:
        cause = super().__str__()
        return f"cannot read {self.place}: {cause}" if self.place else cause


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
    """An invalid spec: all its problems, in file order. `what` is invalid, in words."""

    what = "the spec"

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


class PolicyError(SpecError):
    """An invalid file with a policy."""

    what = "the policy"


class WrongUsage(ReconcileError):
    """A command line that names what is not there, or contradicts itself."""


class Refused(ReconcileError):
    """Something that the spec, the owner marks or a changed world forbid."""


class LockLost(Refused):
    """The lock of the spec is not ours any more, or nobody knows; nothing may be written."""


class AzureError(ReconcileError):
    """An error answer of Azure. `code` is Azure's own error code, `request_id` what support asks for.

    `request` is the method and the URL, where the rest does not tell what went wrong.
    """

    def __init__(
        self, status: int, code: str, message: str, request_id: str = "", remedy: str = "", request: str = ""
    ) -> None:
        self.status, self.code, self.message = status, code, message
        self.request_id, self.remedy = request_id, remedy
        text = f"{code or status}: {message}"
        if remedy:
            text += f" {remedy}"
        known = [request, f"HTTP {status}" if request or request_id else "", request_id and f"request id {request_id}"]
        facts = ", ".join(fact for fact in known if fact)
        super().__init__(f"{text} ({facts})" if facts else text)


class NotRegistered(AzureError):
    """The subscription is not registered for the resource provider `namespace`, so that nothing of it can exist."""

    CODE = "MissingSubscriptionRegistration"

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        text = f"the subscription is not registered for {namespace or 'the resource provider'}."
        remedy = f"Apply registers it; or: az provider register --namespace {namespace or 'NAME'}."
        super().__init__(409, self.CODE, text, remedy=remedy)


class Unreachable(ReconcileError):
    """Azure did not answer: no connection, a TLS failure, a time-out, or an answer that broke off."""


class SignedOut(ReconcileError):
    """Nobody is signed in to Azure, or no longer."""


class LocalError(ReconcileError):
    """The local Azure cannot be started, found or used."""
