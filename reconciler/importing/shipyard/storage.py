"""The storage and registries that a configuration of Batch Shipyard uses, and who reaches them.

Shipyard kept names and keys of accounts in credentials.yaml, which is not read: elsewhere they have aliases. In a spec
the nodes reach accounts and registries as an identity of their pool.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from reconciler.importing.shipyard import names
from reconciler.importing.shipyard.part import Part

ACR = ".azurecr.io"


@dataclass(slots=True)
class Storage:
    """What is used, as far as is known: account → containers, and names of registries."""

    identity: str
    accounts: dict[str, list[str]] = field(default_factory=dict)
    registries: list[str] = field(default_factory=list)

    def place(self, part: Part, container: str) -> str:
        """`storage/ACCOUNT/CONTAINER` for the alias of an account; both are then in the spec, and to be filled in."""
        alias = part.text("storage_account_settings") or "storage"
        account = names.account(alias)
        if account not in self.accounts:
            told = f"{account} stands for the account that Shipyard called {alias}; put its real name here and below"
            part.told.open[f"storage.{account}"] = f"{told}, with existing: true and its resourceGroup if it is there"
        containers = self.accounts.setdefault(account, [])
        named = names.container(container)
        if named != container:
            part.told.open[f"storage.{account}.containers.{named}"] = f"stands for {container!r}, which is no name"
        if named not in containers:
            containers.append(named)
        return f"storage/{account}/{named}"

    def registry(self, server: str) -> bool:
        """Note the registry of a login server; whether it is one of Azure, which an identity can pull from."""
        match = re.fullmatch(rf"([a-z0-9]{{5,50}}){re.escape(ACR)}", server.lower())
        if match and match[1] not in self.registries:
            self.registries.append(match[1])
        return match is not None

    @property
    def used(self) -> bool:
        return bool(self.accounts or self.registries)

    def sections(self) -> dict[str, Any]:
        """What the spec says of them."""
        accounts = {account: {"containers": containers} for account, containers in self.accounts.items()}
        registries: dict[str, Any] = {name: {"existing": True} for name in self.registries}
        roles = [{"role": "Storage Blob Data Contributor", "scope": f"storage/{name}"} for name in accounts]
        roles += [{"role": "AcrPull", "scope": f"registries/{name}"} for name in registries]
        return {
            **({"storage": accounts} if accounts else {}),
            **({"registries": registries} if registries else {}),
            **({"identities": {self.identity: {"roles": roles}}} if roles else {}),
        }
