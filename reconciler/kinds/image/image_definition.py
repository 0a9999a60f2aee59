"""An image definition: what all versions of a VM image have in common.

Tags, description, end of life and recommendations change in place; system, generation and identifier never do. It is
never replaced, because that would delete its versions. It is empty when it has no version.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.azure import images
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.kind import ArmType, Kind
from reconciler.kind.arm import Plain, Raw
from reconciler.kinds.image import version_use
from reconciler.model import Address, Desired, Observed, Rule
from reconciler.spec.spec import Spec

NAME = "image_definition"
ARM = ArmType("Microsoft.Compute/galleries/images", "2024-03-03")
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
        yield Desired(Address(NAME, name), body, refs, image["protect"], data, existing=about["existing"])


def _gallery(cloud: Cloud, name: str) -> str:
    return cloud.id_of(version_use.GALLERIES, name)


def _id(cloud: Cloud, resource: Desired | Observed) -> str:
    if isinstance(resource, Desired):
        return f"{_gallery(cloud, resource.data['gallery'])}/images/{resource.address.name}"
    gallery, _, name = resource.address.name.partition("/")
    return resource.id or f"{_gallery(cloud, gallery)}/images/{name}"


def _rows(cloud: Cloud, wanted: Iterable[Desired]) -> Iterator[tuple[str, Raw]]:
    """The definitions in galleries of the spec and of ours; named `GALLERY/NAME` if they are not in the spec."""
    named = {desired.address.name: desired.data["gallery"] for desired in wanted}
    places = {gallery: _gallery(cloud, gallery) for gallery in named.values()}
    places |= {place.rpartition("/")[2]: place for place in version_use.galleries(cloud)}
    for gallery, place in sorted(places.items()):
        for raw in arm.listing(cloud, f"{place}/images", ARM.api_version):
            name = raw["name"]
            yield name if gallery == named.get(name) else f"{gallery}/{name}", raw


KIND = Kind(
    name=NAME,
    arm=ARM,
    unowned="definition: {existing: true}",
    fields=FIELDS,
    expand=expand,
    **Plain(name=NAME, arm=ARM, place=_id, rows=_rows, patched=("properties",), holds="versions").verbs(),
    users=version_use.of_definition,
    noun="image",
    section="images",
    inverse="what it is made of is not to be seen; pools boot its versions",
)
