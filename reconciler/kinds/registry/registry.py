"""A container registry: where container images are built and kept.

Tags, sku and access settings change in place; the location does not. It is never replaced, because that would delete
its images. Deleting it deletes them too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from reconciler.cloud import arm
from reconciler.kind import ArmType, Kind
from reconciler.kind.arm import Plain
from reconciler.kind.inverse import Inverse, Known, Section, tracked
from reconciler.kind.words import without
from reconciler.model import Address, Desired, Observed, Rule
from reconciler.spec.schema import defaults
from reconciler.spec.spec import Spec

NAME = "registry"
ARM = ArmType("Microsoft.ContainerRegistry/registries", "2025-04-01", named_at="Microsoft.ContainerRegistry")
CREATE_ONLY = (
    "properties.encryption",
    "properties.zoneRedundancy",
)
CHANGEABLE = (
    "identity",
    "sku",
    "properties.adminUserEnabled",
    "properties.anonymousPullEnabled",
    "properties.dataEndpointEnabled",
    "properties.networkRuleBypassOptions",
    "properties.networkRuleSet",
    "properties.policies",
    "properties.publicNetworkAccess",
)
FIELDS = {**arm.TAGGED, **dict.fromkeys(CREATE_ONLY, Rule.REFUSE), **dict.fromkeys(CHANGEABLE, Rule.LIVE)}


def expand(spec: Spec) -> Iterable[Desired]:
    group = Address("resource_group", spec.azure.resource_group)
    for name, section in spec.registries.items():
        body = {
            **arm.tagged(spec, section),
            "sku": {"name": section["sku"]},
            "properties": {"adminUserEnabled": False},
        }
        yield Desired(Address(NAME, name), body, (group,), section["protect"])


def entry(observed: Observed, known: Known, notes: list[str]) -> Section:
    """The entry of a live registry in a spec."""
    sku = observed.body["sku"]["name"]
    return {**without({"sku": sku}, defaults(NAME)), **tracked(observed, known, notes)}


KIND = Kind(
    name=NAME,
    arm=ARM,
    fields=FIELDS,
    expand=expand,
    **Plain(name=NAME, arm=ARM, unset={"adminUserEnabled": False}, patched=("sku", "properties")).verbs(),
    ready_within=timedelta(minutes=15),
    keys={"sku.name": "sku"},
    usual={"properties": {"adminUserEnabled": False}},
    section="registries",
    outputs={"loginServer": "properties.loginServer"},
    inverse=Inverse(say=entry, tagged=True, unseen="builds"),
)
