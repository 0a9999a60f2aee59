"""Generations of a pool: for a change that needs an empty pool, a new one is made beside it and takes over its jobs.

The first is called as the spec calls the pool, later ones NAME-gN, which carry that name in their metadata. Which of
them stands for the pool follows from what is live alone: the one that is as desired; until there is one, the newest.
So a run that was killed is gone on with, and a change that is taken back is handed back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler import marks
from reconciler.cloud import arm, pairs
from reconciler.cloud.cloud import Cloud, Operation
from reconciler.diff import diff
from reconciler.kinds.pool import handover
from reconciler.kinds.pool.nodes import live_id
from reconciler.model import Desired, Health, Observed, Rule


@dataclass(frozen=True, slots=True)
class Generations:
    """`now` stands for the pool and may be as desired; `others` go; `beside` is the id of the one to make, if any."""

    now: Observed
    fits: bool = True
    others: tuple[Observed, ...] = ()
    beside: str = ""


def base(name: str) -> str:
    """What the names of all generations of a pool begin with."""
    return marks.first_generation(name.removesuffix("-g1"))


def mark(found: Observed) -> dict[str, str]:
    """The metadata that makes `found` a later generation, if it is one."""
    name = found.body["marks"].get(marks.POOL)
    return {marks.POOL: name} if name else {}


def apart(others: Iterable[Observed]) -> Iterator[Observed]:
    """Generations that do not stand for their pool, under names of their own: the first one is called NAME-g1."""
    for one in others:
        name = live_id(one)
        own = name if marks.generation(name) > 1 else f"{name}-g1"
        yield replace(one, address=replace(one.address, name=own))


def addressed(name: str, live: Iterable[Observed]) -> Iterator[Observed]:
    """Generations of a pool that the spec does not speak of: the newest stands for it."""
    newest, *others = sorted(live, key=_number, reverse=True)
    if others or live_id(newest).lower() != name:
        newest = replace(newest, address=replace(newest.address, name=newest.body["marks"][marks.POOL]))
    yield newest
    yield from apart(others)


def belongs(cloud: Cloud, raw: Mapping[str, Any]) -> str:
    """The spec's name, in lower case, of the pool that a live pool stands for; others' pools have no generations."""
    metadata = pairs.mapped(raw["properties"].get("metadata"))
    name = metadata.get(marks.POOL) if marks.is_ours(cloud.owner, metadata) else None
    return str(name or raw["name"]).lower()


def next_id(name: str, ids: Iterable[str]) -> str:
    """The id of the generation after those that are there, whoever they belong to."""
    numbers = [marks.generation(one) for one in ids if marks.is_generation(one, name)]
    return f"{name}-g{max([1, *numbers]) + 1}"


def choose(desired: Desired, live: Iterable[Observed], ids: Iterable[str], rule: Callable[[str], Rule]) -> Generations:
    """Which of the pool's live generations stands for it; `ids` are those of all pools. Pure."""
    newest = sorted(live, key=_number, reverse=True)
    blue_green = desired.data["rollout"]["whenEmpty"] == "blueGreen"
    if len(newest) == 1 and not blue_green:
        return Generations(newest[0])
    staying = [one for one in newest if not going(one)]
    fit = [one for one in staying if diff(rule, desired.body, one.body).rule < Rule.WHEN_EMPTY]
    now = [*fit, *staying, *newest][0]
    others = tuple(one for one in newest if one is not now and one.mark is not None)
    fresh = blue_green and not fit and now.occupants and not going(now)
    return Generations(now, bool(fit), others, next_id(desired.address.name, ids) if fresh else "")


def _number(one: Observed) -> int:
    return marks.generation(live_id(one))


def going(one: Observed) -> bool:
    return bool(one.body["properties"].get("provisioningState") == "Deleting")


def seen(cloud: Cloud, desired: Desired, generations: Generations) -> Observed:
    """The pool that stands for `desired`, with what is left to hand over to it."""
    found = replace(generations.now, address=desired.address)
    if generations.beside:
        return replace(found, body={**found.body, "beside": generations.beside})
    if not generations.others or found.health is not Health.READY:
        return found
    within, old = desired.data["rollout"]["drainWithin"], [one for one in generations.others if not going(one)]
    moves = handover.read(cloud, live_id(found), [live_id(one) for one in generations.others], within)
    if moves.words:
        stage, health = moves.words, Health.READY if moves.next else Health.BUSY
    else:
        names = ", ".join(live_id(one) for one in old or generations.others)
        stage = f"{names} {'is to be' if old else 'is being'} deleted"
        health = Health.READY if old else Health.BUSY
    body = {**found.body, "stage": stage, "moves": moves, "old": old}
    return replace(found, health=health, detail=f"{live_id(found)} takes over: {stage}", body=body)


def advance(cloud: Cloud, found: Observed) -> Operation | None:
    """The next stage of a handover: all jobs one step further, then the old pool."""
    moves = found.body["moves"]
    if moves.next:
        handover.advance(cloud, moves)
        return None
    return arm.delete(cloud, found.body["old"][0].id)


def hand_back(cloud: Cloud, generations: Generations) -> str | None:
    """One step back from a new generation that failed: jobs return to the one before, then it goes; None when done."""
    new, before = generations.now, [one for one in generations.others if not going(one)]
    if not (before and generations.fits):
        left = [live_id(one) for one in generations.others if going(one)]
        return f"{', '.join(left)} is being deleted" if left else None
    ahead = handover.read(cloud, live_id(new), [live_id(one) for one in before], "PT0S")
    if new.health is not Health.FAILED and not ahead.words:
        return None  # all jobs have moved to a good pool: nothing is to be undone
    moves = handover.read(cloud, live_id(before[0]), [live_id(new)], "PT0S")
    if moves.words:
        handover.advance(cloud, moves)
        return f"jobs return to {live_id(before[0])}: {moves.words}"
    arm.delete(cloud, new.id)
    return f"{live_id(new)} is being deleted"
