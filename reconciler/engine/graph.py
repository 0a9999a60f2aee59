"""A Spec as a graph of desired resources. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from reconciler.errors import ReconcileError
from reconciler.kind import Kinds
from reconciler.model import Address, Desired
from reconciler.spec.spec import Spec


def build(spec: Spec, kinds: Kinds) -> dict[Address, Desired]:
    """Every resource that `spec` asks for, each after what it refers to."""
    resources: dict[Address, Desired] = {}
    for kind in kinds.values():
        for desired in kind.expand(spec):
            if desired.address in resources:
                raise ReconcileError(f"{spec.file} asks for {desired.address} twice")
            marked = spec.expires if kind.deletable and not desired.existing else ""
            resources[desired.address] = replace(desired, expires=marked) if marked else desired
    return {address: resources[address] for address in _ordered(spec, resources)}


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
