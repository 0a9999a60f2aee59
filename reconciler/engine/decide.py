"""One resource: what it should be against what it is gives what to do, and why.

The same decision is taken when a plan is made and again just before each write, so that apply never
does what the plan did not show.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

from reconciler.diff import diff
from reconciler.digest import digest
from reconciler.kind import Kind
from reconciler.model import Action, Address, Change, Decision, Desired, Diff, Health, Mark, Observed, Rule


def mark(owner: str, desired: Desired) -> Mark:
    """The owner mark that `desired` is written with."""
    return Mark(owner, digest(desired.body), desired.protect)


def changes(kind: Kind, owner: str, desired: Desired, observed: Observed) -> Diff:
    """The field diff, and the owner mark's where that must change."""
    found = diff(kind.rule, desired.body, observed.body)
    marks = _mark_changes(owner, desired, observed.mark)
    return Diff(marks + found.changes)


def decide(kind: Kind, owner: str, desired: Desired, observed: Observed | None, adopt: Container[Address]) -> Decision:
    """What to do about a resource that the spec asks for."""
    address = desired.address
    if observed is None:
        if desired.obstacle:
            return Decision(address, Action.REFUSE, desired.obstacle)
        return Decision(address, Action.CREATE, "not there yet")
    foreign = _foreign(owner, observed)
    if foreign and address not in adopt:
        return Decision(address, Action.REFUSE, f"{foreign}; to take it over, list {address} under adopt:")
    found = changes(kind, owner, desired, observed)
    if found and desired.obstacle:
        return Decision(address, Action.REFUSE, desired.obstacle, found)
    if observed.health is Health.BUSY:
        return Decision(address, Action.WAIT, f"in progress: {observed.detail}", found)
    if observed.health is Health.FAILED and found.rule < Rule.REPLACE:
        return Decision(address, Action.UPDATE, f"failed: {observed.detail}; will be tried again", found)
    if not found:
        return Decision(address, Action.NONE, observed.detail or "as desired")
    return _by_rule(desired, observed, found)


def decide_stray(observed: Observed, protect_reason: str = "left the spec") -> Decision:
    """What to do about a resource of ours that the spec does not ask for, or no longer."""
    address = observed.address
    if observed.mark and observed.mark.protect:
        return Decision(
            address,
            Action.REFUSE,
            f"{protect_reason}, but is protected; set protect: false, apply, then remove it",
        )
    return Decision(address, Action.DELETE, (observed.surplus or protect_reason) + _held(observed))


def actionable(found: Diff, desired: Desired, observed: Observed) -> Diff:
    """The part of `found` that can be written now: the rest waits for those who occupy the resource."""
    if not observed.occupants or (desired.vacates and not observed.held):
        return found
    limit = Rule.NEW_NODES if observed.held else Rule.WHEN_EMPTY
    return replace(found, changes=tuple(c for c in found.changes if c.rule < limit))


def waiting(observed: Observed) -> str:
    """What the part that cannot be written now waits for."""
    if observed.held:
        return observed.held
    held = ", ".join(observed.occupants)
    return f"needs an empty {observed.address.kind}, but it holds {held}; scale it to 0 first"


def _by_rule(desired: Desired, observed: Observed, found: Diff) -> Decision:
    address = desired.address
    if found.rule is Rule.REFUSE:
        fields = ", ".join(c.path.removeprefix("properties.") for c in found.changes if c.rule is Rule.REFUSE)
        reason = f"{fields} cannot be changed on a live {address.kind}; undo the change, or use another name"
        return Decision(address, Action.REFUSE, reason, found)
    if found.rule is Rule.REPLACE:
        if desired.protect or (observed.mark and observed.mark.protect):
            return Decision(address, Action.REFUSE, "must be replaced, but is protected", found)
        return Decision(address, Action.REPLACE, _cause(desired, observed) + _held(observed), found)
    now = actionable(found, desired, observed)
    if not now:
        return Decision(address, Action.DEFER, waiting(observed), found)
    if now != found:
        reason = f"{_cause(desired, observed)}; some of it {waiting(observed)}"
        return Decision(address, Action.UPDATE, reason, found)
    if found.rule is Rule.WHEN_EMPTY and observed.occupants:
        reason = f"{_cause(desired, observed)}; {desired.vacates} (now {', '.join(observed.occupants)})"
        return Decision(address, Action.UPDATE, reason, found)
    if found.rule is Rule.NEW_VERSION:
        reason = "its content differs: a new version is built, the one before stays"
        return Decision(address, Action.UPDATE, observed.detail or reason, found)
    return Decision(address, Action.UPDATE, observed.detail or _cause(desired, observed), found)


def _cause(desired: Desired, observed: Observed) -> str:
    if observed.mark is None:
        return "adopted"
    drifted = observed.mark.digest == digest(desired.body)
    return "was changed outside the spec" if drifted else "differs from the spec"


def _held(observed: Observed) -> str:
    return f" (with {', '.join(observed.occupants)})" if observed.occupants else ""


def _foreign(owner: str, observed: Observed) -> str | None:
    """Why `observed` is not ours, or None."""
    if observed.mark is None:
        return "exists already without an owner mark"
    if observed.mark.owner != owner:
        return f"belongs to the spec {observed.mark.owner!r}"
    return None


def _mark_changes(owner: str, desired: Desired, found: Mark | None) -> tuple[Change, ...]:
    if found is None or found.owner != owner:
        return (Change("owner", found.owner if found else None, owner, Rule.LIVE),)
    if found.protect != desired.protect:
        return (Change("protect", found.protect, desired.protect, Rule.LIVE),)
    return ()
