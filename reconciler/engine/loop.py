"""A spec and a cloud give a plan; a plan gives outcomes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import translated
from reconciler.engine import asking, estimate, existing, idling, registering, repeating
from reconciler.engine import plan as planning
from reconciler.engine.apply import apply
from reconciler.engine.law import Choice
from reconciler.engine.observe import observe
from reconciler.engine.resolve import resolve
from reconciler.errors import AzureError, Unreachable
from reconciler.events import Listener
from reconciler.kind import Kinds
from reconciler.kind.going import Going
from reconciler.kind.places import place
from reconciler.model import Address, Desired, Observed, Outcome, Plan
from reconciler.preflight import checks, reading
from reconciler.preflight.facts import Facts, Finding, Severity
from reconciler.spec.spec import Spec


@dataclass(frozen=True, slots=True)
class Reading:
    """A plan with what it was made from. `unread` are the kinds whose list could not be read, and why; `going` is what
    is known of what would be deleted or changed."""

    spec: Spec
    plan: Plan
    desired: Mapping[Address, Desired]
    observed: tuple[Observed, ...]
    findings: tuple[Finding, ...] = ()
    facts: Facts | None = None
    unread: Mapping[str, str] = field(default_factory=dict)
    going: Mapping[Address, Going] = field(default_factory=dict)


def read(
    spec: Spec,
    cloud: Cloud,
    kinds: Kinds,
    *,
    targets: Collection[Address] = (),
    excludes: Collection[Address] = (),
    rerun: Collection[str] = (),
    destroying: bool = False,
    history: Mapping[str, float] | None = None,
) -> Reading:
    """Observe and plan. Raises WrongUsage for an unknown target, AzureError or Unreachable if nothing can be read.

    `rerun` names tasks that are to run again, as JOB or JOB/PATTERN. `history` says how many seconds steps took before,
    by `estimate.key`.
    """
    with cloud.shared.lasting():
        resolved = resolve(spec, cloud, kinds)
    desired = repeating.chosen(cloud, kinds, resolved, rerun)
    sight = observe(cloud, kinds, desired)
    desired, observed = existing.checked(cloud, kinds, sight.marked(desired), sight.resources), sight.resources
    choice = Choice(tuple(targets), tuple(excludes))
    planning.check(spec.name, desired, observed, choice)
    unread = {name: place(kinds[name], kinds, cloud) for name in sight.unread}
    if destroying:
        planner = partial(planning.destroy, spec.name, kinds, choice=choice, unread=unread)
        made = _destroyed(spec, cloud, kinds, desired, observed, planner)
    else:
        planner = partial(planning.make, spec.name, kinds, adopt=spec.adopt, choice=choice, unread=unread)
        made = _checked(spec, cloud, kinds, desired, observed, planner)
    every = registering.with_registrations(kinds)
    notes = (*sight.notes(cloud, kinds), *made.plan.notes)
    timed = replace(made.plan, notes=notes, seconds=estimate.seconds(made.plan, every, desired, history or {}))
    return replace(made, plan=timed, unread={name: str(error) for name, error in sight.unread.items()})


def _destroyed(
    spec: Spec,
    cloud: Cloud,
    kinds: Kinds,
    desired: Mapping[Address, Desired],
    observed: tuple[Observed, ...],
    planner: Callable[..., Plan],
) -> Reading:
    """The plan, with what is lost, and what stays because others use it."""
    going, unseen = asking.about(cloud, kinds, planner(desired, observed), desired, observed)
    plan = planner(desired, observed, going=going)
    return Reading(spec, replace(plan, notes=(*plan.notes, *unseen)), desired, observed)


def _checked(
    spec: Spec,
    cloud: Cloud,
    kinds: Kinds,
    desired: Mapping[Address, Desired],
    observed: tuple[Observed, ...],
    planner: Callable[..., Plan],
) -> Reading:
    """The plan, with what preflight finds as refusals and notes."""
    plan = planner(desired, observed)
    if at_rest := idling.settled(kinds, plan, desired, observed):
        desired, observed = at_rest
        plan = planner(desired, observed)
    going, unseen = asking.about(cloud, kinds, plan, desired, observed)
    if going:
        planner = partial(planner, going=going)
        plan = planner(desired, observed)
    facts, changed = reading.read(cloud, kinds, plan, desired, observed, spec.azure.location)
    findings = checks.check(facts, changed)
    against: dict[Address, list[str]] = {}
    for finding in findings:
        if finding.severity is Severity.REFUSE and finding.address:
            against.setdefault(finding.address, []).append(finding.text)
    if against:
        held = {key: replace(desired[key], obstacle="; also ".join(texts)) for key, texts in against.items()}
        desired = {**desired, **held}
        plan = planner(desired, observed)
    told = tuple(f"{step.address}: {note}" for step in plan.steps for note in _notes(desired, step.address))
    notes = told + tuple(
        f"{finding.address}: {finding.text}" if finding.address else finding.text
        for finding in findings
        if finding.severity is Severity.WARN
    )
    plan = replace(plan, notes=(*plan.notes, *unseen, *notes))
    plan = registering.added(plan, cloud, kinds, observed, facts.unregistered)
    return Reading(spec, plan, desired, observed, findings, facts, going=going)


def narrowed(reading: Reading, cloud: Cloud, kinds: Kinds, choice: Choice) -> Reading:
    """The same reading with a plan within `choice`; of what was read nothing is asked again."""
    unread = {name: place(kinds[name], kinds, cloud) for name in reading.unread}
    spec, lacking = reading.spec, reading.facts.unregistered if reading.facts else ()
    plan = planning.make(
        spec.name,
        kinds,
        reading.desired,
        reading.observed,
        adopt=spec.adopt,
        choice=choice,
        going=reading.going,
        unread=unread,
    )
    return replace(reading, plan=registering.added(plan, cloud, kinds, reading.observed, lacking))


def _notes(desired: Mapping[Address, Desired], address: Address) -> tuple[str, ...]:
    return desired[address].notes if address in desired else ()


def settle(cloud: Cloud, kinds: Kinds, desired: Iterable[Desired]) -> list[str]:
    """Let kinds save what became of work by the end of a run; returns why that could not be done, if so."""
    reasons = []
    for want in desired:
        if save := kinds[want.address.kind].settle:
            try:
                with translated():
                    save(cloud, want)
            except (AzureError, Unreachable) as error:
                reasons.append(f"what became of {want.address} is not kept: {error}")
    return reasons


def carry_out(
    reading: Reading,
    cloud: Cloud,
    kinds: Kinds,
    *,
    listen: Listener,
    stop: threading.Event,
    leave: threading.Event | None = None,
    poll_seconds: float | None = None,
) -> tuple[Outcome, ...]:
    """Apply the plan of `reading`; when `leave` is set, what Azure works on is left to it."""
    return apply(
        reading.plan,
        {**reading.desired, **registering.desired(reading.plan)},
        cloud,
        registering.with_registrations(kinds),
        listen=listen,
        stop=stop,
        leave=leave,
        adopt=reading.spec.adopt,
        poll_seconds=poll_seconds,
    )
