"""Whether a plan does no more than one that was reviewed, resource by resource. Pure.

What was done since, by an apply that broke off or by a person, is no difference: there is less to do. What is begun is
waited for. Anything else that is done now and was not reviewed, or that was and would now be done otherwise, is one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from reconciler.model import STAGE, Action, Address, Decision, Plan, Why
from reconciler.render import values

DOES = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE, Action.WAIT})
"""Actions that change something, or go on with a change."""
_DONE = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "deleted and made anew",
    Action.DELETE: "deleted",
    Action.WAIT: "waited for",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A resource of which the reviewed plan said something else, or nothing; `how` says it in words."""

    address: Address
    reviewed: Decision | None
    now: Decision | None
    how: str


def differences(
    reviewed: Plan, now: Plan, *, counted: Callable[[Address], str], others: Collection[str]
) -> tuple[Difference, ...]:
    """Where `now` is not what was reviewed, or the rest of it; in the order of `now`, then of `reviewed`.

    counted  the section of the spec that says what a resource is of which a plan only counts; empty for all others
    others   the sections of the spec that ask for something else than they did
    """
    before = {decision.address: decision for decision in reviewed.decisions}
    after = {decision.address: decision for decision in now.decisions}
    found = []
    for address in dict.fromkeys((*after, *before)):
        was, becomes, section = before.get(address), after.get(address), counted(address)
        how = _how(was, becomes, counted=bool(section), same=not others)
        if not how and becomes and becomes.action in DOES and section in others:
            how = f"may have other work to do, as {section} in the spec are not those that were reviewed"
        if how:
            found.append(Difference(address, was, becomes, how))
    return tuple(found)


def _how(reviewed: Decision | None, now: Decision | None, *, counted: bool, same: bool) -> str:
    """How a resource differs; empty if it does not. `same`: both are plans of a spec that asks for the same."""
    was = reviewed.action if reviewed else Action.NONE
    becomes = now.action if now else Action.NONE
    if becomes in DOES and (reviewed is None or was not in DOES):
        return f"would be {_DONE[becomes]}, and the reviewed plan {_said(reviewed)}"
    if becomes in DOES and now and reviewed:
        if not _rest(reviewed, now, same=same):
            return f"would be {_DONE[becomes]}, and was to be {_DONE[was]}"
        return "; ".join(_otherwise(reviewed, now, counted=counted))
    if was in DOES and now and becomes is not Action.NONE:
        return f"was to be {_DONE[was]}, and the plan of now {_said(now)}"
    return ""


def _rest(reviewed: Decision, now: Decision, *, same: bool) -> bool:
    """Whether what is done now is what was reviewed, or what is left of it."""
    if now.action in (reviewed.action, Action.WAIT):
        return True
    if now.action is Action.UPDATE:
        return reviewed.action is Action.WAIT or now.why is Why.FAILED
    return same and (reviewed.action, now.action) == (Action.REPLACE, Action.CREATE)


def _otherwise(reviewed: Decision, now: Decision, *, counted: bool) -> Iterator[str]:
    """How the same action differs: by changes that were not reviewed, or by what is lost with it."""
    known = {change.path: change for change in map(values.seen, reviewed.diff.changes)}
    anew = reviewed.action is not now.action and now.action is Action.CREATE
    for change in () if counted or anew else map(values.seen, now.diff.changes):
        name, was = change.key or change.path, known.get(change.path)
        if change.path == STAGE or (was is None and reviewed.action is Action.CREATE is not now.action):
            continue
        if was is None:
            yield f"{name} would become {values.single(change.after)}, which was not reviewed"
        elif was.after != change.after:
            shown = values.pair(was.after, change.after)
            yield f"{name} would become {shown[1]}, and was to become {shown[0]}"
        elif was.before != change.before and reviewed.action is not Action.CREATE:
            shown = values.pair(was.before, change.before)
            yield f"{name} is {shown[1]} now, and was {shown[0]}"
    if now.action in (Action.REPLACE, Action.DELETE) and now.goes != reviewed.goes:
        yield f"with it goes {now.goes or 'nothing'}, and the reviewed plan said {reviewed.goes or 'nothing'}"


def _said(decision: Decision | None) -> str:
    if decision is None:
        return "did not know it"
    if decision.action is Action.NONE:
        return "left it as it was"
    return f"said: {decision.action}: {decision.reason}"
