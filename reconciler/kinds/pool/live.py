"""Live pools in terms of a spec: which generation is current, how far a change is, and whose work it disturbs.

`rule` gives the rule of a path in a pool's body.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler import marks
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import missing_is_none
from reconciler.kind import ids, windows
from reconciler.kinds.pool import body as pool_body
from reconciler.kinds.pool import fallbacks, generations, idle, nodes, repair, rollout, scale
from reconciler.kinds.pool.generations import Live, RuleOf
from reconciler.kinds.pool.nodes import live_id
from reconciler.kinds.pool.state import state_of
from reconciler.model import STAGE, Change, Desired, Diff, Health, Observed, Rule


def list_(cloud: Cloud, wanted: Iterable[Desired], rule: RuleOf) -> Iterator[Observed]:
    """All pools of the account; the current generation of a pool of the spec with the work that a change disturbs."""
    if cloud.account_id is None:
        return
    known = {desired.address.name.lower(): desired for desired in wanted}
    raws = list(arm.listing(cloud, f"{cloud.account_id}/pools"))
    names = tuple(raw["name"] for raw in raws)
    cloud.pools.update((desired.address.name, desired.address.name) for desired in known.values())
    for name, pools in _groups(cloud, raws).items():
        if name in known:
            standing, *others = _standing(cloud, known[name], Live(tuple(pools), names), rule, telling=True)
            standing = idle.read(cloud, known[name], standing)
            cloud.standing[known[name].address.name] = standing
            yield from (standing, *others)
        else:
            for stray in generations.addressed(name, pools):
                yield nodes.hit(cloud, stray) if marks.is_ours(cloud.owner, state_of(stray).marks) else stray


def observe(cloud: Cloud, resource: Desired | Observed, rule: RuleOf) -> Observed | None:
    if isinstance(resource, Observed):
        return _get(cloud, live_id(resource)) if resource.id else _stray(cloud, resource.address.name)
    live = _generations(cloud, resource)
    return next(_standing(cloud, resource, live, rule), None) if live.pools else None


def every_generation(cloud: Cloud, name: str) -> Live:
    """All generations of the pool `name`, each as it is now."""
    raws = _beginning(cloud, name)
    mine = [raw["name"] for raw in raws if generations.belongs(cloud, raw) == name.lower()]
    pools = (_get(cloud, generation) for generation in mine)
    return Live(tuple(pool for pool in pools if pool), tuple(raw["name"] for raw in raws))


def _groups(cloud: Cloud, raws: list[dict[str, Any]]) -> Mapping[str, list[Observed]]:
    """Name of a pool in the spec, in lower case → its live generations."""
    counts = nodes.all_counts(cloud) if raws else {}
    groups: dict[str, list[Observed]] = {}
    for raw in raws:
        pool = pool_body.observed(raw, counts.get(raw["name"].lower()))
        groups.setdefault(generations.belongs(cloud, raw), []).append(pool)
    return groups


def _generations(cloud: Cloud, desired: Desired) -> Live:
    """The generations of a pool of the spec; later ones are asked for only if there can be any."""
    name = desired.address.name
    if desired.data["rollout"]["whenEmpty"] == "blueGreen" or cloud.pools.get(name) != name:
        return every_generation(cloud, name)
    pool = _get(cloud, name)
    return Live((pool,) if pool else (), (name,))


def _get(cloud: Cloud, name: str) -> Observed | None:
    """The live pool with the id `name`."""
    raw = missing_is_none(lambda: cloud.batch_management.pool.get(*cloud.account_place, name).as_dict())
    if raw is None:
        return None
    counts = nodes.all_counts(cloud, name).get(name.lower()) if nodes.present(raw["properties"]) else None
    return _explained(cloud, pool_body.observed(raw, counts))


def _beginning(cloud: Cloud, name: str) -> list[dict[str, Any]]:
    return list(arm.listing(cloud, f"{cloud.account_id}/pools", **{"$filter": f"startswith(name,'{name}')"}))


def _stray(cloud: Cloud, name: str) -> Observed | None:
    """The live pool that has the name `name` in plans but is not in the spec."""
    raws = _beginning(cloud, generations.base(name))
    for group, pools in _groups(cloud, raws).items():
        for pool in generations.addressed(group, pools):
            if pool.address.name.lower() == name.lower():
                return _get(cloud, live_id(pool))
    return None


def _explained(cloud: Cloud, pool: Observed) -> Observed:
    """`pool`, with the errors of its broken nodes."""
    if not (state_of(pool).broken and pool.health is Health.FAILED):
        return pool
    words, logs = repair.findings(cloud, live_id(pool))
    return replace(pool, detail=f"{pool.detail} ({words})" if words else pool.detail, logs=logs)


def _standing(cloud: Cloud, desired: Desired, live: Live, rule: RuleOf, *, telling: bool = False) -> Iterator[Observed]:
    """The current generation of `desired`, then those that it takes over from, which are kept until that is done.

    `telling`: with the work that a change of its nodes disturbs, which a plan shows.
    """
    chosen = generations.without_unused(cloud, desired, live, rule)
    name = live_id(chosen.now)
    cloud.pools[desired.address.name] = name
    pool = generations.handed_over(cloud, desired, chosen)
    if not state_of(pool).handover and not chosen.beside:
        pool = _rolling(cloud, desired, pool)
    pool = replace(pool, detail=pool.detail + fallbacks.next_words(desired, pool))
    pool = replace(pool, uses=(*pool.uses, *_taken_over(chosen.others)))
    yield _disturbed(cloud, desired, pool, _staged(chosen.differs, pool, rule), telling=telling)
    for other in generations.apart(chosen.others):
        yield replace(other, kept=True, byproduct=True, detail=f"{name} takes over from it")
    for unused in generations.apart(chosen.unused):
        yield replace(unused, surplus=f"it took over no job from {name}, and the spec asks for another pool now")


def _taken_over(others: Iterable[Observed]) -> Iterator[str]:
    """The ids of generations that go, and of what they use: until that is done, the current one needs all of it."""
    for other in others:
        yield other.id
        yield from ids.named(other)


def _rolling(cloud: Cloud, desired: Desired, pool: Observed) -> Observed:
    """`pool`, with how far a rolling change of its nodes is."""
    state = state_of(pool)
    since = state.marks.get(marks.ROLLOUT)
    if since is None or not rollout.rolls(desired) or pool.health is Health.FAILED:
        return pool
    progress = rollout.read(cloud, live_id(pool), since)
    health, detail, stage = rollout.progress(pool, progress, desired.data["rollout"]["maxUnavailable"])
    body = {**pool.body, STAGE: stage}
    return replace(pool, body=body, state=replace(state, rollout=progress), health=health, detail=detail)


def _staged(differs: Diff, pool: Observed, rule: RuleOf) -> Diff:
    """`differs`, with the stage that a change of `pool` is in."""
    stage = pool.body[STAGE]
    return Diff((*differs.changes, Change(STAGE, stage, None, rule(STAGE)))) if stage else differs


def _disturbed(cloud: Cloud, desired: Desired, pool: Observed, differs: Diff, *, telling: bool) -> Observed:
    """`pool`, with the work that a change of its nodes disturbs, and whether that has to wait for a window."""
    if not repair.replacing(pool) and scale.superseded(pool, differs):
        return replace(pool, health=Health.READY, detail="another resize runs: it is stopped first")
    if differs.rule <= Rule.LIVE:
        return _shrinking(cloud, desired, pool) if differs and scale.shrinks(desired, pool) else pool
    begun = not pool.occupants or state_of(pool).handover or scale.emptied(pool)
    closed = "" if begun else windows.closed(desired.data["rollout"].get("windows", ()), cloud.time)
    return replace(nodes.hit(cloud, pool) if telling else pool, held=closed)


def _shrinking(cloud: Cloud, desired: Desired, pool: Observed) -> Observed:
    """`pool`, with a detail that tells what becomes of the tasks on nodes that leave."""
    hit = nodes.hit(cloud, pool)
    if hit is pool:
        return pool
    return replace(hit, detail=f"{scale.leaving(desired)} (now {', '.join(hit.occupants)})")
