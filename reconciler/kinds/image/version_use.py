"""Image versions that are not the current one: which are kept, which are too many, and who uses them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler import marks
from reconciler.cloud import arm, pairs
from reconciler.cloud.cloud import Cloud
from reconciler.kind.going import Neighbours, User, user
from reconciler.kinds.image import version_tags
from reconciler.model import Address, Observed
from reconciler.words import count

GALLERIES = "Microsoft.Compute/galleries"


def others(
    cloud: Cloud,
    kind: str,
    raws: Iterable[dict[str, Any]],
    keep: int | None,
    pinned: Container[str] = (),
) -> Iterator[Observed]:
    """Versions of ours from `raws`, newest first: the first `keep`, and those in use, are kept.

    If `keep` is None, the image is no longer in the spec. Pools of ours do not count as users, because they will boot
    what the spec says; the versions that the spec names are in `pinned` (ids in lower case).
    """
    used: Mapping[str, list[User]] | None = None
    neighbours = Neighbours(cloud)
    for place, raw in enumerate(raws):
        version = observed(Address(kind, name(raw)), raw)
        if keep is None:
            yield version
            continue
        if place >= keep and used is None:
            used = users(neighbours)
        theirs = [user for user in (used or {}).get(raw["id"].lower(), ()) if not ours(cloud, user)]
        kept = place < keep or bool(theirs) or raw["id"].lower() in pinned
        yield replace(version, kept=kept, surplus=f"more than {count(keep + 1, 'version')}")


def name(raw: Mapping[str, Any]) -> str:
    """The name of a version that is not the current one: `GALLERY/IMAGE/VERSION`."""
    parts = raw["id"].split("/")
    return f"{parts[-5]}/{parts[-3]}/{parts[-1]}"


def id_of(cloud: Cloud, version: Observed) -> str:
    """The id of a version: as it was observed, or from its name."""
    if version.id:
        return version.id
    gallery, image, number = version.address.name.split("/")
    return f"{cloud.id_of(GALLERIES, gallery)}/images/{image}/versions/{number}"


def observed(address: Address, raw: dict[str, Any]) -> Observed:
    state = raw["properties"].get("provisioningState")
    mark = marks.mark_of(raw.get("tags"))
    return Observed(address, raw["id"], version_tags.body(raw), mark, arm.health(state), arm.detail(state))


def definitions(cloud: Cloud) -> Iterator[dict[str, Any]]:
    """The image definitions of ours, in galleries of ours and in those that the spec uses."""
    for gallery in galleries(cloud):
        for raw in arm.listing(cloud, f"{gallery}/images"):
            if marks.is_ours(cloud.owner, raw.get("tags")):
                yield raw


def galleries(cloud: Cloud) -> list[str]:
    """The ids of the galleries of ours, and of those that the spec uses without owning them."""
    raws = arm.listing(cloud, f"{cloud.group_id}/providers/{GALLERIES}")
    ours = [str(raw["id"]) for raw in raws if marks.is_ours(cloud.owner, raw.get("tags"))]
    return [*ours, *(cloud.id_of(GALLERIES, name) for name in cloud.target.used(GALLERIES))]


def users(neighbours: Neighbours) -> dict[str, list[User]]:
    """Image id in lower case → who boots it: pools and machines of the subscription, and schedules of our account.

    An image that is named without a version is booted by whichever is the latest.
    """
    by_image: dict[str, list[User]] = {}
    for pool in neighbours.pools:
        machine = (pool["properties"].get("deploymentConfiguration") or {}).get("virtualMachineConfiguration") or {}
        by_image.setdefault(_image(machine), []).append(user(pool))
    for machine in neighbours.machines:
        by_image.setdefault(_image(machine["properties"].get("storageProfile") or {}), []).append(user(machine))
    for image, schedule in _scheduled(neighbours.cloud):
        by_image.setdefault(image, []).append(schedule)
    return by_image


def of_version(neighbours: Neighbours, version: Observed) -> Iterator[User]:
    """Who boots a version by its id, or its image without saying which."""
    if version.id:
        by_image, (image, _, _) = users(neighbours), version.id.lower().partition("/versions/")
        yield from by_image.get(version.id.lower(), ())
        yield from _latest(neighbours, by_image, image)


def of_definition(neighbours: Neighbours, definition: Observed) -> Iterator[User]:
    """The versions of an image, and who boots it without saying which."""
    for raw in arm.listing(neighbours.cloud, f"{definition.id}/versions"):
        yield User(raw["id"], f"version {raw['name']}")
    yield from _latest(neighbours, users(neighbours), definition.id.lower())


def _latest(neighbours: Neighbours, by_image: Mapping[str, list[User]], image: str) -> Iterator[User]:
    """Who boots the latest version of an image, but for jobs and schedules of this spec: these take what there is."""
    yield from (user for user in by_image.get(image, ()) if not ours(neighbours.cloud, user))


def _image(settings: Mapping[str, Any]) -> str:
    return str((settings.get("imageReference") or {}).get("id", "")).lower()


def ours(cloud: Cloud, pool: User) -> bool:
    """Whether a pool or a job schedule is of this spec, and so will boot what the spec says."""
    return f"{pool.id}/".lower().startswith(f"{cloud.account_id}/".lower()) and pool.owner == cloud.owner


def _scheduled(cloud: Cloud) -> Iterator[tuple[str, User]]:
    """(image id, its job schedule) for each schedule of our account that boots an image version."""
    if cloud.account_id is None or arm.get(cloud, cloud.account_id) is None:
        return
    for schedule in cloud.batch().list_job_schedules():
        automatic = schedule.job_specification.pool_info.auto_pool_specification
        pool = automatic.pool if automatic else None
        machine = pool.virtual_machine_configuration if pool else None
        if machine is not None and machine.image_reference.virtual_machine_image_id:
            mark = marks.mark_of(pairs.mapped(schedule.as_dict().get("metadata")))
            place, name = f"{cloud.account_id}/jobSchedules/{schedule.id}", f"job schedule {schedule.id}"
            yield (
                machine.image_reference.virtual_machine_image_id.lower(),
                User(place, name, mark.owner if mark else ""),
            )
