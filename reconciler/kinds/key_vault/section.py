"""The section `keyVaults` of a spec: what must be in a vault is a list or a map, and addresses are public."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reconciler.errors import Problem
from reconciler.spec.document import Document
from reconciler.spec.family import Section
from reconciler.spec.spec import Spec
from reconciler.spec.vault_secrets import SECTION as KEY

PARTS = ("secrets", "certificates", "keys")


def spell(vault: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Names of what must be there, as a map."""
    lists = {part: vault[part] for part in PARTS if isinstance(vault.get(part), list)}
    return {**vault, **{part: dict.fromkeys(names) for part, names in lists.items()}}


def check(document: Document, spec: Spec) -> Iterator[Problem]:
    for name, vault in spec.section(KEY, dict[str, Any]).items():
        for secret in sorted(vault["secrets"].keys() & vault["certificates"].keys()):
            message = f"{secret} is a certificate, too, whose secret has its name; list it in one of the two"
            yield document.problem((KEY, name, "secrets"), message, at_key=True)
        for index, text in enumerate(vault.get("networkAcls", {}).get("ipRules", ())):
            if reason := _fault(text):
                yield document.problem((KEY, name, "networkAcls", "ipRules", index), f"{text!r} {reason}")


def _fault(text: str) -> str:
    """Why a text is no range of public addresses. Documented (Key Vault network security): IPv4 and public only."""
    try:
        there = ipaddress.ip_network(text)
    except ValueError as error:
        return f"is no address or range: {error}; write 203.0.113.7 or 203.0.113.0/24"
    if there.version != 4:
        return "is IPv6, which vaults do not take; write an IPv4 address or range"
    return (
        "is private, and calls come from public addresses; let in a subnet: virtualNetworkRules"
        if _private(there)
        else ""
    )


def _private(there: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    inside = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    return any(there.subnet_of(ipaddress.ip_network(known)) for known in inside)  # type: ignore[arg-type]


SECTION = Section(key=KEY, spell=spell, check=check)
