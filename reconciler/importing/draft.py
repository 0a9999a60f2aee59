"""A spec of what is live: composed, expanded again, and freed of what it would change, until it would change nothing.

So the reason why something is left out is either that a section has no words for it, or a field that the spec would
make another.
"""

from __future__ import annotations

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
"""Kinds that can be said in a spec."""
_HIDDEN = [f"{inverse.unseen} of {KINDS[name].many}" for name, inverse in INVERSES.items() if inverse.unseen]
UNSEEN = f"Azure does not show {', '.join(_HIDDEN)}: write them in again"


def draft(live: Live, target: Target, name: str, only: Collection[str] = ()) -> Draft:
    """The spec `name` of all that is live; of pools, and jobs on them, `only` those of these ids if any are given.

    ReconcileError if the resource group itself cannot be in it.
    """
    left = dict(others(live, name, only))
    if live.group.address in left:
        owner = live.group.mark.owner if live.group.mark else name
        why = f"it {left[live.group.address]}; use --name {owner}"
        raise ReconcileError(f"cannot import {live.group.address} as {name}: {why}")
    while True:
        made = Composing(live, target, name, dict(left)).made()
        faults = _problems(made) or _differences(live, made.value)
        if not faults:
            return _finished(live, made, name)
        if faults.keys() <= left.keys():
            raise ReconcileError(f"cannot write a spec of this: {'; '.join(map(str, faults.items()))}")
        left |= faults


def _problems(made: Draft) -> dict[Address, str]:
    """What the checks of a spec say, by the resource that they say it of. ReconcileError for what is of none."""
    faults: dict[Address, str] = {}
    for problem in _faults(Document("the imported spec", made.value)):
        address, rest = _address(made.places, problem)
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


def _differences(live: Live, value: dict[str, Any]) -> dict[Address, str]:
    """What the spec would change although it was made from what is live."""
    by_key = _by_key(live)
    found: dict[Address, str] = {}
    for kind, desired in _expanded(value):
        seen = by_key[_key(desired)]
        changes = diff(KINDS[kind].rule, desired.body, seen.body).changes
        if changes:
            found[seen.address] = "; ".join(map(_told_change, changes[:3]))
    return found


def _told_change(change: Change) -> str:
    path = change.path.removeprefix("properties.")
    return f"{path} is {shown(change.before)}; a spec would make it {shown(change.after)}"


def _expanded(value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    spec = built(Document("the imported spec", value), SECTIONS)
    for kind in KINDS.values():
        for desired in kind.expand(spec):
            yield kind.name, desired


def _by_key(live: Live) -> dict[object, Observed]:
    return {_key(one): one for one in live.observed}


def _key(one: Desired | Observed) -> object:
    """What a resource is known by: its address, or what its kind says where the address of a live one is an id."""
    inverse = INVERSES.get(one.address.kind)
    return inverse.key(one) if inverse else one.address


def _finished(live: Live, made: Draft, name: str) -> Draft:
    """With what is to be adopted, and what of ours is not in it; keys in the order of the reference."""
    by_key = _by_key(live)
    adopted, inside = [], set()
    for _, desired in _expanded(made.value):
        seen = by_key[_key(desired)]
        inside.add(seen.address)
        if seen.mark is None:
            adopted.append(str(desired.address))
    if adopted:
        made.value["adopt"] = adopted
    ours = {one.address for one in live.observed if one.mark and one.mark.owner == name and not one.kept}
    if any(address.kind in INVERSES and INVERSES[address.kind].unseen for address in ours & inside):
        made.notes.append((live.group.address, UNSEEN))
    left, lost = _told(made, ours), ours - inside
    sayable = [(one, INVERSES[one.address.kind]) for one in live.observed if one.address.kind in INVERSES]
    plain = {one.address: inverse.called(one) for one, inverse in sayable}
    return Draft(
        _spelled(made),
        {plain.get(address, address): why for address, why in left.items()},
        made.notes,
        frozenset(plain.get(address, address) for address in lost),
    )


def _told(made: Draft, ours: Collection[Address]) -> dict[Address, str]:
    """What is within something that is left out is not told one by one, unless it is ours."""
    left = made.left
    return {address: why for address, why in sorted(left.items()) if address in ours or _holder(address) not in left}


def _holder(address: Address) -> Address | None:
    inverse = INVERSES.get(address.kind)
    return inverse.within(address) if inverse else None


def _spelled(made: Draft) -> dict[str, Any]:
    """Each section as its kind has it in the end; keys in the order of the reference."""
    value = made.value
    for place in sorted(made.places, key=len, reverse=True):  # what is within another is finished before that
        parent = value
        for key in place[:-1]:
            parent = parent[key]
        parent[place[-1]] = INVERSES[made.places[place].kind].finished(parent[place[-1]])
    if value["azure"]["cloud"] == "public":
        del value["azure"]["cloud"]
    elif value["azure"]["subscription"] == LOCAL_SUBSCRIPTION:
        del value["azure"]["subscription"]
    spelled: dict[str, Any] = ordered(value)
    return spelled
