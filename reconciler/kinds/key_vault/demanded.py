"""What must be in a vault and is made by whoever keeps it: it is looked for, and never written, changed or deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.kind import UNOWNED, ArmType, Kind, unread
from reconciler.kinds.key_vault.key_vault import ARM as VAULT
from reconciler.kinds.key_vault.key_vault import KeyVault
from reconciler.model import Address, Desired, Diff, Health, Mark, Observed, Rule
from reconciler.spec.spec import Spec
from reconciler.words import count

SOON = timedelta(days=30)
"""How long before its end it is told of."""


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of what is in a vault: its collection, the command that makes one of it, and its properties in Azure.

    said: how a vault of a spec lists it, if not by the name of the collection.
    """

    kind: str
    collection: str
    makes: str
    properties: tuple[str, ...]
    said: str = ""

    @property
    def type(self) -> ArmType:
        return ArmType(f"{VAULT.name}/{self.collection}", VAULT.api_version)


def expand(part: Part, spec: Spec, vaults: Mapping[str, KeyVault]) -> Iterator[Desired]:
    for vault, section in vaults.items():
        for name in section[part.said or part.collection]:  # type: ignore[literal-required]
            command = part.makes.format(vault=vault, name=name)
            waits = f"is not in the vault yet; make it: {command}"
            address, there = Address(part.kind, f"{vault}/{name}"), Address("key_vault", vault)
            yield Desired(address, {}, (there,), waits=waits, existing=True)


def kind(part: Part, expand: Callable[[Spec], Iterable[Desired]]) -> Kind:
    def place(cloud: Cloud, resource: Desired | Observed) -> str:
        vault, _, name = resource.address.name.partition("/")
        return f"{cloud.id_of(VAULT.name, vault)}/{part.collection}/{name}"

    def observe(cloud: Cloud, resource: Desired | Observed) -> Observed | None:
        raw = arm.get(cloud, place(cloud, resource), part.type.api_version)
        return _observed(cloud, resource.address, raw) if raw else None

    def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterator[Observed]:
        """Those that are asked for: one list for each of their vaults."""
        vaults: dict[str, list[Desired]] = {}
        for desired in wanted:
            vaults.setdefault(place(cloud, desired).rpartition("/")[0], []).append(desired)
        for collection, some in vaults.items():
            yield from unread.attempted(
                f"the {part.collection} of {some[0].address.name.partition('/')[0]}",
                lambda collection=collection, some=some: list(_among(cloud, collection, some)),  # type: ignore[misc]
                lambda why, some=some: [unread.unknown(desired.address, why) for desired in some],  # type: ignore[misc]
            )

    def _among(cloud: Cloud, collection: str, wanted: Iterable[Desired]) -> Iterator[Observed]:
        rows = {raw["name"].lower(): raw for raw in arm.listing(cloud, collection, part.type.api_version)}
        for desired in wanted:
            if raw := rows.get(desired.address.name.partition("/")[2].lower()):
                yield _observed(cloud, desired.address, raw)

    return Kind(
        name=part.kind,
        arm=part.type,
        fields=dict.fromkeys(("tags", *(f"properties.{name}" for name in part.properties)), Rule.IGNORE),
        expand=expand,
        reads=("key_vault",),
        list=list_,
        observe=observe,
        create=_nothing,
        update=_nothing_changes,
        delete=lambda cloud, observed: None,
        place=place,
        unowned=UNOWNED,
        tell=_told,
        maps=(),
        deletable=False,
        inverse="its vault's spec says which must be there",
    )


def _nothing(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    return None


def _nothing_changes(cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, diff: Diff) -> Operation | None:
    return None


def _observed(cloud: Cloud, address: Address, raw: Mapping[str, Any]) -> Observed:
    attributes = raw["properties"].get("attributes") or {}
    fault = _fault(attributes, cloud.time)
    health = Health.FAILED if fault else Health.READY
    body = {"properties": {"attributes": attributes}}
    return Observed(address, raw["id"], body, health=health, detail=fault, byproduct=True)  # it goes with its vault


def _fault(attributes: Mapping[str, Any], now: datetime) -> str:
    """Why it is of no use now."""
    if attributes.get("enabled") is False:
        return "is disabled, so that nobody can use it"
    if (ends := _moment(attributes, "exp")) and ends <= now:
        return f"expired on {ends.date()}"
    return ""


def _told(cloud: Cloud, observed: Observed) -> tuple[str, ...]:
    """When it ends, if that is soon."""
    ends = _moment(observed.body["properties"]["attributes"], "exp")
    if ends is None or not cloud.time < ends < cloud.time + SOON:
        return ()
    return (f"expires in {count((ends - cloud.time).days, 'day')}",)


def _moment(attributes: Mapping[str, Any], name: str) -> datetime | None:
    seconds = attributes.get(name)
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
