"""The spec entries of live storage accounts and their containers: the inverse of their `expand`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from reconciler.kind.inverse import Known, Section, protect, tracked
from reconciler.kind.words import Unsayable, definition, pairs, without
from reconciler.kinds.storage import ways
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
"""The settings of a storage account that a spec can hold."""
USUAL = {"defaultAction": "Allow", "bypass": "AzureServices", "virtualNetworkRules": [], "ipRules": []}
"""The network rules of an account that has none."""
PACKAGES = re.compile(r"app-.+-[0-9a-f]{32,}")
"""Containers that Batch makes for application packages."""


def account(observed: Observed, known: Known, notes: list[str]) -> Section:
    observed = replace(observed, body=ways.without(observed.body, ways.standing(observed.body["tags"])))
    properties = observed.body["properties"]
    settings = {**properties, "sku": observed.body["sku"]["name"], "kind": observed.body["kind"]}
    section = without({name: settings[name] for name in SAID}, defaults("storage_account"))
    rules = properties.get("networkAcls") or {}
    if any(rules.get(name) != value for name, value in USUAL.items()) and rules:
        section["networkAcls"] = without(
            rules, {**defaults("storage_account", "networkAcls"), "ipRules": [], "virtualNetworkRules": []}
        )
    return {**section, **tracked(observed, known, notes)}


def finished(section: Section) -> Section:
    """The section with its containers as a list of names if none of them has settings."""
    containers = section.get("containers", {})
    if containers and not any(containers.values()):
        return {**section, "containers": sorted(containers)}
    return section


def container(observed: Observed, known: Known, notes: list[str]) -> Section:
    parent = within(observed.address)
    if parent.name not in known.names(parent.kind):
        raise Unsayable("its storage account is left out")
    shape = definition("container")["properties"]["metadata"]
    metadata = pairs(observed.body["properties"]["metadata"], shape, "metadata", notes)
    return {**({"metadata": metadata} if metadata else {}), **protect(observed)}


def place(observed: Observed, known: Known) -> tuple[str, ...]:
    """The path of a container in a spec."""
    account, name = observed.address.name.split("/")
    return "storage", account, "containers", name


def within(address: Address) -> Address:
    """The address of the account that a container is in."""
    return Address("storage_account", address.name.split("/")[0])


def outside(observed: Observed, account: str | None) -> str:
    """Why a container cannot be in any spec, or empty."""
    match = PACKAGES.fullmatch(observed.address.name.split("/")[1])
    return "Batch made it for application packages" if match else ""


def inside(live: Iterable[Observed]) -> Iterator[Desired]:
    """One made-up container for each account among `live`, which makes the list of containers cover that account."""
    for observed in live:
        if observed.address.kind == "storage_account":
            yield Desired(Address("container", f"{observed.address.name}/*"), {})
