"""The one law of targets, excludes, protection and use: what a plan takes, and what stays. Pure.

Making and changing take a target with all that it needs, deleting takes it with all that needs it; in one plan each
resource follows the law of what is done to it. An exclude leaves alone what would be made or changed and needs it.
And nothing is deleted that something needs which stays, be it excluded, protected, another's, or not changed yet.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from reconciler.engine import edges
from reconciler.engine.edges import Edges
from reconciler.kind import ids
from reconciler.kind.going import Going, User
from reconciler.model import Action, Address, Decision, Observed, Why
from reconciler.words import some


@dataclass(frozen=True, slots=True)
class Choice:
    """The addresses that limit a plan; without any, all of it. What is `still` is left alone like an exclude, but is
    usable as it is: what needs it goes on."""

    targets: tuple[Address, ...] = ()
    excludes: tuple[Address, ...] = ()
    still: tuple[Address, ...] = ()


EVERYTHING = Choice()
STILL = {
    Action.DEFER: "waits for its change",
    Action.REFUSE: "is refused",
    Action.UNKNOWN: "could not be read",
}
"""What is decided of a resource of ours → why it stays as it is."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What the law is applied to.

    decisions  what is decided of each resource by itself
    strays     those of them that nobody asks for
    asked      what the resources of the spec need, by the spec
    live       what is there, of any owner
    needs      what each of that needs now
    after      what those that the plan makes or changes need then
    going      what is known of those that would be deleted or changed
    unread     what could not be read, in words, and may need what is of the given kind; empty if nothing
    """

    spec: str
    decisions: Mapping[Address, Decision]
    strays: Collection[Address]
    asked: Edges
    live: Mapping[Address, Observed]
    needs: Edges
    after: Edges
    going: Mapping[Address, Going] = field(default_factory=dict)
    unread: Callable[[str], str] = lambda kind: ""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something stays. `root` is what it stays for, as it is told of all that this needs in its turn."""

    why: Why
    reason: str
    root: str


def applied(ground: Ground, choice: Choice) -> tuple[list[Decision], tuple[str, ...]]:
    """The decisions that the plan is about, with those to stay, and notes about targets that an exclude leaves out."""
    needed_by = edges.inverse(ground.asked)
    left = _reach(choice.excludes, lambda address: needed_by.get(address, ()))
    left = {**{address: address for address in choice.still}, **left}
    taken = _taken(ground, choice.targets)
    selected = {address: decision for address, decision in taken.items() if address not in left}
    notes = tuple(
        f"{target} is left out: it needs {left[target]}, which is excluded"
        for target in choice.targets
        if target in left and target in taken
    )
    causes = _stays(ground, selected, left)
    return [_told(decision, causes.get(address), ground) for address, decision in selected.items()], notes


def _taken(ground: Ground, targets: Collection[Address]) -> Mapping[Address, Decision]:
    """What the targets take with them."""
    if not targets:
        return ground.decisions
    needing = edges.inverse(ground.needs)

    def with_it(address: Address) -> Iterable[Address]:
        return needing.get(address, ()) if address in ground.strays else ground.asked.get(address, ())

    chosen = _reach(targets, with_it)
    return {address: decision for address, decision in ground.decisions.items() if address in chosen}


def _stays(
    ground: Ground, selected: Mapping[Address, Decision], left: Mapping[Address, Address]
) -> dict[Address, Cause]:
    """What would be deleted and stays, each with its cause."""
    going = {address for address, decision in selected.items() if decision.action is Action.DELETE}
    causes = {address: cause for address in sorted(going) if (cause := _held(ground, address))}
    unknown = set(_unknown(ground))
    for address in sorted({*ground.live, *ground.after, *unknown}):
        live = ground.live.get(address)
        if live is None:
            if address not in selected and address not in unknown:
                continue  # it is not made
        elif address in going or live.byproduct or not live.of(ground.spec):
            continue  # what others need, `_held` has asked
        changed = address in selected and address in ground.after
        cause = _because(ground, address, left)
        for needed in (ground.after if changed else ground.needs).get(address, ()):
            if needed in going:
                causes.setdefault(needed, cause)
    todo = list(causes)
    while todo:
        address = todo.pop()
        for needed in ground.needs.get(address, ()):
            if needed in going and needed not in causes:
                causes[needed] = _needed(causes[address].root)
                todo.append(needed)
    return causes


def _unknown(ground: Ground) -> Iterator[Address]:
    """What is of ours, as far as anybody knows, and could not be read."""
    return (address for address, decision in ground.decisions.items() if decision.action is Action.UNKNOWN)


def _held(ground: Ground, address: Address) -> Cause | None:
    """Why a resource cannot be deleted for what is not ours, or for what was not seen."""
    unread, blind = ground.unread(address.kind), ground.going.get(address, Going()).unread
    if unread or blind:
        reason = f"{unread} could not be read, and something there may need it" if unread else blind
        return Cause(Why.UNREADABLE, f"stays: {reason}", f"{address}, which stays")
    users = list(_others(ground, address))
    if not users:
        return None
    within = all(ids.inside(user.id, ground.live[address].id) for user in users)
    names = some([user.name for user in users])
    reason = f"stays: it {'holds' if within else 'is used by'} what this spec does not own: {names}"
    return Cause(Why.IN_USE, f"{reason}; move or delete that first", f"{address}, which others use")


def _others(ground: Ground, address: Address) -> Iterator[User]:
    """What is not ours and is in a resource or uses it."""
    for other in sorted(ground.live):
        live = ground.live[other]
        if address in ground.needs.get(other, ()) and not live.of(ground.spec) and not live.byproduct:
            owner = f" of the spec {live.mark.owner!r}" if live.mark else ""
            yield User(live.id, f"{other}{owner}")
    known = {live.id.lower() for live in ground.live.values()}
    going = ground.going.get(address, Going())
    yield from (user for user in going.users if user.id.lower() not in known)


def _because(ground: Ground, address: Address, left: Mapping[Address, Address]) -> Cause:
    """What a resource of ours that is not deleted means for those that it needs."""
    decision = ground.decisions.get(address)
    if address in left:
        return _needed(f"{address}, which is excluded")
    if decision is None:
        return _needed(f"{address}, which is kept")
    if decision.why is Why.PROTECTED:
        return _needed(f"{address}, which is protected")
    if decision.action in STILL:
        return _needed(f"{address}, which {STILL[decision.action]}")
    then = "is made" if decision.action is Action.CREATE else "stays as it is"
    return Cause(Why.IN_USE, f"stays: {address} uses it", f"{address}, which {then}")


def _needed(root: str) -> Cause:
    return Cause(Why.NEEDED, f"stays: needed by {root}", root)


def _told(decision: Decision, cause: Cause | None, ground: Ground) -> Decision:
    """The decision as it comes out: to stay, or with what it costs of data and running work."""
    if cause:
        return replace(decision, action=Action.KEEP, why=cause.why, reason=cause.reason)
    going = ground.going.get(decision.address)
    if going is None or decision.action not in (Action.DELETE, Action.REPLACE, Action.UPDATE):
        return decision
    return replace(decision, goes=going.data, disturbs=going.disturbs)


def _reach(start: Iterable[Address], step: Callable[[Address], Iterable[Address]]) -> dict[Address, Address]:
    """Everything reached from `start` → where it was reached from."""
    reached: dict[Address, Address] = {}
    todo = [(address, address) for address in start]
    while todo:
        address, origin = todo.pop()
        if address not in reached:
            reached[address] = origin
            todo += ((following, origin) for following in step(address))
    return reached
