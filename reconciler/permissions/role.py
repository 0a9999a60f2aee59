"""Custom roles with just the actions that are needed, in the form that `az role definition create` takes. Pure.

Source: learn.microsoft.com, Azure custom roles. A role for the spec's groups, and one for the subscription, which has
what cannot be given in a group: making the group, registering providers, reading quotas, sizes and prices.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.azure.actions import is_data
from reconciler.kind import Kinds
from reconciler.model import Address, Desired
from reconciler.permissions.needed import LOOKS, Use, needed
from reconciler.spec.spec import Spec

GROUP = re.compile(r"(/subscriptions/[^/]+/resourceGroups/[^/]+)/providers/.+", re.IGNORECASE)
ASSIGNING = "Microsoft.Authorization/roleAssignments"


@dataclass(frozen=True, slots=True)
class Role:
    """A custom role, and why it has each action. `scopes` are the ARM ids at which it is to be assigned."""

    name: str
    description: str
    needs: Mapping[str, tuple[str, ...]]
    scopes: tuple[str, ...]
    condition: str = ""
    """What an assignment of it should be limited by, as the role assigns roles; empty if it does not."""

    @property
    def actions(self) -> list[str]:
        return [action for action in self.needs if not is_data(action)]

    @property
    def data_actions(self) -> list[str]:
        return [action for action in self.needs if is_data(action)]

    def definition(self) -> dict[str, Any]:
        """As `az role definition create --role-definition` takes it."""
        return {
            "Name": self.name,
            "IsCustom": True,
            "Description": self.description,
            "Actions": self.actions,
            "NotActions": [],
            "DataActions": self.data_actions,
            "NotDataActions": [],
            "AssignableScopes": list(self.scopes),
        }


def roles(spec: Spec, kinds: Kinds, desired: Mapping[Address, Desired], uses: Iterable[Use]) -> tuple[Role, Role]:
    """The role for the groups of a spec, and that for its subscription."""
    uses = frozenset(uses)
    uses = uses if uses <= LOOKS else uses | {Use.PLAN}
    here, wide = needed(spec, kinds, desired, uses)
    verbs = " and ".join(use for use in Use if use in uses and (use is not Use.PLAN or len(uses) == 1))
    title = f"reconcile {verbs} {spec.name}"
    text = f"What reconcile {verbs} of the spec {spec.name} needs"
    given = {
        want.body["properties"]["roleDefinitionId"] for want in desired.values() if kinds[want.address.kind].grants
    }
    assigns = not {f"{ASSIGNING}/write", f"{ASSIGNING}/delete"}.isdisjoint(here)
    return (
        Role(title, f"{text}.", here, tuple(_groups(spec, desired)), assigning(given) if assigns else ""),
        Role(
            f"{title} (subscription)",
            f"{text} of the subscription as a whole.",
            wide,
            (f"/subscriptions/{spec.azure.subscription}",),
        ),
    )


def _groups(spec: Spec, desired: Mapping[Address, Desired]) -> Iterator[str]:
    """The ids of the spec's group and of those that hold what it uses of others."""
    yield spec.group_id
    seen = {spec.group_id.lower()}
    found = [*spec.azure.existing.values(), *(place for want in desired.values() for place in _places(want.body))]
    for group in found:
        if group.lower() not in seen:
            seen.add(group.lower())
            yield group


def _places(value: Any) -> Iterator[str]:
    """The groups of the resources whose ids are in a body."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _places(str(key))
            yield from _places(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _places(item)
    elif isinstance(value, str) and (match := GROUP.fullmatch(value)):
        yield match[1]


def assigning(ids: Collection[str]) -> str:
    """The condition under which only these roles can be given, to service principals and identities, and taken away.

    Source: learn.microsoft.com, Delegate Azure role assignment management to others with conditions.
    """
    guids = ", ".join(sorted(ids))
    parts = []
    for verb, of in (("write", "Request"), ("delete", "Resource")):
        where = f"@{of}[{ASSIGNING}"
        is_one = f"{where}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{guids}}}"
        to = f"{where}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {{'ServicePrincipal'}}"
        parts.append(f"((!(ActionMatches{{'{ASSIGNING}/{verb}'}})) OR ({is_one} AND {to}))")
    return " AND ".join(parts)
