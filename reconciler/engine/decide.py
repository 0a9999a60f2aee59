"""One resource: what it should be against what it is gives what to do, and why.

The same decision is taken when a plan is made and again just before each write, so that apply never
does what the plan did not show.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import replace

from reconciler import departed
from reconciler.diff import diff, made
from reconciler.digest import digest
from reconciler.kind import Kind
from reconciler.model import STAGE, Action, Address, Change, Decision, Desired, Diff, Health, Mark, Observed, Rule, Why

_GOING = {Why.LEFT_SPEC: "left the spec", Why.DESTROYED: "is destroyed"}
"""Why something of ours goes, in words."""


def mark(kind: Kind, owner: str, desired: Desired) -> Mark:
    """The owner mark that `desired` is written with."""
    return Mark(owner, digest(desired.body), desired.protect, departed.tokens(kind.maps, desired.body), desired.expires)


def changes(kind: Kind, owner: str, desired: Desired, observed: Observed) -> Diff:
    """The field diff, and the owner mark's where that must change; nothing of what is used without being owned."""
    if desired.existing:
        return Diff()
    differing = diff(kind.rule, departed.asked(kind.maps, desired, observed).body, observed.body)
    marks = _mark_changes(owner, desired, observed.mark)
    return Diff(marks + _named(kind, differing.changes))


def decide(kind: Kind, owner: str, desired: Desired, observed: Observed | None, adopt: Container[Address]) -> Decision:
    """What to do about a resource that the spec asks for."""
    decision = _decided(kind, owner, desired, observed, adopt)
    grants = kind.grants and decision.action in (Action.CREATE, Action.REPLACE)
    return replace(decision, summarised=kind.summarised, parts=observed.parts if observed else (), grants=grants)


def _decided(
    kind: Kind, owner: str, desired: Desired, observed: Observed | None, adopt: Container[Address]
) -> Decision:
    address = desired.address
    if desired.unreadable:
        return Decision(address, Action.UNKNOWN, Why.UNREADABLE, desired.unreadable)
    if desired.existing:
        return _used(kind, owner, desired, observed, adopt)
    if observed is None:
        return _absent(kind, desired)
    foreign = _foreign(owner, observed)
    if foreign and address not in adopt:
        unowned = f"; to use it without owning it, write {kind.unowned}" if kind.unowned else ""
        reason = f"{foreign}; to take it over, list {address} under adopt:{unowned}"
        return Decision(address, Action.REFUSE, Why.FOREIGN, reason)
    if desired.pending:
        reason = f"what it should be is known once the subscription is registered for {desired.pending}; apply again"
        return Decision(address, Action.DEFER, Why.PENDING, reason)
    differing = changes(kind, owner, desired, observed)
    if differing and desired.obstacle:
        return Decision(address, Action.REFUSE, Why.OBSTACLE, desired.obstacle, differing)
    if (held := _unhealthy(desired, observed, differing)) is not None:
        return held
    if not differing:
        return Decision(address, Action.NONE, Why.AS_DESIRED, observed.detail or "as desired")
    return _by_rule(kind, owner, desired, observed, differing)


def _used(kind: Kind, owner: str, desired: Desired, observed: Observed | None, adopt: Container[Address]) -> Decision:
    """What to do about a resource that the spec uses without owning it: nothing, if it is there and another's."""
    address = desired.address
    if address in adopt:
        reason = f"is to be taken over and to be used without being owned; take it out of adopt:, or {kind.unowned} out"
        return Decision(address, Action.REFUSE, Why.FOREIGN, reason)
    if observed is None and desired.waits:
        return Decision(address, Action.DEFER, Why.HELD, desired.waits)
    if observed is None:
        return Decision(address, Action.REFUSE, Why.MISSING, desired.obstacle or "is to be there already, and is not")
    if observed.mark and observed.mark.owner == owner:
        reason = f"is of this spec, which would not change it any more; take {kind.unowned} out"
        give_up = "to give it to others, take its reconcile_ tags off, or let another spec adopt it"
        return Decision(address, Action.REFUSE, Why.OWNED, f"{reason}; {give_up}")
    if observed.health is Health.BUSY:
        return Decision(address, Action.WAIT, Why.BUSY, f"is used and not owned; in progress: {observed.detail}")
    whose = f"belongs to the spec {observed.mark.owner!r}" if observed.mark else "has no owner mark"
    state = f"; it {observed.detail}" if observed.health is Health.FAILED and observed.detail else ""
    return Decision(address, Action.NONE, Why.USED, f"is used and not owned ({whose}){state}")


