"""The roles of a spec as `permissions` prints them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.azure.actions import is_data
from reconciler.permissions.needed import CHECKING
from reconciler.permissions.role import Role
from reconciler.render import plain

MANY = 2
"""So many of what needs an action are named."""


@dataclass(frozen=True, slots=True)
class RolesView:
    roles: Sequence[Role]
    alone: bool = False
    """Whether a program gets the one role itself, and not a list."""

    def text(self, *, colour: bool) -> str:
        return "\n\n".join("\n".join(_told(role)) for role in self.roles)

    def document(self) -> Any:
        shown = [role.definition() for role in self.roles]
        return shown[0] if self.alone else shown


def _told(role: Role) -> Iterator[str]:
    yield f"Role {plain.clean(role.name)!r}, to be assigned at"
    yield from (f"  {plain.clean(scope)}" for scope in role.scopes)
    yield ""
    rows = [(action, _sort(action, what), _needed(what)) for action, what in role.needs.items()]
    yield plain.table(("ACTION", "", "NEEDED BY"), rows)
    if role.condition:
        yield "\nIt gives roles to others. So that it gives just those of the spec, assign it with"
        yield f'--condition-version 2.0 --condition "{plain.clean(role.condition)}"'


def _sort(action: str, what: Sequence[str]) -> str:
    if all(each.startswith(CHECKING) for each in what):
        return "check"
    return "data" if is_data(action) else ""


def _needed(what: Sequence[str]) -> str:
    shown = ", ".join(plain.clean(each) for each in what[:MANY])
    return f"{shown} and {len(what) - MANY} more" if len(what) > MANY else shown
