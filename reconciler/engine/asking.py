"""Asks Azure about what a plan touches: what is lost with what is deleted or replaced, whose running work an update
disturbs, and who else is in what is deleted or uses it. Only reads.

Only kinds that have something to say of a step are asked, a few requests for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from reconciler.cloud.cloud import Cloud
from reconciler.engine.decide import actionable
from reconciler.kind import Kind, Kinds
from reconciler.kind.going import Going, Neighbours
from reconciler.kind.unread import attempted
from reconciler.model import Action, Address, Decision, Desired, Observed, Plan, Rule

THREADS = 8


def about(
    cloud: Cloud, kinds: Kinds, plan: Plan, desired: Mapping[Address, Desired], observed: Iterable[Observed]
) -> tuple[dict[Address, Going], tuple[str, ...]]:
    """What is known of each resource that `plan` deletes or changes, and notes about what could not be asked."""
    live = {resource.address: resource for resource in observed}
    touched = [decision for decision in plan.decisions if _has_to_say(kinds[decision.address.kind], decision)]
    if not touched:
        return {}, ()
    neighbours = Neighbours(cloud)

    def going_of(decision: Decision) -> Going:
        kind, resource = kinds[decision.address.kind], live[decision.address]
        if decision.action is Action.DELETE:
            return _going(cloud, kind, neighbours, resource)
        return _changing(cloud, kind, desired[decision.address], resource, decision)

    with ThreadPoolExecutor(THREADS, thread_name_prefix="asking") as threads:
        going = list(threads.map(going_of, touched))
    unseen = neighbours.unseen
    notes = (f"who else in the subscription uses what is deleted could not be seen: {unseen}",) if unseen else ()
    return {decision.address: known for decision, known in zip(touched, going, strict=True)}, notes


def _has_to_say(kind: Kind, decision: Decision) -> bool:
    if decision.action is Action.UPDATE:
        return kind.disturbs is not None
    return decision.action in (Action.DELETE, Action.REPLACE)


def _going(cloud: Cloud, kind: Kind, neighbours: Neighbours, resource: Observed) -> Going:
    data, users = _data(cloud, kind, resource, None), kind.users
    if users is None:
        return Going(data)
    return attempted(
        f"what uses {resource.address}",
        lambda: Going(data, tuple(users(neighbours, resource))),
        lambda why: Going(data, unread=why),
    )


def _changing(cloud: Cloud, kind: Kind, want: Desired, resource: Observed, decision: Decision) -> Going:
    """What a change does. What is lost with a replacement can be kept, if another change asks for it than an end."""
    data = _data(cloud, kind, resource, want) if decision.action is Action.REPLACE else ""
    fields = [change.key or change.path for change in decision.diff.changes if change.rule is Rule.REPLACE]
    if data and not resource.ended:
        data = f"{data}; to keep them, leave {' and '.join(fields)} as it is"
    return Going(data, disturbs=_disturbs(cloud, kind, want, resource, decision))


def _disturbs(cloud: Cloud, kind: Kind, want: Desired, resource: Observed, decision: Decision) -> str:
    disturbs = kind.disturbs
    if disturbs is None:
        return ""
    now = replace(decision, diff=actionable(decision.diff, want, resource))
    return attempted(
        f"whose work a change of {resource.address} disturbs",
        lambda: disturbs(cloud, want, resource, now),
        lambda why: f"whose work that disturbs is not known ({why})",
    )


def _data(cloud: Cloud, kind: Kind, resource: Observed, want: Desired | None) -> str:
    """What is lost with it, in words; that it could not be read does not keep it from being deleted."""
    goes = kind.goes
    if goes is None:
        return ""
    return attempted(
        f"what {resource.address} holds",
        lambda: goes(cloud, resource, want),
        lambda why: f"what it holds, which could not be counted ({why})",
    )
