"""Generations of a pool: for a change that needs an empty pool, a new pool is made beside it and takes over its jobs.

The first has the name of the pool in the spec. Later ones are called NAME-gN and carry that name in their metadata.
One of them is current, and live state alone decides which: the newest that needs no new generation to be as desired,
or the newest of all. So any run can continue a change that another run began, and if the spec takes a change back, the
jobs go back too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler import departed, marks
from reconciler.cloud import arm, pairs
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.diff import diff
from reconciler.kinds.pool import acceptance, handover
from reconciler.kinds.pool.body import MAPS
from reconciler.kinds.pool.nodes import live_id
from reconciler.kinds.pool.state import Handover, state_of
from reconciler.model import STAGE, Desired, Diff, Health, Observed, Rule

RuleOf = Callable[[str], Rule]
"""The rule of a path in a pool's body."""


@dataclass(frozen=True, slots=True)
class Live:
    """The live generations of a pool; `ids` are those of all pools, of any owner, whose names may be like theirs."""

    pools: tuple[Observed, ...]
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Generations:
    """`now` is the current generation, and `differs` how it differs from what is desired; `others` are to be deleted.

    `beside` is the id of the generation to make, if one is to be made, after those that are `unused` have gone.
    """

    now: Observed
    differs: Diff
    others: tuple[Observed, ...] = ()
    beside: str = ""
    unused: tuple[Observed, ...] = ()

    @property
    def latest(self) -> bool:
        """Whether the current generation is the latest: an earlier one takes back jobs that it had."""
        return all(_number(other) < _number(self.now) for other in self.others)

    @property
    def fits(self) -> bool:
        """Whether what differs can be changed without a new generation."""
        return self.differs.rule < Rule.WHEN_EMPTY


def base(name: str) -> str:
    """The beginning of the names of all generations of a pool."""
    return marks.first_generation(name.removesuffix("-g1"))


def mark(pool: Observed) -> dict[str, str]:
    """The metadata that marks `pool` as a later generation; empty if it is the first."""
    name = state_of(pool).marks.get(marks.POOL)
    return {marks.POOL: name} if name else {}


def apart(others: Iterable[Observed]) -> Iterator[Observed]:
    """Generations that are not current, each under a name of its own: the first one as NAME-g1."""
    for pool in others:
        name = live_id(pool)
        shown = name if marks.generation(name) > 1 else f"{name}-g1"
        yield replace(pool, address=replace(pool.address, name=shown))


def addressed(name: str, live: Iterable[Observed]) -> Iterator[Observed]:
    """Generations of a pool that is not in the spec: the newest is current."""
    newest, *others = sorted(live, key=_number, reverse=True)
    if others or live_id(newest).lower() != name:
        newest = replace(newest, address=replace(newest.address, name=state_of(newest).marks[marks.POOL]))
    yield newest
    yield from apart(others)


def belongs(cloud: Cloud, raw: Mapping[str, Any]) -> str:
    """The name in the spec, in lower case, of the pool that a live pool is a generation of; only our pools have any."""
    metadata = pairs.mapped(raw["properties"].get("metadata"))
    return marks.spec_name(cloud.owner, metadata, marks.POOL, raw["name"]).lower()


