"""The actions that a plan, an apply, a destroy or a look at a spec needs, and what needs each. Pure.

What is in the kinds is put together here: each names what its verbs need. Every kind's list is read, as what has left
the spec must be found; what is inside of others only where the spec has those others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from typing import Any

from reconciler.azure.actions import is_wide
from reconciler.kind import ArmType, Kind, Kinds
from reconciler.kind.permissions import BLOBS, GROUPED, STORAGE, Permissions
from reconciler.model import Address, Desired
from reconciler.permissions import explaining
from reconciler.spec.spec import Spec

CHECKS = ("Microsoft.Resources/subscriptions/read", "Microsoft.Resources/subscriptions/providers/read")
"""What preflight asks before any change."""
OWN = "Microsoft.Authorization/permissions/read"
"""To ask what one may do oneself: who only plans is not to be told that he may not apply."""
OF_VAULT = "Microsoft.KeyVault/vaults/secrets/getSecret/action"
HEALTH = "Microsoft.ResourceHealth/availabilityStatuses/read"
ADVISORIES = "Microsoft.ResourceHealth/events/read"
LOG = "Microsoft.Insights/eventtypes/values/read"
"""What Azure says of itself; it goes without, and is told then."""
Need = tuple[str, str]
"""An action, with what needs it."""


class Use(StrEnum):
    """What a role is for."""

    PLAN = "plan"
    APPLY = "apply"
    DESTROY = "destroy"
    STATUS = "status"
    WHY = "why"


LOOKS = frozenset({Use.STATUS, Use.WHY})
"""What needs no plan."""
CHANGES = frozenset({Use.APPLY, Use.DESTROY})


def needed(
    spec: Spec, kinds: Kinds, desired: Mapping[Address, Desired], uses: Collection[Use]
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """Action → what needs it: in the groups of the spec, and in the subscription. `uses` with PLAN, unless they
    are LOOKS only."""
    types = frozenset(_called(arm).lower() for address in desired if (arm := kinds[address.kind].arm))
    here: dict[str, tuple[str, ...]] = {}
    wide: dict[str, tuple[str, ...]] = {}
    for action, what in _all(spec, kinds, desired, uses, types):
        among = wide if is_wide(action) or what.startswith(AROUND) else here
        there = among.setdefault(action, ())
        among[action] = there if what in there else (*there, what)
    return dict(sorted(here.items())), dict(sorted(wide.items()))


CHECKING = "checks "
"""How the need begins of what a plan can go without, but then checks less before a change."""
AROUND = "who uses "
"""How the need begins of what is read of the whole subscription."""


def _all(
    spec: Spec, kinds: Kinds, desired: Mapping[Address, Desired], uses: Collection[Use], types: frozenset[str]
) -> Iterator[Need]:
    if not LOOKS.isdisjoint(uses):
        yield from ((action, f"{CHECKING}what Azure says of itself") for action in (HEALTH, ADVISORIES))
    if Use.WHY in uses:
        yield LOG, f"{CHECKING}who did what"
        yield from explaining.needs(spec)
    if uses != {Use.WHY} or explaining.resolves(kinds, desired.values()):
        yield from _seen(spec, kinds, desired, uses, types)


def _seen(
    spec: Spec, kinds: Kinds, desired: Mapping[Address, Desired], uses: Collection[Use], types: frozenset[str]
) -> Iterator[Need]:
    if Use.PLAN in uses:
        yield from ((action, f"{CHECKING}before a change") for action in CHECKS)
    if not CHANGES.isdisjoint(uses):
        yield OWN, f"{CHECKING}before a change"
    there = {address.kind for address in desired}
    for kind in (kind for name, kind in kinds.items() if kind.sought or name in there):
        absent = kind.arm is not None and kind.arm.rare and kind.name not in there
        own = [f"{_called(kind.arm)}/read"] if kind.arm and not absent else []
        sees = [GROUPED] if absent else [*kind.permissions.sees, *own]
        yield from ((action, f"the list of {kind.many}") for action in sees if absent or _listed(action, kinds, types))
    for want in desired.values():
        yield from _of_one(kinds[want.address.kind], want, uses)
    if spec.lock and not CHANGES.isdisjoint(uses):
        yield from ((action, "lock") for action in (STORAGE, f"{BLOBS}/read", f"{BLOBS}/write"))
    if spec.temporary_rule and Use.DESTROY in uses:
        yield from ((f"{kind.arm.name}/write", "runner") for kind in kinds.values() if kind.ways and kind.arm)
    if Use.APPLY in uses and _names_secret(spec.sections):
        yield OF_VAULT, "keyVaultSecret"


def _of_one(kind: Kind, want: Desired, uses: Collection[Use]) -> Iterator[Need]:
    what = str(want.address)
    given = kind.permissions
    parts = [given, given.of(want)] if given.of else [given]
    for part in parts:
        yield from ((action, what) for action in part.reads)
        yield from ((action, f"{CHECKING}of {what}") for action in part.checks if Use.PLAN in uses)
    if want.existing:
        return
    if Use.APPLY in uses:
        for provider in kind.arm.registrations if kind.arm else ():
            yield f"{provider}/register/action", "registration"
    for part in parts:
        yield from _changing(kind, part, what, uses)


def _changing(kind: Kind, part: Permissions, what: str, uses: Collection[Use]) -> Iterator[Need]:
    if Use.APPLY in uses:
        yield from ((action, what) for action in part.writes)
        yield from ((f"{_called(arm)}/write", what) for arm in (kind.arm,) if arm)
    if Use.DESTROY in uses:
        yield from ((action, what) for action in part.deletes)
        yield from ((f"{_called(arm)}/delete", what) for arm in (kind.arm,) if arm)
        yield from ((action, f"{AROUND}{what}") for action in part.around)


def _called(arm: ArmType) -> str:
    return arm.called or arm.name


def _listed(action: str, kinds: Kinds, types: frozenset[str]) -> bool:
    """Whether a list is asked for: that of a type which is in no other, or in one that the spec has."""
    known = {_called(kind.arm).lower() for kind in kinds.values() if kind.arm}
    parts = action.lower().split("/")[:-1]
    holders = ["/".join(parts[:end]) for end in range(len(parts) - 1, 1, -1)]
    holder = next((holder for holder in holders if holder in known), None)
    return holder is None or holder in types


def _names_secret(value: Any) -> bool:
    if isinstance(value, Mapping):
        return "keyVaultSecret" in value or any(_names_secret(item) for item in value.values())
    return isinstance(value, (list, tuple)) and any(_names_secret(item) for item in value)