def _absent(kind: Kind, desired: Desired) -> Decision:
    if desired.obstacle:
        return Decision(desired.address, Action.REFUSE, Why.OBSTACLE, desired.obstacle)
    if desired.waits:
        return Decision(desired.address, Action.DEFER, Why.HELD, desired.waits)
    return Decision(desired.address, Action.CREATE, Why.ABSENT, "not there yet", _made(kind, desired))


def _unhealthy(desired: Desired, observed: Observed, differing: Diff) -> Decision | None:
    """The decision that follows from what it waits for or from its health, if one does."""
    address = desired.address
    if desired.waits and (differing or observed.health is Health.FAILED):
        return Decision(address, Action.DEFER, Why.HELD, desired.waits, differing)
    if observed.health is Health.BUSY:
        return Decision(address, Action.WAIT, Why.BUSY, f"in progress: {observed.detail}", differing)
    if observed.health is Health.FAILED and differing.rule < Rule.REPLACE:
        reason = f"failed: {observed.detail}; will be tried again"
        return Decision(address, Action.UPDATE, Why.FAILED, reason, differing)
    return None


def decide_stray(observed: Observed, why: Why = Why.LEFT_SPEC, *, protect: bool = False) -> Decision:
    """What to do about a resource of ours that the spec does not ask for, or no longer.

    `protect`: the spec says that it is protected, even if the resource does not carry the mark of it yet.
    """
    address = observed.address
    if protect or (observed.mark and observed.mark.protect):
        if why is Why.DESTROYED:
            return Decision(address, Action.KEEP, Why.PROTECTED, "stays: it is protected")
        reason = f"{_GOING[why]}, but is protected; set protect: false, apply, then remove it"
        return Decision(address, Action.REFUSE, Why.PROTECTED, reason)
    if observed.surplus:
        return Decision(address, Action.DELETE, Why.SURPLUS, observed.surplus + _held(observed))
    return Decision(address, Action.DELETE, why, _GOING[why] + _held(observed))


def actionable(differing: Diff, desired: Desired, observed: Observed) -> Diff:
    """The part of `differing` that can be written now: the rest waits for those who occupy the resource."""
    if not observed.occupants or (desired.vacates and not observed.held):
        return differing
    limit = Rule.NEW_NODES if observed.held else Rule.WHEN_EMPTY
    return replace(differing, changes=tuple(c for c in differing.changes if c.rule < limit))


def waiting(kind: Kind, observed: Observed) -> str:
    """What the part that cannot be written now waits for."""
    if observed.held:
        return observed.held
    occupants = ", ".join(observed.occupants)
    return f"needs an empty {kind.name}, but it holds {occupants}; {kind.emptied_by}"


def _made(kind: Kind, desired: Desired) -> Diff:
    """What a new resource will have beside what all have of which the spec says nothing."""
    usual = {change.path: change.after for change in made(kind.usual).changes}
    told = (change for change in made(desired.body).changes if usual.get(change.path) != change.after)
    named = _named(kind, (change for change in told if change.path != STAGE))
    return Diff(tuple(sorted(named, key=lambda change: change.key)))


