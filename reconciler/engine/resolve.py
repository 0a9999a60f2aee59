"""What a spec leaves open (`latest`, tags, the next version) is resolved to what it means now.

It is asked once, before anything is observed: the plan then has no unknowns, and apply does what the plan showed.
Only what Azure cannot be asked before the subscription is registered for a provider is asked during apply.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import replace

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import reading
from reconciler.engine import graph
from reconciler.errors import AzureError, NotRegistered, Unreachable
from reconciler.kind import Kind, Kinds
from reconciler.model import Address, Desired
from reconciler.spec.spec import Spec


def resolve(spec: Spec, cloud: Cloud, kinds: Kinds) -> dict[Address, Desired]:
    """All that `spec` asks for, in the order of its references, with every moving name replaced by what it means.

    What could not be asked is `unreadable`, with all that follows from it.
    """
    resolved: dict[Address, Desired] = {}
    for address, want in graph.build(spec, kinds).items():
        resolved[address] = _resolved(cloud, kinds[address.kind], want, resolved)
    return resolved


def later(cloud: Cloud, kinds: Kinds, desired: MutableMapping[Address, Desired]) -> Callable[[Desired], Desired]:
    """A function that resolves a pending resource once what it refers to is there, and keeps it in `desired`."""

    def resolved(want: Desired) -> Desired:
        ask = kinds[want.address.kind].resolve
        for ref in want.refs:
            if desired[ref].pending:
                resolved(desired[ref])
        known = replace(want, pending="")
        desired[want.address] = ask(cloud, known, desired) if ask else known
        return desired[want.address]

    return resolved


def _resolved(cloud: Cloud, kind: Kind, want: Desired, before: Mapping[Address, Desired]) -> Desired:
    if kind.resolve is None:
        return want
    for known in (before[ref] for ref in want.refs if before[ref].open):
        return replace(want, pending=known.pending, unreadable=known.unreadable)
    try:
        with reading(f"what {want.address} stands for"):
            return kind.resolve(cloud, want, before)
    except NotRegistered as error:
        if not error.namespace:
            raise
        return replace(want, pending=error.namespace)
    except (AzureError, Unreachable) as error:
        return replace(want, unreadable=str(error))
