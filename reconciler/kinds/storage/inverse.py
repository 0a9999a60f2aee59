"""A storage account and its containers in a spec's words: the inverse of their `expand`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from reconciler.kind.inverse import Known, Section, protect, tracked
from reconciler.kind.words import Unsayable, definition, pairs, without
from reconciler.model import Address, Desired, Observed
from reconciler.spec.schema import defaults

SAID = (
    "sku",
    "kind",
    "publicNetworkAccess",
    "allowSharedKeyAccess",
    "allowBlobPublicAccess",
    "minimumTlsVersion",
)
"""What a spec says of a storage account."""
_PACKAGES = re.compile(r"app-.+-[0-9a-f]{32,}")
"""Containers that Batch makes for application packages."""


def account(observed: Observed, known: Known, notes: list[str]) -> Section:
    properties = observed.body["properties"]
    given = {**properties, "sku": observed.body["sku"]["name"], "kind": observed.body["kind"]}
    own = without({name: given[name] for name in SAID}, defaults("storage_account"))
    return {**own, **tracked(observed, known, notes)}


def finished(section: Section) -> Section:
    """Containers without settings as a list."""
    containers = section.get("containers", {})
    if containers and not any(containers.values()):
        return {**section, "containers": sorted(containers)}
    return section


def container(observed: Observed, known: Known, notes: list[str]) -> Section:
    home = within(observed.address)
    if home.name not in known.names(home.kind):
        raise Unsayable("its storage account is left out")
    shape = definition("container")["properties"]["metadata"]
    metadata = pairs(observed.body["properties"]["metadata"], shape, "metadata", notes)
    return {**({"metadata": metadata} if metadata else {}), **protect(observed)}


def place(observed: Observed, known: Known) -> tuple[str, ...]:
    """Where a container stands."""
    account, name = observed.address.name.split("/")
    return "storage", account, "containers", name


def within(address: Address) -> Address:
    """The account of a container."""
    return Address("storage_account", address.name.split("/")[0])


def outside(observed: Observed, account: str | None) -> str:
    """Why a container is nobody's to say."""
    made = _PACKAGES.fullmatch(observed.address.name.split("/")[1])
    return "Batch made it for application packages" if made else ""


def inside(live: Iterable[Observed]) -> Iterator[Desired]:
    """Any container of each of the accounts among `live`, which makes the list of containers tell all of them."""
    for observed in live:
        if observed.address.kind == "storage_account":
            yield Desired(Address("container", f"{observed.address.name}/*"), {})
