"""Desired and observed give a Plan: a decision for each resource, and steps with every edge between them. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Container, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from reconciler.digest import digest
from reconciler.engine import edges, following, lacking, law
from reconciler.engine.decide import actionable, decide, decide_stray
from reconciler.engine.law import EVERYTHING, Choice, Ground
from reconciler.errors import WrongUsage
from reconciler.kind import Kinds
from reconciler.kind.going import Going
from reconciler.model import STAGE, Action, Address, Decision, Desired, Observed, Plan, Step, Why

_OURS = {Why.DIFFERS, Why.DRIFTED, Why.BUSY, Why.PROTECTED, Why.UNCHANGEABLE, Why.OCCUPIED, Why.HELD}
"""Why something of ours is changed, waited for, or cannot be changed, because of what it is."""
QUIET = {Action.NONE, Action.DEFER, Action.REFUSE, Action.KEEP, Action.UNKNOWN}
"""Actions without a step."""
NOTHING: Mapping[Address, Going] = MappingProxyType({})
UNREAD: Mapping[str, str] = MappingProxyType({})


def make(
    spec: str,
    kinds: Kinds,
    desired: Mapping[Address, Desired],
    observed: Iterable[Observed],
    *,
    adopt: Container[Address] = frozenset(),
    choice: Choice = EVERYTHING,
    going: Mapping[Address, Going] = NOTHING,
    unread: Mapping[str, str] = UNREAD,
) -> Plan:
    """The plan that makes `desired` real and deletes what else `spec` owns, within `choice`.

    `going` tells of what would be deleted; `unread` names the kinds whose list could not be read, in words.
    """
    live = {resource.address: resource for resource in observed}
    decisions = {
        address: decide(kinds[address.kind], spec, want, live.get(address), adopt) for address, want in desired.items()
    }
    rested, notes = _resting(following.ordered(decisions, desired, live), desired, live)
    anew = _renewed(kinds, desired, live, rested)
    live |= anew
    decisions |= {address: decision for address, decision in rested.items() if not desired[address].follows}
    decisions |= {a: decide(kinds[a.kind], spec, desired[a], becomes, adopt) for a, becomes in anew.items()}
    decisions = lacking.held(following.ordered(decisions, desired, live), desired, live)
    strays = [a for a, resource in live.items() if resource.of(spec) and not resource.kept and a not in desired]
    decisions |= {address: decide_stray(live[address]) for address in strays}
    ground = _ground(spec, kinds, desired, live, decisions, strays)
    plan = _plan(replace(ground, going=going, unread=_unread(kinds, unread)), choice, kinds, desired)
    return replace(plan, notes=(*plan.notes, *notes))


def destroy(
    spec: str,
    kinds: Kinds,
    desired: Mapping[Address, Desired],
    observed: Iterable[Observed],
    *,
    choice: Choice = EVERYTHING,
    going: Mapping[Address, Going] = NOTHING,
    unread: Mapping[str, str] = UNREAD,
) -> Plan:
    """The plan that deletes all that `spec` owns and does not protect, within `choice`.

    `desired` only says what is protected, though its protection may not have been applied yet, what is not owned, and
    what could not be read: that stays, with what it needs. `unread` is as for `make`.
    """
    live = {resource.address: resource for resource in observed}
    used = {address for address, want in desired.items() if want.existing}
    strays = [a for a, live_ in live.items() if live_.of(spec) and a not in used and kinds[a.kind].deletable]
    protected = {address for address, want in desired.items() if want.protect}
    decisions = {
        address: decide_stray(live[address], Why.DESTROYED, protect=address in protected) for address in strays
    }
    unknown = {
        address: want
        for address, want in desired.items()
        if want.unreadable and not want.existing and address not in live and kinds[address.kind].deletable
    }
    decisions |= {
        address: Decision(address, Action.UNKNOWN, Why.UNREADABLE, want.unreadable) for address, want in unknown.items()
    }
    ground = _ground(spec, kinds, {}, live, decisions, [*strays, *unknown])
    needs = {**ground.needs, **{address: frozenset(want.refs) for address, want in unknown.items()}}
    return _plan(replace(ground, needs=needs, going=going, unread=_unread(kinds, unread)), choice, kinds, {})


def check(spec: str, desired: Iterable[Address], observed: Iterable[Observed], choice: Choice) -> None:
    """Raise WrongUsage, with the nearest name, for an address that is not this spec's, or that is chosen both ways."""
    live = {resource.address: resource for resource in observed}
    known = {*desired, *(address for address, resource in live.items() if resource.of(spec))}
    for address in (*choice.targets, *choice.excludes):
        if address in live and address not in known:
            mark = live[address].mark
            owner = f"it belongs to the spec {mark.owner!r}" if mark else "nobody has marked it"
            text = live[address].outside or owner
            raise WrongUsage(f"{address} is not of this spec: {text}")
        if address not in known:
            raise WrongUsage(f"there is no {address}{_nearest(address, known)}")


def fingerprint(decision: Decision) -> str:
    """A digest of what a plan showed of one resource: if it is another one later, the resource has changed.

    How far a change has come already is not part of it.
    """
    return digest([[c.path, c.before, c.after] for c in decision.diff.changes if c.path != STAGE])


