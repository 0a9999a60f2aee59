"""What a spec leaves to others to say: `latest`, tags and the next version, as they are now.

It is asked once, before anything is observed: the plan then has no unknowns, and apply does what the plan showed.
A subscription that was never used for a service cannot be asked about it: it is registered for it first.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.registering import registered
from reconciler.engine import graph
from reconciler.kind import Kind, Kinds
from reconciler.model import Address, Desired
from reconciler.spec.spec import Spec


def resolve(spec: Spec, cloud: Cloud, kinds: Kinds) -> dict[Address, Desired]:
    """All that `spec` asks for, in the order of its references, with every moving name replaced by what it means."""
    found: dict[Address, Desired] = {}
    for address, want in graph.build(spec, kinds).items():
        found[address] = _resolved(cloud, kinds[address.kind], want, found)
    return found


def _resolved(cloud: Cloud, kind: Kind, want: Desired, before: Mapping[Address, Desired]) -> Desired:
    ask = kind.resolve
    return registered(cloud, lambda: ask(cloud, want, before)) if ask else want
