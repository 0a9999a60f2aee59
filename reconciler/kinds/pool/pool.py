"""A pool: nodes of one VM size that boot one image and run tasks. Made on the ARM plane, the only one with identity.

Size, start task and metadata change in place (a new start task reaches nodes when they reboot); everything else only
while the pool is empty: steady, with no node. It is READY when it is steady at its target and every node is usable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from reconciler import marks
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud, Operation
from reconciler.diff import diff
from reconciler.kind import ArmType, Kind
from reconciler.kinds.pool import body as pool_body
from reconciler.kinds.pool import change as pool_change
from reconciler.kinds.pool import generations, image, nodes, repair, scale, windows
from reconciler.kinds.pool import properties as pool_properties
from reconciler.kinds.pool import rollout as pool_rollout
from reconciler.kinds.pool.nodes import live_id
from reconciler.model import STAGE, Address, Desired, Diff, Health, Mark, Observed, Rule
from reconciler.spec.pools import Rollout
from reconciler.spec.spec import Spec

NAME = pool_body.NAME

WHEN_EMPTY = (
    "identity",
    "tags",
    "properties.deploymentConfiguration",
    "properties.displayName",
    "properties.interNodeCommunication",
    "properties.mountConfiguration",
    "properties.networkConfiguration",
    "properties.taskSchedulingPolicy",
    "properties.taskSlotsPerNode",
    "properties.upgradePolicy",
    "properties.userAccounts",
    "properties.vmSize",
)
FIELDS = {
    **dict.fromkeys(WHEN_EMPTY, Rule.WHEN_EMPTY),
    "properties.scaleSettings": Rule.LIVE,
    "properties.scaleSettings.fixedScale.nodeDeallocationOption": Rule.IGNORE,  # never returned by Azure
    "properties.metadata": Rule.LIVE,
    "properties.startTask": Rule.NEW_NODES,
    "stage": Rule.NEW_NODES,  # of a change that reaches nodes: it waits for a window like its beginning
    "properties.applicationPackages": Rule.NEW_NODES,
}


def expand(spec: Spec) -> Iterable[Desired]:
    for name, pool in spec.pools.items():
        assert spec.batch_account is not None
        identities = [ref.split("/")[1] for ref in pool["identity"]]
        ids = [
            f"{spec.group_id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{one}".lower()
            for one in identities
        ]
        account = Address("batch_account", spec.batch_account["name"])
        account_id = f"{spec.group_id}/providers/Microsoft.Batch/batchAccounts/{account.name}"
        refs = (account, *(Address("identity", one) for one in identities), *image.refs(pool))
        refs += pool_properties.applications(spec, pool)
        data: dict[str, Any] = {"vmSize": pool["vmSize"], "image": pool["image"], "rollout": pool["rollout"]}
        data["nodeAgentSkuId"] = pool.get("nodeAgentSkuId")
        body = pool_body.wanted(spec, pool, ids, account_id)
        yield Desired(Address(NAME, name), body, refs, pool["protect"], data, vacates=_vacates(pool["rollout"]))


def _vacates(rollout: Rollout) -> str:
    """How running work makes room for a change, as the plan tells it; empty: it does not."""
    end = f"running tasks may end within {rollout['drainWithin']}, what then still runs is requeued"
    ways = {"drain": f"is drained for it: {end}", "blueGreen": f"a new pool beside it takes over its jobs: {end}"}
    return ways.get(rollout["whenEmpty"], "")


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    if cloud.account_id is None:
        return
    known = {desired.address.name.lower(): desired for desired in wanted}
    raws = list(arm.listing(cloud, f"{cloud.account_id}/pools"))
    ids = [raw["name"] for raw in raws]
    cloud.pools.update((desired.address.name, desired.address.name) for desired in known.values())
    for name, live in _groups(cloud, raws).items():
        if name in known:
            yield from _seen(cloud, known[name], live, ids, telling=True)
        else:
            for one in generations.addressed(name, live):
                yield nodes.hit(cloud, one) if marks.is_ours(cloud.owner, one.body["marks"]) else one


def _groups(cloud: Cloud, raws: list[dict[str, Any]]) -> dict[str, list[Observed]]:
    """The spec's name of a pool → its live generations."""
    counts = nodes.all_counts(cloud) if raws else {}
    groups: dict[str, list[Observed]] = {}
    for raw in raws:
        one = pool_body.observed(raw, counts.get(raw["name"].lower()))
        groups.setdefault(generations.belongs(cloud, raw), []).append(one)
    return groups


