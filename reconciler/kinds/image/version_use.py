"""Image versions that are not the current one: which are kept, which are too many, and who uses them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler import marks
from reconciler.cloud import arm, pairs
from reconciler.cloud.cloud import Cloud
from reconciler.kinds.image import version_tags
from reconciler.model import Address, Observed
from reconciler.words import count


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
    for place, raw in enumerate(raws):
        version = observed(Address(kind, name(raw)), raw)
        if keep is None:
            yield version
            continue
        if place >= keep and used is None:
            used = users(cloud)
        theirs = [user for user in (used or {}).get(raw["id"].lower(), ()) if not user.ours]
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
    return f"{cloud.group_id}/providers/Microsoft.Compute/galleries/{gallery}/images/{image}/versions/{number}"


def observed(address: Address, raw: dict[str, Any]) -> Observed:
    state = raw["properties"].get("provisioningState")
    mark = marks.mark_of(raw.get("tags"))
    return Observed(address, raw["id"], version_tags.body(raw), mark, arm.health(state), arm.detail(state))


def definitions(cloud: Cloud) -> Iterator[dict[str, Any]]:
    """The image definitions of ours, in galleries of ours."""
    for gallery in arm.listing(cloud, f"{cloud.group_id}/providers/Microsoft.Compute/galleries"):
        if not marks.is_ours(cloud.owner, gallery.get("tags")):
            continue
        for raw in arm.listing(cloud, f"{gallery['id']}/images"):
            if marks.is_ours(cloud.owner, raw.get("tags")):
                yield raw


@dataclass(frozen=True, slots=True)
class User:
    """What boots a version: a pool, ours or not, or a job schedule."""

    name: str
    ours: bool = False


def users(cloud: Cloud) -> dict[str, list[User]]:
    """Image version id in lower case → its users: pools of the subscription, and schedules of our account."""
    place = f"/subscriptions/{cloud.target.subscription}/providers/Microsoft.Batch/batchAccounts"
    by_image: dict[str, list[User]] = {}
    for account in arm.listing(cloud, place):
        for pool in arm.listing(cloud, f"{account['id']}/pools"):
            machine = (pool["properties"].get("deploymentConfiguration") or {}).get("virtualMachineConfiguration") or {}
            image = str((machine.get("imageReference") or {}).get("id", "")).lower()
            ours = marks.is_ours(cloud.owner, pairs.mapped(pool["properties"].get("metadata")))
            by_image.setdefault(image, []).append(User(f"{account['name']}/{pool['name']}", ours))
    for image, schedule in _scheduled(cloud):
        by_image.setdefault(image, []).append(User(schedule))
    return by_image


def _scheduled(cloud: Cloud) -> Iterator[tuple[str, str]]:
    """(image id, job schedule) for each schedule of our account that boots an image version."""
    if cloud.account_id is None or arm.get(cloud, cloud.account_id) is None:
        return
    for schedule in cloud.batch().list_job_schedules():
        automatic = schedule.job_specification.pool_info.auto_pool_specification
        pool = automatic.pool if automatic else None
        machine = pool.virtual_machine_configuration if pool else None
        if machine is not None and machine.image_reference.virtual_machine_image_id:
            yield machine.image_reference.virtual_machine_image_id.lower(), f"job schedule {schedule.id}"
