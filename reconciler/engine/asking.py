"""Asks Azure about what a plan would delete: which data goes with it, and who else is in it or uses it. Only reads."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from reconciler.cloud.cloud import Cloud
from reconciler.kind import Kind, Kinds
from reconciler.kind.going import Going, Neighbours
from reconciler.kind.unread import attempted
from reconciler.model import Action, Address, Observed, Plan

THREADS = 8


def about(
    cloud: Cloud, kinds: Kinds, plan: Plan, observed: Iterable[Observed]
) -> tuple[dict[Address, Going], tuple[str, ...]]:
    """What is known of each resource that `plan` deletes, and notes about what could not be asked."""
    live = {resource.address: resource for resource in observed}
    doomed = [live[decision.address] for decision in plan.of(Action.DELETE)]
    if not doomed:
        return {}, ()
    neighbours = Neighbours(cloud)

    def going_of(resource: Observed) -> Going:
        return _going(cloud, kinds[resource.address.kind], neighbours, resource)

    with ThreadPoolExecutor(THREADS, thread_name_prefix="asking") as threads:
        going = list(threads.map(going_of, doomed))
    unseen = neighbours.unseen
    notes = (f"who else in the subscription uses what is deleted could not be seen: {unseen}",) if unseen else ()
    return {resource.address: known for resource, known in zip(doomed, going, strict=True)}, notes


def _going(cloud: Cloud, kind: Kind, neighbours: Neighbours, resource: Observed) -> Going:
    data, users = _data(cloud, kind, resource), kind.users
    if users is None:
        return Going(data)
    return attempted(
        f"what uses {resource.address}",
        lambda: Going(data, tuple(users(neighbours, resource))),
        lambda why: Going(data, unread=why),
    )


def _data(cloud: Cloud, kind: Kind, resource: Observed) -> str:
    """Its data in words; that it could not be read does not keep it from being deleted."""
    goes = kind.goes
    if goes is None:
        return ""
    return attempted(
        f"what {resource.address} holds",
        lambda: goes(cloud, resource),
        lambda why: f"what it holds, which could not be counted ({why})",
    )
