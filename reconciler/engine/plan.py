"""Desired and observed give a Plan: a decision for each resource, and steps with every edge between them. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace

from reconciler.digest import digest
from reconciler.engine.decide import decide, decide_stray
from reconciler.kind import Kinds
from reconciler.model import STAGE, Action, Address, Decision, Desired, Observed, Plan, Step, Why

_OURS = {Why.DIFFERS, Why.DRIFTED, Why.BUSY, Why.PROTECTED, Why.UNCHANGEABLE, Why.OCCUPIED, Why.HELD}
"""Why something of ours is changed, waited for, or cannot be changed, because of what it is."""
QUIET = {Action.NONE, Action.DEFER, Action.REFUSE, Action.UNKNOWN}
"""Actions without a step."""


def make(
    spec: str,
    kinds: Kinds,
    desired: Mapping[Address, Desired],
    observed: Iterable[Observed],
    *,
    adopt: Container[Address] = frozenset(),
    selected: Container[Address] | None = None,
) -> Plan:
    """The plan that makes `desired` real and deletes what else `spec` owns, within `selected` if given."""
    live = {resource.address: resource for resource in observed}
    decisions = [decide(kinds[address.kind], spec, want, live.get(address), adopt) for address, want in desired.items()]
    decisions, notes = _resting(decisions, desired, live)
    owned = (resource for resource in live.values() if _owned(resource, spec) and not resource.kept)
    strays = (resource for resource in owned if resource.address not in desired)
    decisions += [decide_stray(resource) for resource in strays]
    return replace(_plan(spec, kinds, _selected(decisions, selected), desired, live), notes=notes)


def destroy(
    spec: str,
    kinds: Kinds,
    desired: Mapping[Address, Desired],
    observed: Iterable[Observed],
    *,
    selected: Container[Address] | None = None,
) -> Plan:
    """The plan that deletes all that `spec` owns; `desired` only says what is protected."""
    live = {resource.address: resource for resource in observed}
    owned = (
        resource for resource in live.values() if _owned(resource, spec) and kinds[resource.address.kind].deletable
    )
    going = (resource for resource in owned if kinds[resource.address.kind].deletable)
    decisions = [decide_stray(resource, Why.DESTROYED) for resource in going]
    return _plan(spec, kinds, _selected(decisions, selected), desired, live)


def fingerprint(decision: Decision) -> str:
    """A digest of what a plan showed of one resource: if it is another one later, the resource has changed.

    How far a change has come already is not part of it.
    """
    return digest([[c.path, c.before, c.after] for c in decision.diff.changes if c.path != STAGE])


def _resting(
    decisions: list[Decision], desired: Mapping[Address, Desired], live: Mapping[Address, Observed]
) -> tuple[list[Decision], tuple[str, ...]]:
    """The decisions, without those about what has ended and nobody has a use for; notes that tell of these."""
    used: set[Address] = set()
    for decision in decisions:
        if decision.action is Action.CREATE:
            used.update(desired[decision.address].refs)
        elif decision.action is Action.UPDATE:
            used.update(live[decision.address].uses)
    kept, notes = [], []
    for decision in decisions:
        ended = live[decision.address].ended if decision.address in live else ""
        if ended and decision.why in _OURS and decision.address not in used:
            kept.append(Decision(decision.address, Action.NONE, Why.AS_DESIRED, ended))
            notes.append(f"{decision.address} {ended}")
        else:
            kept.append(decision)
    return kept, tuple(notes)


def _owned(resource: Observed, spec: str) -> bool:
    return resource.mark is not None and resource.mark.owner == spec


def _selected(decisions: Iterable[Decision], selected: Container[Address] | None) -> list[Decision]:
    return [d for d in decisions if selected is None or d.address in selected]


def _plan(
    spec: str,
    kinds: Kinds,
    decisions: list[Decision],
    desired: Mapping[Address, Desired],
    live: Mapping[Address, Observed],
) -> Plan:
    place = {name: position for position, name in enumerate(kinds)}
    decisions = sorted(decisions, key=lambda d: (place[d.address.kind], d.address))
    steps = {d.address: d.action for d in decisions if d.action not in QUIET}
    return Plan(
        spec=spec,
        decisions=tuple(decisions),
        steps=tuple(
            Step(str(address), address, action, _after(address, action, steps, desired, place))
            for address, action in steps.items()
        ),
        fingerprints={
            d.address: fingerprint(d) if d.address in live else None for d in decisions if d.address in steps
        },
    )


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