def _resting(
    decisions: Mapping[Address, Decision], desired: Mapping[Address, Desired], live: Mapping[Address, Observed]
) -> tuple[dict[Address, Decision], tuple[str, ...]]:
    """The decisions, without those about what has ended and nobody has a use for; notes that tell of these."""
    employed: set[Address] = set()
    for address, decision in decisions.items():
        if decision.action is Action.CREATE:
            employed.update(desired[address].refs)
        elif decision.action is Action.UPDATE:
            employed.update(live[address].employs)
    kept, notes = dict(decisions), []
    for address, decision in decisions.items():
        ended = live[address].ended if address in live else ""
        if ended and decision.why in _OURS and address not in employed:
            kept[address] = Decision(address, Action.NONE, Why.AS_DESIRED, ended)
            notes.append(f"{address} {ended}")
    return kept, tuple(notes)


def _renewed(
    kinds: Kinds,
    desired: Mapping[Address, Desired],
    live: Mapping[Address, Observed],
    decisions: Mapping[Address, Decision],
) -> dict[Address, Observed]:
    """How those will be that refer to something that is made anew, where that makes a difference."""
    anew = {address for address, decision in decisions.items() if decision.action is Action.REPLACE}
    renewed = {}
    for address, want in desired.items():
        becomes = kinds[address.kind].renewed
        if becomes and address in live and not anew.isdisjoint(want.refs):
            renewed[address] = becomes(want, live[address])
    return renewed


def _ground(
    spec: str,
    kinds: Kinds,
    desired: Mapping[Address, Desired],
    live: Mapping[Address, Observed],
    decisions: Mapping[Address, Decision],
    strays: Collection[Address],
) -> Ground:
    changed = {
        address: replace(live.get(address) or Observed(address, "", {}), body=want.body, uses=want.uses)
        for address, want in desired.items()
        if _wholly(decisions[address], want, live.get(address))
    }
    return Ground(
        spec,
        decisions,
        strays,
        asked={address: frozenset(want.refs) for address, want in desired.items()},
        live=live,
        needs=edges.needs(live.values()),
        after={
            address: refs for address, refs in edges.needs({**live, **changed}.values()).items() if address in changed
        },
    )


def _wholly(decision: Decision, want: Desired, observed: Observed | None) -> bool:
    """Whether the plan leaves the resource as it is asked for, with nothing that waits."""
    if observed is None:
        return decision.action is Action.CREATE
    if decision.action not in (Action.UPDATE, Action.REPLACE, Action.WAIT) or not decision.diff:
        return False
    return actionable(decision.diff, want, observed) == decision.diff


def _unread(kinds: Kinds, unread: Mapping[str, str]) -> Callable[[str], str]:
    """A function that names what could not be read of the kinds after a given one, of those that are in Azure."""
    place = {name: position for position, name in enumerate(kinds)}
    known = [name for name in kinds if name in unread and kinds[name].deletable]

    def after(kind: str) -> str:
        return " and ".join(unread[name] for name in known if place[name] > place[kind])

    return after


def _plan(ground: Ground, choice: Choice, kinds: Kinds, desired: Mapping[Address, Desired]) -> Plan:
    place = {name: position for position, name in enumerate(kinds)}
    taken, notes = law.applied(ground, choice)
    decisions = sorted(taken, key=lambda decision: (place[decision.address.kind], decision.address))
    steps = {decision.address: decision.action for decision in decisions if decision.action not in QUIET}
    return Plan(
        spec=ground.spec,
        decisions=tuple(decisions),
        steps=tuple(
            Step(str(address), address, action, _after(address, action, steps, desired, place))
            for address, action in steps.items()
        ),
        fingerprints={
            d.address: fingerprint(d) if d.address in ground.live else None for d in decisions if d.address in steps
        },
        notes=(*notes, *dict.fromkeys(resource.outside for resource in ground.live.values() if resource.outside)),
        needs=_needs(ground, {decision.address for decision in decisions}),
    )


def _needs(ground: Ground, about: Collection[Address]) -> dict[Address, tuple[Address, ...]]:
    """What each of these resources needs of the others: as it is asked for, or as it is where it is not."""
    needs = {address: ground.asked.get(address, ground.needs.get(address, frozenset())) for address in about}
    return {address: tuple(sorted(refs & set(about))) for address, refs in sorted(needs.items()) if refs & set(about)}


def _after(
    address: Address,
    action: Action,
    steps: Mapping[Address, Action],
    desired: Mapping[Address, Desired],
    place: Mapping[str, int],
) -> tuple[str, ...]:
    """The steps before this one.

    What is made comes after what it refers to. What is deleted comes after all of the later kinds that are
    deleted or changed, because any of those may still use it.
    """
    if action is not Action.DELETE:
        refs = desired[address].refs
        return tuple(str(ref) for ref in refs if steps.get(ref, Action.DELETE) is not Action.DELETE)
    later = (other for other in steps if place[other.kind] > place[address.kind])
    return tuple(str(other) for other in later if steps[other] is not Action.CREATE)


def _nearest(address: Address, known: Iterable[Address]) -> str:
    names = sorted(map(str, known))
    close = difflib.get_close_matches(str(address), names, n=1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(names[:20])}"
