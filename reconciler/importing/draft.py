"""A spec of what is live: composed, expanded again, and cut down until it would change nothing.

So a resource is left out either because a spec has no words for it, or because the spec would change a field of it.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from reconciler.diff import diff
from reconciler.errors import Problem, ReconcileError, SpecError
from reconciler.importing.composing import Composing, Draft, others
from reconciler.importing.live import Live
from reconciler.kind.inverse import Inverse
from reconciler.kind.words import ordered, shown
from reconciler.kinds import KINDS, SECTIONS
from reconciler.model import Address, Change, Desired, Observed
from reconciler.spec.build import built
from reconciler.spec.check import checked
from reconciler.spec.document import Document
from reconciler.spec.load import LOCAL_SUBSCRIPTION
from reconciler.spec.spec import Target

INVERSES = {name: kind.inverse for name, kind in KINDS.items() if isinstance(kind.inverse, Inverse)}
"""Kinds whose resources can be written into a spec."""
_HIDDEN = [f"{inverse.unseen} of {KINDS[name].many}" for name, inverse in INVERSES.items() if inverse.unseen]
UNSEEN = f"Azure does not show {', '.join(_HIDDEN)}: write them in again"


def draft(live: Live, target: Target, name: str, only: Collection[str] = (), *, again: bool = False) -> Draft:
    """The spec `name` of all that is live; with `only`, of pools just those with these names, and the jobs on them.

    With `again`, work is in it also if a plan would do it again. Raises ReconcileError if the resource group itself
    cannot be in it.
    """
    reasons = dict(others(live, name, only))
    if live.group.address in reasons:
        owner = live.group.mark.owner if live.group.mark else name
        why = f"it {reasons[live.group.address]}; use --name {owner}"
        raise ReconcileError(f"cannot import {live.group.address} as {name}: {why}")
    while True:
        draft = Composing(live, target, name, dict(reasons)).compose()
        faults = _problems(draft) or _differences(live, draft, again=again)
        if not faults:
            return _finished(live, draft, name)
        if faults.keys() <= reasons.keys():
            raise ReconcileError(f"cannot write a spec of this: {'; '.join(map(str, faults.items()))}")
        reasons |= faults


def _problems(draft: Draft) -> dict[Address, str]:
    """Resource → the first problem that the checks find in its section. ReconcileError for a problem of no resource."""
    faults: dict[Address, str] = {}
    for problem in _faults(Document("the imported spec", draft.value)):
        address, rest = _address(draft.places, problem)
        faults.setdefault(address, f"{rest} {problem.message}".strip())
    return faults


def _faults(document: Document) -> Iterable[Problem]:
    try:
        checked(document, SECTIONS)
    except SpecError as error:
        return error.problems
    return ()


def _address(places: Mapping[tuple[str, ...], Address], problem: Problem) -> tuple[Address, str]:
    """The resource at a path such as `pools.prod.nodes`, and the rest of the path."""
    for place in sorted(places, key=len, reverse=True):
        path = ".".join(place)
        if f"{problem.path}.".startswith(f"{path}."):
            return places[place], problem.path.removeprefix(path).removeprefix(".")
    raise ReconcileError(f"cannot write a spec of this: {problem.path} {problem.message}")


def _differences(live: Live, draft: Draft, *, again: bool) -> dict[Address, str]:
    """Resource → what the spec would change in it, or do again, although it was written from it.

    With `again`, what it would do again is noted in the draft.
    """
    by_key = _by_key(live)
    differences: dict[Address, str] = {}
    for kind, desired in _expanded(draft.value):
        observed, inverse = by_key[_key(desired)], INVERSES.get(kind)
        seen = inverse.seen(desired, observed) if inverse else observed.body
        changes = diff(KINDS[kind].rule, desired.body, seen).changes
        if changes:
            differences[observed.address] = "; ".join(map(_difference, changes[:3]))
        elif inverse and inverse.again and (anew := inverse.again(desired, observed)):
            if again:
                draft.notes.append((observed.address, anew.told))
            else:
                differences |= anew.parts
    return differences


def _difference(change: Change) -> str:
    path = change.path.removeprefix("properties.")
    return f"{path} is {shown(change.before)}; a spec would make it {shown(change.after)}"


def _expanded(value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    spec = built(Document("the imported spec", value), SECTIONS)
    for kind in KINDS.values():
        for desired in kind.expand(spec):
            yield kind.name, desired


def _by_key(live: Live) -> dict[object, Observed]:
    return {_key(resource): resource for resource in live.observed}


def _key(resource: Desired | Observed) -> object:
    """What a desired and a live resource have in common: the key of their kind, else their address."""
    inverse = INVERSES.get(resource.address.kind)
    return inverse.key(resource) if inverse else resource.address


def _finished(live: Live, draft: Draft, name: str) -> Draft:
    """The draft with the resources to adopt, those of ours that are not in it, and its keys in order."""
    by_key = _by_key(live)
    adopted, inside = [], set()
    for _, desired in _expanded(draft.value):
        observed = by_key[_key(desired)]
        inside.add(observed.address)
        if observed.mark is None and _marked(observed):
            adopted.append(str(desired.address))
    if adopted:
        draft.value["adopt"] = adopted
    ours = _owned(live, name)
    if any(address.kind in INVERSES and INVERSES[address.kind].unseen for address in ours & inside):
        draft.notes.append((live.group.address, UNSEEN))
    reasons, lost = _reasons(draft, ours), ours - inside
    sayable = [
        (resource, INVERSES[resource.address.kind]) for resource in live.observed if resource.address.kind in INVERSES
    ]
    plain = {resource.address: inverse.called(resource) for resource, inverse in sayable}
    return Draft(
        _spelled(draft),
        {plain.get(address, address): why for address, why in reasons.items()},
        draft.notes,
        frozenset(plain.get(address, address) for address in lost),
        draft.places,
    )


def aside(draft: Draft, stem: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The spec with what is too long for it in files beside it: their names, which begin with `stem`, and contents."""
    value, files = copy.deepcopy(draft.value), dict[str, str]()
    for place, address in draft.places.items():
        put = INVERSES[address.kind].aside
        if put and place[-1] in (parent := _at(value, place[:-1])):
            parent[place[-1]], more = put("-".join((stem, *address.name.split("/"))), parent[place[-1]])
            files |= more
    return value, files


