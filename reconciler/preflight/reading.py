"""Reads the facts that a plan is judged by, in parallel. A plan that changes no pool and no account needs none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from reconciler.cloud import arm, capacity
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import translated
from reconciler.errors import NotRegistered
from reconciler.kind import Kinds, ids
from reconciler.model import Action, Address, Desired, Observed, Plan
from reconciler.preflight import access, names, networks
from reconciler.preflight.facts import Change, Facts, Image, changes, held_nodes, live_nodes

THREADS = 8
MOST_JOBS = 100
"""How many jobs are asked at most what they have left to do."""
Job = tuple[str, Callable[[], Any]]


def read(
    cloud: Cloud,
    kinds: Kinds,
    plan: Plan,
    desired: Mapping[Address, Desired],
    observed: Iterable[Observed],
    location: str,
) -> tuple[Facts, tuple[Change, ...]]:
    """The facts for `plan`, and the pools that it changes."""
    observed = tuple(observed)
    live = live_nodes(kinds, observed)
    changed = changes(kinds, plan, desired, {**held_nodes(kinds, observed), **live})
    account = _of_id(observed, cloud.account_id)
    leaving = frozenset(d.address for d in plan.of(Action.DELETE) if d.address in live)
    known = None
    if account:
        location, known = account.body["location"], account.body["properties"]
    facts = Facts(
        cloud.time,
        location,
        known,
        live,
        leaving,
        subscription=cloud.target.subscription,
        group=cloud.target.resource_group,
        needed=access.needed(plan, kinds, _elsewhere(cloud, kinds, desired)),
        jobs=_active_jobs(kinds, plan, observed),
    )
    ours = _made_images(kinds, desired)
    jobs = [*_pool_jobs(cloud, location, changed, ours, known), *_name_jobs(cloud, kinds, plan, location)]
    jobs += [*networks.jobs(cloud, changed, networks.made(kinds, desired)), *_access_jobs(cloud, facts, observed)]
    facts = replace(
        facts, typed=_typed(kinds, plan, desired), making=_making(kinds, plan), fresh=_fresh(cloud, kinds, plan)
    )
    jobs += [*_room_jobs(cloud, kinds, plan, location), *_region_jobs(cloud, facts)]
    jobs += _spent_jobs(cloud, kinds, facts, observed)
    return (_asked(cloud, facts, jobs) if jobs else facts), changed


def _elsewhere(cloud: Cloud, kinds: Kinds, desired: Mapping[Address, Desired]) -> frozenset[Address]:
    """What the spec makes in things of others that are not in its group."""
    placed = ((want, kinds[address.kind].place) for address, want in desired.items() if not want.open)
    return frozenset(
        want.address for want, place in placed if place and not ids.inside(place(cloud, want), cloud.group_id)
    )


def _typed(kinds: Kinds, plan: Plan, desired: Mapping[Address, Desired]) -> dict[str, tuple[Address, ...]]:
    """ARM type → the resources of it that the plan makes in the region of the spec."""
    made: dict[str, tuple[Address, ...]] = {}
    for decision in plan.of(Action.CREATE):
        arm_type = kinds[decision.address.kind].arm
        if arm_type and "location" in desired[decision.address].body:
            made[arm_type.name] = (*made.get(arm_type.name, ()), decision.address)
    return made


def _fresh(cloud: Cloud, kinds: Kinds, plan: Plan) -> Address | None:
    """The account of pools and jobs, if the plan makes it."""
    for decision in plan.of(Action.CREATE):
        kind = kinds[decision.address.kind].arm
        path = f"{cloud.group_id}/providers/{kind.name}/{decision.address.name}" if kind else ""
        if cloud.account_id and path.lower() == cloud.account_id.lower():
            return decision.address
    return None


def _making(kinds: Kinds, plan: Plan) -> dict[str, tuple[Address, ...]]:
    """Kind → what the plan makes of it, for kinds of which a subscription may have only so many."""
    made: dict[str, tuple[Address, ...]] = {}
    for decision in plan.of(Action.CREATE):
        kind = kinds[decision.address.kind]
        if kind.needs.room:
            made[kind.many] = (*made.get(kind.many, ()), decision.address)
    return made


def _room_jobs(cloud: Cloud, kinds: Kinds, plan: Plan, location: str) -> list[Job]:
    names = {decision.address.kind for decision in plan.of(Action.CREATE)}
    asked = [(kind.many, kind.needs.room) for name, kind in kinds.items() if name in names]
    return [(f"room {many}", partial(room, cloud, location)) for many, room in asked if room]


def _region_jobs(cloud: Cloud, facts: Facts) -> list[Job]:
    """One question for each resource provider whose types the plan makes."""
    providers = sorted({name.partition("/")[0] for name in facts.typed})
    return [(f"regions {provider}", partial(_offered, cloud, provider)) for provider in providers]


def _offered(cloud: Cloud, provider: str) -> dict[str, tuple[str, ...]]:
    """ARM type → the regions in which the provider offers it to the subscription."""
    answer = cloud.arm("GET", f"/subscriptions/{cloud.target.subscription}/providers/{provider}").body
    return {
        f"{provider}/{kind['resourceType']}": tuple(map(arm.region, kind.get("locations") or ()))
        for kind in answer.get("resourceTypes") or ()
    }


def _of_id(observed: Iterable[Observed], wanted: str | None) -> Observed | None:
    """The live resource of an ARM id."""
    return next((resource for resource in observed if wanted and resource.id.lower() == wanted.lower()), None)


def _active_jobs(kinds: Kinds, plan: Plan, observed: Iterable[Observed]) -> tuple[int, int]:
    """How many jobs are active, and how many the plan adds."""
    counts = {name: kind.needs.active for name, kind in kinds.items() if kind.needs.active}
    known = [resource for resource in observed if resource.address.kind in counts]
    active = {resource.address for resource in known if counts[resource.address.kind](resource)}
    made = [*plan.of(Action.CREATE), *plan.of(Action.REPLACE)]
    return len(active), sum(each.address.kind in counts and each.address not in active for each in made)


def _spent_jobs(cloud: Cloud, kinds: Kinds, facts: Facts, observed: Iterable[Observed]) -> list[Job]:
    """One question for each active job, up to a bound, if they leave no room for more."""
    asked: list[Job] = []
    for each in observed if facts.crowded else ():
        needs = kinds[each.address.kind].needs
        if needs.spent and needs.active and needs.active(each):
            asked.append((f"spent {each.address.name}", partial(needs.spent, cloud, each)))
    return asked[:MOST_JOBS]


def _made_images(kinds: Kinds, desired: Mapping[Address, Desired]) -> frozenset[str]:
    """The images that the spec itself builds, which are always in the region of its pools."""
    made = ((kinds[address.kind].needs.image, want) for address, want in desired.items() if not want.open)
    return frozenset(image(want) for image, want in made if image)


def _pool_jobs(
    cloud: Cloud, location: str, changed: tuple[Change, ...], ours: frozenset[str], account: Any
) -> list[Job]:
    if not changed:
        return []
    jobs: list[Job] = [("sizes", lambda: capacity.sizes(cloud, location))]
    fresh = [change for change in changed if change.before is None or change.before.image != change.after.image]
    if account:
        jobs.append(("images", lambda: _images(cloud)))
    for image in sorted({change.after.image for change in fresh if change.after.image.startswith("/")} - ours):
        jobs.append((f"gallery {image}", partial(_regions, cloud, image)))
    return jobs


def _access_jobs(cloud: Cloud, facts: Facts, observed: tuple[Observed, ...]) -> list[Job]:
    """Questions for any plan that changes something; a group that does not exist yet has no roles to ask for."""
    if not facts.needed:
        return []
    jobs: list[Job] = [("subscription", partial(state, cloud))]
    if _of_id(observed, cloud.group_id):
        jobs.append(("permissions", partial(_permissions, cloud)))
    return jobs


def state(cloud: Cloud) -> str:
    """The state of the subscription, such as Enabled."""
    return str(cloud.arm("GET", f"/subscriptions/{cloud.target.subscription}").body["state"])


def _permissions(cloud: Cloud) -> tuple[Mapping[str, Any], ...]:
    """What the roles of the signed-in principal allow in the resource group, one value a role."""
    return tuple(cloud.list_arm(f"{cloud.group_id}/providers/Microsoft.Authorization/permissions"))


def _name_jobs(cloud: Cloud, kinds: Kinds, plan: Plan, location: str) -> list[Job]:
    """One question for each new resource whose name all of Azure shares."""
    made = [(decision.address, kinds[decision.address.kind].arm) for decision in plan.of(Action.CREATE)]
    return [
        (f"name {address}", partial(names.fault, cloud, arm, address.name, location))
        for address, arm in made
        if arm and arm.named_at
    ]


def _asked(cloud: Cloud, facts: Facts, jobs: list[Job]) -> Facts:
    """`facts` with all answers. A question that Azure does not answer is recorded in `skipped`, with the reason."""
    answers: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    unregistered = set()
    with ThreadPoolExecutor(THREADS) as threads:
        for name, future in [(name, threads.submit(ask)) for name, ask in jobs]:
            try:
                with translated():
                    answers[name] = future.result()
            except NotRegistered as error:  # the first apply registers it, and later plans can check
                unregistered.add(error.namespace)
                skipped[name] = str(error)
            except Exception as error:  # a check that cannot be made must not keep the plan from being made
                skipped[name] = (str(error).splitlines() or [type(error).__name__])[0]
    return replace(
        facts,
        sizes=answers.get("sizes"),
        images=answers.get("images"),
        galleries={
            key.removeprefix("gallery "): answer for key, answer in answers.items() if key.startswith("gallery ")
        },
        names={Address.parse(key[5:]): answer for key, answer in answers.items() if key.startswith("name ")},
        state=answers.get("subscription", ""),
        permissions=answers.get("permissions"),
        subnets={
            key: subnet for name, told in answers.items() if name.startswith("subnet ") for key, subnet in told.items()
        },
        rooms={key[5:]: room for key, room in answers.items() if key.startswith("room ") and room},
        regions={
            key: there for name, told in answers.items() if name.startswith("regions ") for key, there in told.items()
        },
        spent=tuple(key[6:] for key, spent in answers.items() if key.startswith("spent ") and spent),
        skipped=skipped,
        unregistered=frozenset(unregistered - {""}),
    )


def _images(cloud: Cloud) -> tuple[Image, ...]:
    images = []
    for supported in cloud.batch().list_supported_images():
        reference, ends = supported.image_reference, supported.batch_support_end_of_life
        urn = f"{reference.publisher}:{reference.offer}:{reference.sku}".lower()
        containers = "DockerCompatible" in (supported.capabilities or ())
        images.append(Image(urn, supported.node_agent_sku_id, _utc(ends) if ends else None, containers))
    return tuple(images)


def _utc(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _regions(cloud: Cloud, image: str) -> tuple[str, ...]:
    raw = arm.get(cloud, image)
    profile = ((raw or {}).get("properties") or {}).get("publishingProfile") or {}
    return tuple(arm.region(region["name"]) for region in profile.get("targetRegions") or ())