def observe(cloud: Cloud, wanted: Desired | Observed) -> Observed | None:
    if isinstance(wanted, Observed):
        return _one(cloud, live_id(wanted)) if wanted.id else _stray(cloud, wanted.address.name)
    ids, live = _live(cloud, wanted)
    return next(_seen(cloud, wanted, live, ids), None) if live else None


def _live(cloud: Cloud, wanted: Desired) -> tuple[list[str], list[Observed]]:
    """The ids of pools that begin like this one, as far as they matter, and its live generations."""
    name = wanted.address.name
    if wanted.data["rollout"]["whenEmpty"] == "blueGreen" or cloud.pools.get(name) != name:
        return _generations(cloud, name)
    found = _one(cloud, name)
    return [name], [found] if found else []


def _one(cloud: Cloud, name: str) -> Observed | None:
    from azure.core.exceptions import HttpResponseError

    try:
        raw = cloud.batch_management.pool.get(cloud.target.resource_group, cloud.account or "", name).as_dict()
    except HttpResponseError as error:
        if error.status_code == 404:
            return None
        raise
    counts = nodes.all_counts(cloud, name).get(name.lower()) if nodes.present(raw["properties"]) else None
    return _told(cloud, pool_body.observed(raw, counts))


def _generations(cloud: Cloud, name: str) -> tuple[list[str], list[Observed]]:
    """The ids of all pools that begin like this one, and its live generations."""
    raws = _beginning(cloud, name)
    mine = [raw["name"] for raw in raws if generations.belongs(cloud, raw) == name.lower()]
    return [raw["name"] for raw in raws], [found for one in mine if (found := _one(cloud, one))]


def _beginning(cloud: Cloud, name: str) -> list[dict[str, Any]]:
    return list(arm.listing(cloud, f"{cloud.account_id}/pools", **{"$filter": f"startswith(name,'{name}')"}))


def _stray(cloud: Cloud, name: str) -> Observed | None:
    """The live pool that a plan calls so though the spec does not."""
    raws = _beginning(cloud, generations.base(name))
    for group, live in _groups(cloud, raws).items():
        for one in generations.addressed(group, live):
            if one.address.name.lower() == name.lower():
                return _one(cloud, live_id(one))
    return None


def _told(cloud: Cloud, found: Observed) -> Observed:
    """`found`, with what its broken nodes say."""
    if not (found.body["broken"] and found.health is Health.FAILED):
        return found
    words, logs = repair.told(cloud, live_id(found))
    return replace(found, detail=f"{found.detail} ({words})" if words else found.detail, logs=logs)


def _seen(
    cloud: Cloud, desired: Desired, live: Iterable[Observed], ids: Iterable[str], *, telling: bool = False
) -> Iterator[Observed]:
    """The generation that stands for `desired`, and those that it takes over from, which stay until then.

    `telling`: with the work that a change of its nodes hits, for a plan to tell.
    """
    chosen = generations.choose(desired, live, ids, KIND.rule)
    name = live_id(chosen.now)
    cloud.pools[desired.address.name] = name
    found = generations.seen(cloud, desired, chosen)
    if "moves" not in found.body and not chosen.beside:
        found = _rolling(cloud, desired, found)
    yield _disturbed(cloud, desired, found, telling=telling)
    for one in generations.apart(chosen.others):
        yield replace(one, kept=True, detail=f"{name} takes over from it")


def _rolling(cloud: Cloud, desired: Desired, found: Observed) -> Observed:
    """`found`, with how far a rolling change of its nodes is."""
    since = found.body["marks"].get(marks.ROLLOUT)
    if since is None or not pool_rollout.rolls(desired) or found.health is Health.FAILED:
        return found
    left = pool_rollout.read(cloud, live_id(found), since)
    health, detail, stage = pool_rollout.seen(found, left, desired.data["rollout"]["maxUnavailable"])
    return replace(found, body={**found.body, "stage": stage, "nodes": left}, health=health, detail=detail)