def _at(value: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    for key in path:
        value = value.get(key, {})
    return value


def _marked(observed: Observed) -> bool:
    inverse = INVERSES.get(observed.address.kind)
    return inverse is None or inverse.marked


def _owned(live: Live, name: str) -> set[Address]:
    owned = (resource for resource in live.observed if resource.mark and resource.mark.owner == name)
    return {resource.address for resource in owned if not resource.kept}


def _reasons(draft: Draft, ours: Collection[Address]) -> dict[Address, str]:
    """Why resources are left out, without those whose holder is left out too, unless they are ours or may be why."""
    left = {address: why for address, why in sorted(draft.left.items()) if why}
    told = {address: why for address, why in left.items() if address in ours or _holder(address) not in left}
    return {address: why for address, why in left.items() if address in told or _parted(address)}


def _parted(address: Address) -> bool:
    return address.kind in INVERSES and INVERSES[address.kind].parts


def _holder(address: Address) -> Address | None:
    inverse = INVERSES.get(address.kind)
    return inverse.within(address) if inverse else None


def _spelled(draft: Draft) -> dict[str, Any]:
    """The spec with every section finished by its kind, and keys in the order of the reference."""
    value = draft.value
    for place in sorted(draft.places, key=len, reverse=True):  # inner sections first
        parent = value
        for key in place[:-1]:
            parent = parent[key]
        parent[place[-1]] = INVERSES[draft.places[place].kind].finished(parent[place[-1]])
    if value["azure"]["cloud"] == "public":
        del value["azure"]["cloud"]
    elif value["azure"]["subscription"] == LOCAL_SUBSCRIPTION:
        del value["azure"]["subscription"]
    spelled: dict[str, Any] = ordered(value)
    return spelled
