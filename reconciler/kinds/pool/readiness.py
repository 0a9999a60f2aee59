"""Whether the nodes of a live pool are those that its spec asks for, so that checks on them say something about it."""

from __future__ import annotations

from datetime import datetime

from reconciler import marks
from reconciler.cloud.cloud import Cloud
from reconciler.diff import diff
from reconciler.kinds.pool import rollout, telling
from reconciler.kinds.pool.generations import RuleOf
from reconciler.kinds.pool.nodes import live_id
from reconciler.kinds.pool.state import state_of
from reconciler.model import STAGE, Desired, Diff, Observed, Rule
from reconciler.words import count


def missing(cloud: Cloud, desired: Desired, pool: Observed | None, rule: RuleOf, *, planned: bool) -> str:
    """Why they are not; empty if they are. `planned`: or if they will be once the plan's change of the pool is made."""
    where = f"pools/{desired.address.name}"
    if pool is None:
        return "" if planned else f"there is no {where}"
    differing = diff(rule, desired.body, pool.body)
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
    since = state_of(pool).marks.get(marks.STARTED)
    if since is None or not pool.occupants or not _is_time(since):
        return 0
    raws = [node.as_dict() for node in cloud.batch().list_nodes(live_id(pool), select=telling.NODE)]
    return telling.behind(raws, since)


def _is_time(text: str) -> bool:
    """Whether a mark that others can have written is a time."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