def _named(kind: Kind, changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes, with what the spec calls each field, and as refused where the kind knows that Azure would."""
    named = (replace(change, key=kind.key(change.path)) for change in changes)
    return tuple(replace(change, rule=Rule.REFUSE) if kind.refusal(change) else change for change in named)


def _by_rule(kind: Kind, owner: str, desired: Desired, observed: Observed, differing: Diff) -> Decision:
    address = desired.address
    why, cause = _cause(owner, desired, observed)
    if differing.rule is Rule.REFUSE:
        reason = _refused(kind, [change for change in differing.changes if change.rule is Rule.REFUSE])
        return Decision(address, Action.REFUSE, Why.UNCHANGEABLE, reason, differing)
    if differing.rule is Rule.REPLACE:
        if desired.protect or (observed.mark and observed.mark.protect):
            return Decision(address, Action.REFUSE, Why.PROTECTED, "must be replaced, but is protected", differing)
        return Decision(address, Action.REPLACE, why, (observed.ended or cause) + _held(observed), differing)
    return _in_place(kind, owner, desired, observed, differing)


def _in_place(kind: Kind, owner: str, desired: Desired, observed: Observed, differing: Diff) -> Decision:
    """What to do about a difference that a live resource can take."""
    address = desired.address
    why, cause = _cause(owner, desired, observed)
    if observed.stalled:
        return Decision(address, Action.DEFER, Why.STALLED, observed.stalled, differing)
    now = actionable(differing, desired, observed)
    if not now:
        blocked = Why.HELD if observed.held else Why.OCCUPIED
        return Decision(address, Action.DEFER, blocked, waiting(kind, observed), differing)
    if now != differing:
        reason = f"{cause}; part of it is changed now, the rest {waiting(kind, observed)}"
        return Decision(address, Action.UPDATE, why, reason, differing)
    if differing.rule is Rule.WHEN_EMPTY and observed.occupants:
        reason = f"{cause}; {desired.vacates} (now {', '.join(observed.occupants)})"
        return Decision(address, Action.UPDATE, why, reason, differing)
    if differing.rule is Rule.NEW_NODES and observed.occupants and desired.renews:
        reason = f"{cause}; {desired.renews} (now {', '.join(observed.occupants)})"
        return Decision(address, Action.UPDATE, why, reason, differing)
    if differing.rule is Rule.NEW_VERSION:
        cause = "its content differs: a new version is built, the one before stays"
    return Decision(address, Action.UPDATE, why, observed.detail or cause, differing)


def _refused(kind: Kind, changes: list[Change]) -> str:
    """Why the changes cannot be made: for those that never can, in one sentence, and what the kind says of its own."""
    fields = ", ".join(c.path.removeprefix("properties.") for c in changes if not kind.refusal(c))
    never = f"{fields} cannot be changed on a live {kind.name}; undo the change, or use another name" if fields else ""
    return "; also ".join(filter(None, [never, *map(kind.refusal, changes)]))


def _cause(owner: str, desired: Desired, observed: Observed) -> tuple[Why, str]:
    if observed.mark is None or observed.mark.owner != owner:
        whose = f"from the spec {observed.mark.owner!r}, which will refuse it" if observed.mark else "from nobody"
        means = "from now on this spec changes it, and deletes it when it leaves the spec"
        return Why.ADOPTED, f"is taken over {whose}: {means}"
    if observed.mark.expires != desired.expires and observed.mark.digest == digest(desired.body):
        return Why.DIFFERS, f"is to last until {desired.expires}" if desired.expires else "is to stay"
    if observed.mark.digest == digest(desired.body):
        return Why.DRIFTED, "was changed outside the spec"
    return Why.DIFFERS, "differs from the spec"


def _held(observed: Observed) -> str:
    return f" (with {', '.join(observed.occupants)})" if observed.occupants else ""


def _foreign(owner: str, observed: Observed) -> str | None:
    """Why `observed` is not ours, or None."""
    if observed.mark is None:
        return "exists already without an owner mark"
    if observed.mark.owner != owner:
        return f"belongs to the spec {observed.mark.owner!r}"
    return None


def _mark_changes(owner: str, desired: Desired, current: Mark | None) -> tuple[Change, ...]:
    if current is None or current.owner != owner:
        return (Change("owner", current.owner if current else None, owner, Rule.LIVE),)
    if current.protect != desired.protect:
        return (Change("protect", current.protect, desired.protect, Rule.LIVE),)
    if current.expires != desired.expires:
        return (Change("expires", current.expires, desired.expires, Rule.LIVE),)
    return ()
