"""A gallery, which contains image definitions and their versions.

Tags, description and soft delete change in place; location and sharing do not. It is never replaced, because that would
delete its images. It is empty when it contains no definition.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.cloud import arm
from reconciler.kind import ArmType, Kind
from reconciler.kind.arm import Plain
from reconciler.model import Address, Desired, Rule
from reconciler.spec.spec import Spec

NAME = "gallery"
ARM = ArmType("Microsoft.Compute/galleries", "2024-03-03")
FIELDS = {
    **arm.TAGGED,
    "identity": Rule.LIVE,
    "properties.description": Rule.LIVE,
    "properties.identifier": Rule.IGNORE,
    "properties.sharingProfile": Rule.REFUSE,
    "properties.softDeletePolicy": Rule.LIVE,
}


def expand(spec: Spec) -> Iterable[Desired]:
    group = Address("resource_group", spec.azure.resource_group)
    used = spec.galleries
    for name in dict.fromkeys([*(image["gallery"] for image in spec.images.values()), *used]):
        protect = any(image["protect"] for image in spec.images.values() if image["gallery"] == name)
        yield Desired(Address(NAME, name), arm.tagged(spec, {}), (group,), protect, existing=name in used)


PLAIN = Plain(name=NAME, arm=ARM, written=lambda body: {**body, "properties": {}}, holds="images")
KIND = Kind(
    name=NAME,
    arm=ARM,
    unowned="galleries: {NAME: {existing: true}}",
    fields=FIELDS,
    expand=expand,
    **PLAIN.verbs(),
    users=PLAIN.inside,
    inverse="what its images are made of is not to be seen; pools boot their versions",
)