def _disturbed(cloud: Cloud, desired: Desired, found: Observed, *, telling: bool) -> Observed:
    """`found`, with what a change of its nodes does to running work, and whether it may do so now."""
    differs = diff(KIND.rule, desired.body, found.body)
    state = found.body["properties"].get("allocationState", "Steady")
    if not repair.replacing(cloud, live_id(found), state) and scale.superseded(found, differs):
        return replace(found, health=Health.READY, detail="another resize runs: it is stopped first")
    if differs.rule <= Rule.LIVE:
        return _shrinking(cloud, desired, found) if differs and scale.shrinks(desired, found) else found
    begun = not found.occupants or "moves" in found.body or scale.emptied(found)
    closed = "" if begun else windows.closed(desired.data["rollout"].get("windows", ()), cloud.time)
    return replace(nodes.hit(cloud, found) if telling else found, held=closed)


def _shrinking(cloud: Cloud, desired: Desired, found: Observed) -> Observed:
    """`found`, with what becomes of the tasks on nodes that leave."""
    hit = nodes.hit(cloud, found)
    if hit is found:
        return found
    return replace(hit, detail=f"{scale.leaving(desired)} (now {', '.join(hit.occupants)})")


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    _put(cloud, desired, mark, desired.address.name, {})
    return None


def _put(cloud: Cloud, desired: Desired, mark: Mark, name: str, metadata: Mapping[str, str]) -> None:
    """Make a pool; one that is there already is no error."""
    from azure.core import MatchConditions
    from azure.core.exceptions import HttpResponseError

    properties = pool_body.wire(cloud, desired, mark, metadata)
    for part in ("startTask", "displayName"):
        if not properties[part]:
            del properties[part]
    body: Any = {"identity": arm.user_assigned(desired.body["identity"]), "properties": properties}
    if desired.body["tags"]:
        body["tags"] = desired.body["tags"]
    where = (cloud.target.resource_group, cloud.account or "", name)
    try:
        cloud.batch_management.pool.create(*where, body, etag="*", match_condition=MatchConditions.IfMissing)
    except HttpResponseError as error:
        if error.status_code != 412:  # somebody made it meanwhile: look again
            raise


def update(cloud: Cloud, desired: Desired, mark: Mark, found: Observed, diff: Diff) -> Operation | None:
    """PATCH the changed parts. Without any, the size again: that is what a failed resize needs.

    Where a part needs an empty pool and the spec says how it becomes empty, each update is one stage of that.
    """
    name = live_id(found)
    if found.health is Health.FAILED and found.body["broken"]:
        repair.mend(cloud, name, nodes.present(found.body["properties"]))
        if not diff:
            return None
    if "moves" in found.body:
        return generations.advance(cloud, found)
    rolling = found.body.get("nodes")
    if rolling is not None and rolling.old and all(change.path == STAGE for change in diff.changes):
        pool_rollout.advance(cloud, name, rolling, desired.data["rollout"]["maxUnavailable"])
    elif scale.superseded(found, diff):
        cloud.batch_management.pool.stop_resize(cloud.target.resource_group, cloud.account or "", name)
    elif found.body.get("beside") and diff.rule >= Rule.WHEN_EMPTY and found.mark and found.mark.owner == mark.owner:
        _put(cloud, desired, mark, found.body["beside"], {marks.POOL: desired.address.name})
    else:
        pool_change.patch(cloud, desired, mark, found, diff)
    return None


def delete(cloud: Cloud, found: Observed) -> Operation | None:
    from azure.core.exceptions import HttpResponseError

    try:
        return arm.delete(cloud, found.id)
    except HttpResponseError as error:
        if error.status_code == 409:  # it is being deleted already
            return None
        raise


def abandon(cloud: Cloud, desired: Desired) -> str | None:
    """A new generation that failed goes, and the jobs go on where they were; any other pool stays to be looked at."""
    ids, live = _generations(cloud, desired.address.name)
    if len(live) < 2:
        return None
    return generations.hand_back(cloud, generations.choose(desired, live, ids, KIND.rule))


KIND = Kind(
    name=NAME,
    arm=ArmType("Microsoft.Batch/batchAccounts/pools", "2025-06-01"),
    fields=FIELDS,
    expand=expand,
    list=list_,
    observe=observe,
    create=create,
    update=update,
    delete=delete,
    resolve=image.resolve,
    abandon=abandon,
    takes=lambda decision, desired: timedelta(minutes=5),
    attempts=3,
    ready_within=timedelta(minutes=45),
    reads=("batch_account",),
)
