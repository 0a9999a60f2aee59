"""A spec and a cloud give a plan; a plan gives outcomes."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from reconciler import graph as graphs
from reconciler.cloud.cloud import Cloud
from reconciler.engine import estimate
from reconciler.engine import plan as planning
from reconciler.engine.apply import apply
from reconciler.engine.observe import observe
from reconciler.engine.resolve import resolve
from reconciler.events import Listener
from reconciler.kinds.kind import Kinds
from reconciler.model import Address, Desired, Observed, Outcome, Plan
from reconciler.spec.spec import Spec


@dataclass(frozen=True, slots=True)
class Reading:
    """A plan with what it was made from."""

    spec: Spec
    plan: Plan
    desired: Mapping[Address, Desired]
    observed: tuple[Observed, ...]


def read(
    spec: Spec,
    cloud: Cloud,
    kinds: Kinds,
    *,
    targets: Collection[Address] = (),
    excludes: Collection[Address] = (),
    destroying: bool = False,
    history: Mapping[str, float] | None = None,
) -> Reading:
    """Observe and plan. Raises SpecError for an unknown target, AzureError or Unreachable from reading.

    `history` says how many seconds steps took before, by `estimate.key`.
    """
    desired = resolve(cloud, kinds, graphs.build(spec, kinds))
    observed = observe(cloud, kinds, desired)
    selected = graphs.select(desired, observed, targets, excludes) if targets or excludes else None
    if destroying:
        plan = planning.destroy(spec.name, kinds, desired, observed, selected=selected)
    else:
        plan = planning.make(spec.name, kinds, desired, observed, adopt=spec.adopt, selected=selected)
    timed = replace(plan, seconds=estimate.seconds(plan, kinds, desired, history or {}))
    return Reading(spec, timed, desired, observed)


def carry_out(
    reading: Reading,
    cloud: Cloud,
    kinds: Kinds,
    *,
    listen: Listener,
    stop: threading.Event,
    poll_seconds: float | None = None,
) -> tuple[Outcome, ...]:
    """Apply the plan of `reading`."""
    return apply(
        reading.plan,
        reading.desired,
        cloud,
        kinds,
        listen=listen,
        stop=stop,
        adopt=reading.spec.adopt,
        poll_seconds=poll_seconds,
    )
