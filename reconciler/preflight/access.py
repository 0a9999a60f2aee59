"""Whether the subscription takes changes, and the signed-in principal may make those of a plan. Pure.

Source: learn.microsoft.com, Azure RBAC, role definitions (an action is allowed by a role that has it in actions and not
in notActions, * stands for anything) and built-in roles; Azure subscription states.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from reconciler.kind import Kinds
from reconciler.model import Action, Address, Plan
from reconciler.preflight.facts import Facts, Finding, Severity

VERBS = {
    Action.CREATE: ("write",),
    Action.UPDATE: ("write",),
    Action.REPLACE: ("delete", "write"),
    Action.DELETE: ("delete",),
}
ROLES: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("Managed Identity Contributor", ("Microsoft.ManagedIdentity/userAssignedIdentities/*",), ()),
    ("Storage Account Contributor", ("Microsoft.Storage/storageAccounts/*",), ()),
    ("Azure Batch Account Contributor", ("Microsoft.Batch/batchAccounts/*",), ()),
    ("Role Based Access Control Administrator", ("Microsoft.Authorization/roleAssignments/*",), ()),
    ("Contributor", ("*",), ("Microsoft.Authorization/*/write", "Microsoft.Authorization/*/delete")),
)
"""Built-in roles that allow what plans need, the narrowest first: actions and notActions as far as they matter."""
STATES = {
    "Warned": (Severity.WARN, "is in the state Warned and will be disabled", "settle what its owner was warned of"),
    "PastDue": (Severity.WARN, "is in the state PastDue: a payment is overdue", "pay it, or it will be disabled"),
    "Disabled": (Severity.REFUSE, "is disabled, and so read-only", "its owner can reactivate it in the portal"),
    "Deleted": (Severity.REFUSE, "is deleted", "use another subscription"),
}
"""State of a subscription → what it means for changes; Enabled is none of them."""


def needed(plan: Plan, kinds: Kinds, elsewhere: Container[Address] = ()) -> dict[str, tuple[Address, ...]]:
    """The actions that a plan needs in the resource group, with what needs them; not for what is `elsewhere`."""
    needs: dict[str, tuple[Address, ...]] = {}
    for decision in plan.decisions:
        arm = kinds[decision.address.kind].arm
        here = arm is not None and arm.in_group and decision.address not in elsewhere
        for written in arm.written if arm and here else ():
            for verb in VERBS.get(decision.action, ()):
                action = f"{written}/{verb}"
                needs[action] = (*needs.get(action, ()), decision.address)
    return needs


def allowed(permissions: Iterable[Mapping[str, Any]], action: str) -> bool:
    return any(
        _has(permission.get("actions"), action) and not _has(permission.get("notActions"), action)
        for permission in permissions
    )


def _only_looks(permissions: Iterable[Mapping[str, Any]]) -> bool:
    """Whether somebody has roles, but none to write or delete anything with, as pipelines have that only plan."""
    given = [action for permission in permissions for action in permission.get("actions") or ()]
    return bool(given) and not any(action.rpartition("/")[2].lower() in ("*", "write", "delete") for action in given)


def _has(patterns: Iterable[str] | None, action: str) -> bool:
    return any(
        re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), action, re.IGNORECASE | re.DOTALL)
        for pattern in patterns or ()
    )


def roles(actions: Iterable[str]) -> list[str]:
    """The roles that allow `actions`: the narrowest that allows all, or one for each part of them."""
    missing = list(actions)
    chosen: list[str] = []
    while missing:
        able = [(name, [action for action in missing if allowed([_role(name)], action)]) for name, *_ in ROLES]
        name, covered = max(able, key=lambda role: len(role[1]))  # the narrowest of those that cover most
        if not covered:
            return [*chosen, "Owner"]
        chosen.append(name)
        missing = [action for action in missing if action not in covered]
    return chosen


def _role(name: str) -> Mapping[str, Any]:
    role = next(role for role in ROLES if role[0] == name)
    return {"actions": role[1], "notActions": role[2]}


def check(facts: Facts) -> Iterator[Finding]:
    yield from _state(facts)
    if facts.permissions is None:
        return
    if facts.needed and _only_looks(facts.permissions):
        words = f"you may only look at {facts.group}, so this plan is not judged by what you may do"
        yield Finding(Severity.WARN, "permissions", None, words, "apply it as somebody who may change it")
        return
    denied = [action for action in facts.needed if not allowed(facts.permissions, action)]
    remedy = f"ask for {' and '.join(roles(denied))} on {facts.group}; a new role takes minutes to work"
    for action in denied:
        for address in facts.needed[action]:
            words = f"you may not do {action} in {facts.group}"
            yield Finding(Severity.REFUSE, "permissions", address, words, remedy)


def _state(facts: Facts) -> Iterator[Finding]:
    if facts.state in STATES:
        severity, words, remedy = STATES[facts.state]
        what = f"the subscription {facts.subscription} {words}"
        addresses: list[Address | None] = [None]
        if severity is Severity.REFUSE:
            addresses = list(dict.fromkeys(address for many in facts.needed.values() for address in many))
        for address in addresses:
            yield Finding(severity, "subscription", address, what, remedy)
