"""An image definition: what all versions of a VM image have in common.

Tags, description, end of life and recommendations change in place; system, generation and identifier never do. It is
never replaced, because its versions would go with it. It is empty when it has no version.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler import marks
from reconciler.azure import images
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud, Operation
from reconciler.kind import ArmType, Kind
from reconciler.model import Address, Desired, Diff, Mark, Observed, Rule
from reconciler.spec.spec import Spec

NAME = "image_definition"
FIXED = ("architecture", "hyperVGeneration", "identifier", "osState", "osType", "purchasePlan")
FREE = (
    "allowUpdateImage",
    "description",
    "disallowed",
    "endOfLifeDate",
    "eula",
    "features",
    "privacyStatementUri",
    "recommended",
    "releaseNoteUri",
)
FIELDS = {
    **arm.TAGGED,
    **dict.fromkeys((f"properties.{name}" for name in FIXED), Rule.REFUSE),
    **dict.fromkeys((f"properties.{name}" for name in FREE), Rule.LIVE),
}


def expand(spec: Spec) -> Iterable[Desired]:
    for name, image in spec.images.items():
        about = image["definition"]
        identifier = {
            "publisher": about.get("publisher", spec.name),
            "offer": about.get("offer", image["os"]),
            "sku": about.get("sku", name),
        }
        properties = {
            "osType": "Linux",
            "osState": "Generalized",
            "hyperVGeneration": images.BASES[image["os"]].generation,
            "architecture": "x64",
            "identifier": identifier,
            "description": about.get("description"),
        }
        body = {
            **arm.tagged(spec, image),
            "location": images.home(image.get("regions", {}), spec.azure.location),
            "properties": properties,
        }
        refs = (Address("gallery", image["gallery"]),)
        data = {"gallery": image["gallery"]}
        yield Desired(Address(NAME, name), body, refs, image["protect"], data)


def _galleries(cloud: Cloud) -> str:
    return f"{cloud.group_id}/providers/Microsoft.Compute/galleries"


def _observed(raw: dict[str, Any], name: str) -> Observed:
    state = raw["properties"].get("provisioningState")
    body = {**raw, "location": arm.region(raw["location"]), "tags": marks.without_mark(raw.get("tags"))}
    mark = marks.mark_of(raw.get("tags"))
    return Observed(Address(NAME, name), raw["id"], body, mark, arm.health(state), arm.detail(state))


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    """Those of the galleries that the spec speaks of, and of galleries of ours; `GALLERY/NAME` if not in the spec."""
    galleries = {desired.address.name: desired.data["gallery"] for desired in wanted}
    raws = arm.listing(cloud, _galleries(cloud))
    ours = {raw["name"] for raw in raws if marks.is_ours(cloud.owner, raw.get("tags"))}
    names = {*galleries.values(), *ours}
    for gallery in sorted(names):
        for raw in arm.listing(cloud, f"{_galleries(cloud)}/{gallery}/images"):
            wanted_here = gallery == galleries.get(raw["name"])
            yield _observed(raw, raw["name"] if wanted_here else f"{gallery}/{raw['name']}")


def observe(cloud: Cloud, wanted: Desired | Observed) -> Observed | None:
    raw = arm.get(cloud, _id(cloud, wanted))
    return _observed(raw, wanted.address.name) if raw else None


def _id(cloud: Cloud, wanted: Desired | Observed) -> str:
    if isinstance(wanted, Desired):
        return f"{_galleries(cloud)}/{wanted.data['gallery']}/images/{wanted.address.name}"
    gallery, _, name = wanted.address.name.partition("/")
    return wanted.id or f"{_galleries(cloud)}/{gallery}/images/{name}"


def _wire(desired: Desired) -> dict[str, Any]:
    return {key: value for key, value in desired.body["properties"].items() if value is not None}


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    tags = marks.with_mark(desired.body["tags"], mark)
    body = {**desired.body, "properties": _wire(desired), "tags": tags}
    return arm.put(cloud, _id(cloud, desired), body)


def update(cloud: Cloud, desired: Desired, mark: Mark, found: Observed, diff: Diff) -> Operation | None:
    body = {"tags": marks.replaced_tags(found.body, desired.body, mark), "properties": _wire(desired)}
    return arm.patch(cloud, found.id, body)


def delete(cloud: Cloud, found: Observed) -> Operation | None:
    """Refuses while a version is left: all of ours have been deleted before."""
    left = [f"versions/{raw['name']}" for raw in arm.listing(cloud, f"{found.id}/versions")]
    if left:
        raise arm.occupied(found.address, left)
    return arm.delete(cloud, found.id)


KIND = Kind(
    name=NAME,
    arm=ArmType("Microsoft.Compute/galleries/images", "2024-03-03"),
    fields=FIELDS,
    expand=expand,
    list=list_,
    observe=observe,
    create=create,
    update=update,
    delete=delete,
)