def aged(raws: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Live generations of one pool as Azure lists them, the latest last."""
    return sorted(raws, key=lambda raw: marks.generation(raw["name"]))


def next_id(name: str, ids: Iterable[str]) -> str:
    """The id of the generation after those that exist, whoever they belong to."""
    numbers = [marks.generation(pool_id) for pool_id in ids if marks.is_generation(pool_id, name)]
    return f"{name}-g{max([1, *numbers]) + 1}"


def differing(desired: Desired, pool: Observed, rule: RuleOf) -> Diff:
    """How a live pool differs from what is asked for, keys that left the spec included."""
    return diff(rule, departed.asked(MAPS, desired, pool).body, pool.body)


def choose(desired: Desired, live: Live, rule: RuleOf) -> Generations:
    """The current generation: the newest that needs no new generation, or the newest of all if there is none. Pure."""
    newest = sorted(live.pools, key=_number, reverse=True)
    staying = [pool for pool in newest if not going(pool)]
    compared = [(pool, differing(desired, pool, rule)) for pool in staying or newest]
    fit = [pair for pair in compared if pair[1].rule < Rule.WHEN_EMPTY]
    now, differs = (fit or compared)[0]
    others = tuple(pool for pool in newest if pool is not now and pool.mark is not None)
    blue_green = desired.data["rollout"]["whenEmpty"] == "blueGreen"
    fresh = blue_green and not fit and now.occupants and not going(now)
    return Generations(now, differs, others, next_id(desired.address.name, live.ids) if fresh else "")


def without_unused(cloud: Cloud, desired: Desired, live: Live, rule: RuleOf) -> Generations:
    """The current generation of `live`; a later one that does not fit, and that no job has come to, does not count.

    It was made for a change that failed, or that the spec has changed meanwhile, so it goes before another is made.
    """
    chosen = choose(desired, live, rule)
    rest = [pool for pool in live.pools if not going(pool)]
    if not chosen.beside or len(rest) < 2:
        return chosen
    first = min(rest, key=_number)
    used = handover.pools_of_jobs(cloud)
    unused = [pool for pool in rest if pool is not first and pool.mark and live_id(pool).lower() not in used]
    if not unused:
        return chosen
    known = replace(live, pools=tuple(pool for pool in live.pools if pool not in unused))
    return replace(choose(desired, known, rule), unused=tuple(unused))


def _number(pool: Observed) -> int:
    return marks.generation(live_id(pool))


def going(pool: Observed) -> bool:
    return bool(pool.body["properties"].get("provisioningState") == "Deleting")


def handed_over(cloud: Cloud, desired: Desired, generations: Generations) -> Observed:
    """The current generation of `desired`, with what is left to hand over to it, or what is to be made beside it."""
    pool = replace(generations.now, address=desired.address)
    if generations.unused:
        return _clearing(pool, generations.unused)
    if generations.beside:
        return replace(pool, state=replace(state_of(pool), beside=generations.beside))
    if not generations.others or pool.health is not Health.READY:
        return pool
    if generations.latest and (checked := acceptance.pending(cloud, desired, pool)):
        return checked
    within, old = desired.data["rollout"]["drainWithin"], [other for other in generations.others if not going(other)]
    moves = handover.read(cloud, live_id(pool), [live_id(other) for other in generations.others], within)
    if moves.words:
        stage, health = moves.words, Health.READY if moves.next else Health.BUSY
    else:
        names = ", ".join(live_id(other) for other in old or generations.others)
        stage = f"{names} {'is to be' if old else 'is being'} deleted"
        health = Health.READY if old else Health.BUSY
    return replace(
        pool,
        health=health,
        detail=f"{live_id(pool)} takes over: {stage}",
        body={**pool.body, STAGE: stage},
        state=replace(state_of(pool), handover=Handover(moves, tuple(other.id for other in old))),
    )


def _clearing(pool: Observed, unused: Iterable[Observed]) -> Observed:
    """`pool`, with other generations to be deleted that no job has come to."""
    names = ", ".join(live_id(other) for other in unused)
    stage = f"{names}, which took over no job, is to be deleted"
    under_way = Handover(handover.NONE, tuple(other.id for other in unused))
    state = replace(state_of(pool), handover=under_way)
    return replace(pool, health=Health.READY, detail=stage, body={**pool.body, STAGE: stage}, state=state)


def advance(cloud: Cloud, pool: Observed, under_way: Handover) -> Operation | None:
    """The next stage of a handover: verify, move all jobs one step further, or delete the old when no job is left."""
    if under_way.trial:
        acceptance.advance(cloud, pool, under_way.trial)
        return None
    if under_way.moves.next:
        handover.advance(cloud, under_way.moves)
        return None
    return arm.delete(cloud, under_way.old[0])


def hand_back(cloud: Cloud, desired: Desired, generations: Generations) -> str | None:
    """One step back from a new generation that failed: return its jobs, then delete it. None when nothing is left.

    With `keepOnFailure` it stays, without jobs.
    """
    new, before = generations.now, [other for other in generations.others if not going(other)]
    if not (before and generations.fits):
        leaving = [live_id(other) for other in generations.others if going(other)]
        return f"{', '.join(leaving)} is being deleted" if leaving else None
    ahead = handover.read(cloud, live_id(new), [live_id(other) for other in before], "PT0S")
    failed = new.health is Health.FAILED or (generations.latest and acceptance.failed(cloud, desired, new))
    if not failed and not ahead.words:
        return None  # all jobs are on a pool that works, so there is nothing to undo
    moves = handover.read(cloud, live_id(before[0]), [live_id(new)], "PT0S")
    if moves.words:
        handover.advance(cloud, moves)
        return f"jobs return to {live_id(before[0])}: {moves.words}"
    if failed and desired.data["rollout"]["keepOnFailure"]:
        return None
    arm.delete(cloud, new.id)
    return f"{live_id(new)} is being deleted"
