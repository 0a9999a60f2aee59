"""A federated credential of an identity: whose tokens, of which issuer, are exchanged for the identity's own.

Issuer, subject and audience change in place. Azure keeps no tags or description with one, so it belongs to whom its
identity belongs; and it refuses writes to one identity at the same time, so they take turns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler import marks
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.kind import ArmType, Kind
from reconciler.kind.arm import Plain, Raw, Verbs
from reconciler.kind.inverse import Inverse, Known, Section
from reconciler.kind.words import without
from reconciler.model import Address, Desired, Diff, Mark, Observed, Rule
from reconciler.spec.identities import IDENTITIES
from reconciler.spec.schema import defaults
from reconciler.spec.spec import Spec

NAME = "federated_identity_credential"
ARM = ArmType(f"{IDENTITIES}/federatedIdentityCredentials", "2024-11-30")
FIELDS = dict.fromkeys(("properties.issuer", "properties.subject", "properties.audiences"), Rule.LIVE)


def expand(spec: Spec) -> Iterable[Desired]:
    for identity, section in spec.identities.items():
        for credential in section["federatedCredentials"]:
            properties = {
                "issuer": credential["issuer"],
                "subject": credential["subject"],
                "audiences": list(credential["audiences"]),
            }
            address = Address(NAME, f"{identity}/{credential['name']}")
            yield Desired(address, {"properties": properties}, (Address("identity", identity),), section["protect"])


def _id(cloud: Cloud, resource: Desired | Observed) -> str:
    identity, _, name = resource.address.name.partition("/")
    return f"{cloud.id_of(IDENTITIES, identity)}/federatedIdentityCredentials/{name}"


def _rows(cloud: Cloud, wanted: Iterable[Desired]) -> Iterator[tuple[str, Raw]]:
    """Those of every identity in the group, each with the tags of its identity, which tell whose it is."""
    for identity in arm.listing(cloud, f"{cloud.group_id}/providers/{IDENTITIES}"):
        for raw in arm.listing(cloud, f"{identity['id']}/federatedIdentityCredentials", ARM.api_version):
            yield f"{identity['name']}/{raw['name']}", {**raw, "tags": identity.get("tags") or {}}


def observe(cloud: Cloud, resource: Desired | Observed) -> Observed | None:
    """One by itself, marked as its identity is."""
    seen = PLAIN["observe"](cloud, resource)
    if seen is None:
        return None
    identity = arm.get(cloud, seen.id.rpartition("/federatedIdentityCredentials/")[0]) or {}
    return replace(seen, mark=marks.mark_of(identity.get("tags")))


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    return arm.put(cloud, _id(cloud, desired), desired.body, ARM.api_version)


def update(cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, diff: Diff) -> Operation | None:
    return arm.put(cloud, observed.id, desired.body, ARM.api_version)


def _entry(observed: Observed, known: Known, notes: list[str]) -> Section:
    properties: Mapping[str, Any] = observed.body["properties"]
    section = {name: properties[name] for name in ("issuer", "subject", "audiences")}
    return {"name": observed.address.name.partition("/")[2], **without(section, defaults(NAME))}


def _place(observed: Observed, known: Known) -> tuple[str, ...]:
    identity = observed.id.rpartition("/federatedIdentityCredentials/")[0]
    return "identities", known.used("identity", identity), "federatedCredentials"


def _turn(address: Address) -> str:
    """Its identity."""
    return address.name.partition("/")[0]


PLAIN = Plain(name=NAME, arm=ARM, place=_id, rows=_rows).verbs()
VERBS: Verbs = {**PLAIN, "observe": observe, "create": create, "update": update}
KIND = Kind(
    name=NAME,
    arm=ARM,
    fields=FIELDS,
    expand=expand,
    **VERBS,
    turn=_turn,
    noun="federated credential",
    inverse=Inverse(say=_entry, place=_place, appended=True),
)
