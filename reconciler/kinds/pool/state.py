"""What is known of a live pool beyond its body: counts of its nodes, its marks, and the change that is under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from reconciler.kinds.pool.handover import Moves
from reconciler.kinds.pool.rollout import Nodes
from reconciler.kinds.pool.trial import Trial
from reconciler.model import Observed


@dataclass(frozen=True, slots=True)
class Handover:
    """What a pool takes over from others: first its `trial`, then the `moves` of their jobs, then the `old` pools go.

    `old` are ARM ids. `trial` is None if it has been passed, or if the pool is not verified.
    """

    moves: Moves
    old: tuple[str, ...]
    trial: Trial | None = None


@dataclass(frozen=True, slots=True)
class Idle:
    """A pool whose nodes may go, or have gone: `since` when no node has run a task, None where there is no node;
    `waiting` is how many tasks of its jobs wait or run."""

    since: datetime | None
    waiting: int


@dataclass(frozen=True, slots=True)
class State:
    """The state of a live pool.

    broken    how many of its nodes do not work
    running   how many run tasks
    marks     all of its metadata, our marks among it
    rollout   how far a rolling change of its nodes is, if one is under way
    handover  what it takes over from other generations, if there are some
    beside    the id of the generation to make beside it, where a change needs one
    idle      how idle it is, where its spec says what is to become of that, and it is or has been so for long enough
    """

    broken: int
    running: int
    marks: Mapping[str, str]
    rollout: Nodes | None = None
    handover: Handover | None = None
    beside: str = ""
    idle: Idle | None = None


def state_of(pool: Observed) -> State:
    """The state of an observed pool."""
    assert isinstance(pool.state, State)
    return pool.state
