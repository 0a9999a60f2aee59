"""Resource providers that the subscription is not registered for yet: a plan names them, and apply registers first.

Each registration is a step of its own, before the steps that make something of that provider. A plan only asks, and
only about providers of which nothing is there yet: resources cannot exist without the registration.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import reading, tolerated
from reconciler.cloud.operations import Operation
from reconciler.kind import Kind, Kinds
from reconciler.model import Action, Address, Desired, Health, Mark, Observed, Plan, Step

NAME = "registration"


def added(plan: Plan, cloud: Cloud, kinds: Kinds, observed: Iterable[Observed], lacking: Collection[str]) -> Plan:
    """`plan` with the registrations that it needs. `lacking` are providers known not to be registered."""
    needed = {step.id: providers(kinds[step.address.kind]) for step in plan.steps if step.action is Action.CREATE}
    there = (kinds[kind].arm for kind in {resource.address.kind for resource in observed})
    known = {arm.provider for arm in there if arm}
    asked = sorted({name for names in needed.values() for name in names} - known)
    missing = sorted({*lacking, *_unregistered(cloud, asked)}) if plan.steps else []
    if not missing:
        return plan
    first = tuple(Step(f"{NAME}/{name}", Address(NAME, name), Action.CREATE) for name in missing)
    rest = tuple(replace(step, after=(*_before(needed, step, missing), *step.after)) for step in plan.steps)
    note = f"the subscription is not registered yet for {', '.join(missing)}; apply begins with that"
    return replace(plan, steps=(*first, *rest), notes=(*plan.notes, note))


def providers(kind: Kind) -> frozenset[str]:
    """What a subscription must be registered for before a kind's resources can be made."""
    return kind.arm.registrations if kind.arm else frozenset()


def with_registrations(kinds: Kinds) -> Kinds:
    """`kinds`, and the kind of the registrations."""
    return {KIND.name: KIND, **kinds}


def desired(plan: Plan) -> dict[Address, Desired]:
    """The registrations of a plan."""
    return {step.address: Desired(step.address, {}) for step in plan.steps if step.address.kind == NAME}


def _before(needed: Mapping[str, Collection[str]], step: Step, missing: Iterable[str]) -> Iterable[str]:
    return (f"{NAME}/{name}" for name in missing if name in needed.get(step.id, ()))


def _unregistered(cloud: Cloud, names: Collection[str]) -> list[str]:
    if not names:
        return []
    with ThreadPoolExecutor(len(names), thread_name_prefix="registration") as threads:
        states = list(threads.map(lambda name: _state(cloud, name), names))
    return [name for name, state in zip(names, states, strict=True) if state not in ("Registered", None)]


def _state(cloud: Cloud, name: str) -> str | None:
    """`Registered`, `Registering`, `NotRegistered`, `Unregistered`; None where we may not ask."""
    with reading(f"whether the subscription is registered for {name}"), tolerated(403):
        return str(cloud.resources.providers.get(name).registration_state)
    return None


def _observe(cloud: Cloud, wanted: Desired | Observed) -> Observed | None:
    state = _state(cloud, wanted.address.name)
    if state not in ("Registered", "Registering"):
        return None
    health = Health.READY if state == "Registered" else Health.BUSY
    return Observed(wanted.address, "", {}, Mark(cloud.owner, ""), health, "" if health is Health.READY else "going on")


def _create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    cloud.register(desired.address.name)
    return None


def _never(*given: object) -> Operation | None:
    raise AssertionError("a registration has no field that could differ, and is never taken back")


KIND = Kind(
    name=NAME,
    fields={},
    expand=lambda spec: (),
    list=lambda cloud, wanted: (),
    observe=_observe,
    create=_create,
    update=_never,
    delete=_never,
    deletable=False,
    takes=lambda decision, desired: timedelta(minutes=1),
)
"""A registration of the subscription for a provider: begun by a POST, complete some time later."""
