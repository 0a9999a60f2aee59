"""Subnets as other sections of a spec name them, `networks/NETWORK/SUBNET`, made into ids. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.spec import networks

Value = Mapping[str, Any]


def given(value: Value) -> dict[str, Any]:
    """The sections of a spec with the id of each subnet that they name."""

    def pool(entry: Value) -> dict[str, Any]:
        network = entry.get("networkConfiguration")
        return {**entry, "networkConfiguration": _with(value, network, "subnetId")} if network else dict(entry)

    def image(entry: Value) -> dict[str, Any]:
        machine = entry.get("buildVm")
        return {**entry, "buildVm": _with(value, machine, "subnet")} if machine else dict(entry)

    def account(entry: Value | None) -> dict[str, Any]:
        rules = (entry or {}).get("networkAcls")
        if not entry or not rules or "virtualNetworkRules" not in rules:
            return dict(entry or {})
        subnets = [_id(value, subnet) for subnet in rules["virtualNetworkRules"]]
        return {**entry, "networkAcls": {**rules, "virtualNetworkRules": subnets}}

    placed = {"pools": pool, "images": image, "storage": account}
    named = {
        key: {name: each(entry) for name, entry in value[key].items()} for key, each in placed.items() if value.get(key)
    }
    return {**value, **named}


def _with(value: Value, entry: Value, key: str) -> dict[str, Any]:
    return {**entry, key: _id(value, entry[key])} if key in entry else dict(entry)


def _id(value: Value, text: str) -> str:
    section, _, name = text.partition("/")
    if section != networks.SECTION:
        return text
    network, _, subnet = name.partition("/")
    azure, entry = value.get("azure") or {}, (value.get(networks.SECTION) or {}).get(network) or {}
    subscription = entry.get("subscription", azure.get("subscription", ""))
    group = entry.get("resourceGroup", azure.get("resourceGroup", ""))
    where = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{networks.NETWORKS}"
    return f"{where}/{network}/subnets/{subnet}"
