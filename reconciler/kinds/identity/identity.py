"""A user-assigned managed identity: what tasks on nodes act as, without any secret.

Tags and isolation scope change in place; the location never does. Replacing it is refused, because that would change
its principal, which its roles are assigned to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.cloud import arm
from reconciler.kind import UNOWNED, ArmType, Kind, permissions
from reconciler.kind.arm import Plain
from reconciler.kind.going import Neighbours, User
from reconciler.kind.inverse import Inverse, tracked
from reconciler.kind.permissions import Permissions
from reconciler.model import Address, Desired, Observed, Rule
from reconciler.spec.identities import IDENTITIES
from reconciler.spec.spec import Spec

NAME = "identity"
ARM = ArmType(IDENTITIES, "2024-11-30")
FIELDS = {**arm.TAGGED, "properties.isolationScope": Rule.LIVE}


def expand(spec: Spec) -> Iterable[Desired]:
    group = Address("resource_group", spec.azure.resource_group)
    for name, section in spec.identities.items():
        body, existing = arm.tagged(spec, section), section["existing"]
        yield Desired(Address(NAME, name), body, (group,), section["protect"], existing=existing)


def users(neighbours: Neighbours, identity: Observed) -> Iterator[User]:
    """The pools and other resources of the subscription that act as it."""
    return (other for used, other in neighbours.identified() if used == identity.id.lower())


KIND = Kind(
    name=NAME,
    arm=ARM,
    unowned=UNOWNED,
    fields=FIELDS,
    expand=expand,
    **Plain(name=NAME, arm=ARM, users=users).verbs(),
    users=users,
    permissions=Permissions(around=(permissions.ACCOUNT, f"{permissions.POOLS}/read", permissions.RESOURCES)),
    section="identities",
    outputs={"clientId": "properties.clientId", "principalId": "properties.principalId"},
    inverse=Inverse(say=tracked, tagged=True),
)
