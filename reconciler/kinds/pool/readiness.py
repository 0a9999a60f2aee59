"""Whether the nodes of a live pool are those that its spec asks for, so that checks on them say something about it."""

from __future__ import annotations

from reconciler.cloud.cloud import Cloud
from reconciler.kinds.pool import generations, rollout, telling
from reconciler.kinds.pool.generations import RuleOf
from reconciler.model import STAGE, Desired, Diff, Observed, Rule
from reconciler.words import count


def missing(cloud: Cloud, desired: Desired, pool: Observed | None, rule: RuleOf, *, planned: bool) -> str:
    """Why they are not; empty if they are. `planned`: or if they will be once the plan's change of the pool is made."""
    where = f"pools/{desired.address.name}"
    if pool is None:
        return "" if planned else f"there is no {where}"
    differing = generations.differing(desired, pool, rule)
    if differing.rule >= Rule.NEW_NODES and not (planned and _comes(desired, pool, differing)):
        return f"{where} has yet to become what the spec asks"
    if differing.rule >= Rule.NEW_NODES or rollout.rolls(desired):
        return ""
    late = _late(cloud, pool)
    return (
        f"{count(late, 'node')} of {where} {'has' if late == 1 else 'have'} yet to boot with what changed"
        if late
        else ""
    )


def _comes(desired: Desired, pool: Observed, differing: Diff) -> bool:
    """Whether what differs, and nodes differ by, is changed by the next apply."""
    if not pool.occupants:
        return True
    if pool.held:
        return False
    if all(change.path == STAGE for change in differing.changes if change.rule >= Rule.NEW_NODES):
        return True  # what is under way goes on
    return bool(desired.vacates) if differing.rule >= Rule.WHEN_EMPTY else rollout.rolls(desired)


def _late(cloud: Cloud, pool: Observed) -> int:
    """How many nodes booted before what they run at their start was changed."""
    moment = telling.changed(pool)
    return telling.behind(telling.nodes_of(cloud, pool), moment) if moment and pool.occupants else 0
