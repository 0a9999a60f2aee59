"""A Spec as a graph of desired resources, and the part of it that a command is about. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from reconciler.errors import ReconcileError, Refused
from reconciler.kind import Kinds
from reconciler.model import Address, Desired, Observed
from reconciler.spec.spec import Spec


def build(spec: Spec, kinds: Kinds) -> dict[Address, Desired]:
    """Every resource that `spec` asks for, each after what it refers to."""
    resources: dict[Address, Desired] = {}
    for kind in kinds.values():
        for desired in kind.expand(spec):
            if desired.address in resources:
                raise ReconcileError(f"{spec.file} asks for {desired.address} twice")
            resources[desired.address] = desired
    return {address: resources[address] for address in _ordered(spec, resources)}


def select(
    desired: Mapping[Address, Desired],
    observed: Iterable[Observed],
    targets: Collection[Address],
    excludes: Collection[Address],
) -> frozenset[Address]:
    """The targets with all that they need, less the excludes with all that needs them.

    Without targets, everything. Refused if an address is neither desired nor live.
    """
    known = {*desired, *(live.address for live in observed)}
    for address in (*targets, *excludes):
        if address not in known:
            raise Refused(f"there is no {address}{_nearest(address, known)}")
    needs = {address: set(resource.refs) for address, resource in desired.items()}
    needed_by: dict[Address, set[Address]] = {}
    for address, refs in needs.items():
        for ref in refs:
            needed_by.setdefault(ref, set()).add(address)
    chosen = _reach(targets, needs) if targets else known
    return frozenset(chosen - _reach(excludes, needed_by))


def _ordered(spec: Spec, resources: Mapping[Address, Desired]) -> tuple[Address, ...]:
    for desired in resources.values():
        for ref in desired.refs:
            if ref not in resources:
                raise ReconcileError(f"{spec.file}: {desired.address} refers to {ref}, which is not in the spec")
    try:
        return tuple(
            TopologicalSorter({desired.address: desired.refs for desired in resources.values()}).static_order()
        )
    except CycleError as error:
        cycle = " → ".join(map(str, error.args[1]))
        raise ReconcileError(f"{spec.file}: these refer to each other in a circle: {cycle}") from None


def _reach(start: Iterable[Address], edges: Mapping[Address, set[Address]]) -> set[Address]:
    seen: set[Address] = set()
    todo = list(start)
    while todo:
        address = todo.pop()
        if address not in seen:
            seen.add(address)
            todo += edges.get(address, ())
    return seen


def _nearest(address: Address, known: Iterable[Address]) -> str:
    names = sorted(map(str, known))
    close = difflib.get_close_matches(str(address), names, n=1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(names[:20])}"
