"""A container registry: where container images are built and kept.

Tags, sku and access settings change in place; the location does not. It is never replaced, because that would delete
its images. Deleting it deletes them too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from reconciler.cloud import arm, registries
from reconciler.cloud.cloud import Cloud
from reconciler.kind import UNOWNED, ArmType, Kind, permissions
from reconciler.kind.arm import Plain
from reconciler.kind.going import Neighbours, User, user
from reconciler.kind.inverse import Inverse, Known, Section, tracked
from reconciler.kind.permissions import Permissions
from reconciler.kind.traits import Traits
from reconciler.kind.words import without
from reconciler.model import Address, Desired, Observed, Rule
from reconciler.spec.schema import defaults
from reconciler.spec.sections import Registry as Entry
from reconciler.spec.spec import Spec
from reconciler.words import count

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
COUNTED = 1_000
"""How many repositories a plan counts."""
FIELDS = {**arm.TAGGED, **dict.fromkeys(CREATE_ONLY, Rule.REFUSE), **dict.fromkeys(CHANGEABLE, Rule.LIVE)}


def expand(spec: Spec) -> Iterable[Desired]:
    group = Address("resource_group", spec.azure.resource_group)
    for name, section in spec.registries.items():
        body = {
            **arm.tagged(spec, section),
            "sku": {"name": section["sku"]},
            "properties": {"adminUserEnabled": False, **_access(section)},
        }
        yield Desired(Address(NAME, name), body, (group,), section["protect"], existing=section["existing"])


def _access(section: Entry) -> dict[str, str]:
    """Whether it is open to the internet, if the spec says so."""
    return {"publicNetworkAccess": section["publicNetworkAccess"]} if "publicNetworkAccess" in section else {}


def public(desired: Desired) -> str:
    return "" if desired.body["properties"].get("publicNetworkAccess") == "Disabled" else OPEN


def entry(observed: Observed, known: Known, notes: list[str]) -> Section:
    """The entry of a live registry in a spec."""
    sku = observed.body["sku"]["name"]
    access = observed.body["properties"].get("publicNetworkAccess")
    shut = {"publicNetworkAccess": access} if access == "Disabled" else {}
    return {**without({"sku": sku}, defaults(NAME)), **shut, **tracked(observed, known, notes)}


def users(neighbours: Neighbours, registry: Observed) -> Iterator[User]:
    """The pools of the subscription that pull from it."""
    server = registry.body["properties"].get("loginServer")
    for pool in neighbours.pools:
        machine = (pool["properties"].get("deploymentConfiguration") or {}).get("virtualMachineConfiguration") or {}
        logins = (machine.get("containerConfiguration") or {}).get("containerRegistries") or ()
        if any(login.get("registryServer") == server for login in logins):
            yield user(pool)


def goes(cloud: Cloud, registry: Observed, anew: Desired | None) -> str:
    """How many repositories of images it holds, counted up to a bound."""
    names = registries.repositories(cloud, registry.body["properties"]["loginServer"], COUNTED + 1)
    if len(names) > COUNTED:
        return f"more than {count(COUNTED, 'repository', ',')} of images"
    return f"{count(len(names), 'repository')} of images" if names else ""


OPEN = "is open to the internet; write sku: Premium, publicNetworkAccess: Disabled and network: private"


KIND = Kind(
    name=NAME,
    arm=ARM,
    unowned=UNOWNED,
    fields=FIELDS,
    expand=expand,
    **Plain(
        name=NAME,
        arm=ARM,
        unset={"adminUserEnabled": False},
        patched=("sku", "properties"),
        users=users,
    ).verbs(),
    goes=goes,
    users=users,
    permissions=Permissions(
        checks=("Microsoft.ContainerRegistry/checkNameAvailability/read",),
        deletes=(permissions.PULL,),
        around=(permissions.ACCOUNT, f"{permissions.POOLS}/read"),
    ),
    ready_within=timedelta(minutes=15),
    keys={"sku.name": "sku"},
    usual={"properties": {"adminUserEnabled": False}},
    section="registries",
    traits=Traits(public=public, data=True),
    outputs={"loginServer": "properties.loginServer"},
    inverse=Inverse(say=entry, tagged=True, unseen="builds"),
)
