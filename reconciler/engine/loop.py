"""A spec and a cloud give a plan; a plan gives outcomes."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from reconciler.cloud.cloud import Cloud
from reconciler.engine import estimate, registering
from reconciler.engine import graph as graphs
from reconciler.engine import plan as planning
from reconciler.engine.apply import apply
from reconciler.engine.observe import observe
from reconciler.engine.resolve import resolve
from reconciler.events import Listener
from reconciler.kind import Kinds
from reconciler.model import Address, Desired, Observed, Outcome, Plan
from reconciler.preflight import checks, reading
from reconciler.preflight.facts import Facts, Finding, Severity
from reconciler.spec.spec import Spec


@dataclass(frozen=True, slots=True)
class Reading:
    """A plan with what it was made from."""

    spec: Spec
    plan: Plan
    desired: Mapping[Address, Desired]
    observed: tuple[Observed, ...]
    findings: tuple[Finding, ...] = ()
    facts: Facts | None = None


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
    """Observe and plan. Raises SpecError for an unknown target, AzureError or Unreachable if nothing can be read.

    `history` says how many seconds steps took before, by `estimate.key`.
    """
    desired = resolve(spec, cloud, kinds)
    sight = observe(cloud, kinds, desired)
    desired, observed = sight.marked(desired), sight.resources
    if destroying:
        for error in sight.unread.values():
            raise error  # what is not seen may need what would be deleted
    selected = graphs.select(desired, observed, targets, excludes) if targets or excludes else None
    if destroying:
        plan = planning.destroy(spec.name, kinds, desired, observed, selected=selected)
        made = Reading(spec, plan, desired, observed)
    else:
        made = _checked(spec, cloud, kinds, desired, observed, selected)
    every = registering.with_registrations(kinds)
    notes = (*sight.notes(cloud, kinds), *made.plan.notes)
    timed = replace(made.plan, notes=notes, seconds=estimate.seconds(made.plan, every, desired, history or {}))
    return replace(made, plan=timed)


def _checked(
    spec: Spec,
    cloud: Cloud,
    kinds: Kinds,
    desired: Mapping[Address, Desired],
    observed: tuple[Observed, ...],
    selected: Collection[Address] | None,
) -> Reading:
    """The plan, with what preflight finds as refusals and notes."""
    plan = planning.make(spec.name, kinds, desired, observed, adopt=spec.adopt, selected=selected)
    facts, changed = reading.read(cloud, kinds, plan, desired, observed, spec.azure.location)
    findings = checks.check(facts, changed)
    against: dict[Address, list[str]] = {}
    for finding in findings:
        if finding.severity is Severity.REFUSE and finding.address:
            against.setdefault(finding.address, []).append(finding.text)
    if against:
        held = {key: replace(desired[key], obstacle="; also ".join(texts)) for key, texts in against.items()}
        desired = {**desired, **held}
        plan = planning.make(spec.name, kinds, desired, observed, adopt=spec.adopt, selected=selected)
    told = tuple(f"{step.address}: {note}" for step in plan.steps for note in _notes(desired, step.address))
    notes = told + tuple(
        f"{finding.address}: {finding.text}" if finding.address else finding.text
        for finding in findings
        if finding.severity is Severity.WARN
    )
    plan = registering.added(replace(plan, notes=plan.notes + notes), cloud, kinds, observed, facts.unregistered)
    return Reading(spec, plan, desired, observed, findings, facts)


def _notes(desired: Mapping[Address, Desired], address: Address) -> tuple[str, ...]:
    return desired[address].notes if address in desired else ()


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
        {**reading.desired, **registering.desired(reading.plan)},
        cloud,
        registering.with_registrations(kinds),
        listen=listen,
        stop=stop,
        adopt=reading.spec.adopt,
        poll_seconds=poll_seconds,
    )
