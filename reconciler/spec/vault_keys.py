"""Keys of vaults with which accounts encrypt their data: `encryption: {key: keyVaults/VAULT/KEY, identity: ...}`.

Documented (customer-managed keys for Azure Storage, and for Batch): the vault must be protected from purging, and the
identity needs to get, wrap and unwrap the key. A key without a version is always used in its newest.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.azure import roles
from reconciler.errors import Problem
from reconciler.model import Address
from reconciler.spec import role_targets
from reconciler.spec.document import Document
from reconciler.spec.schema import Path_
from reconciler.spec.sections import Encryption
from reconciler.spec.spec import Spec
from reconciler.spec.vault_secrets import SECTION


def vault_url(encryption: Encryption) -> str:
    """The vault of the key."""
    return f"https://{_names(encryption)[0].lower()}.vault.azure.net"


def key_name(encryption: Encryption) -> str:
    return _names(encryption)[1]


def _names(encryption: Encryption) -> tuple[str, str]:
    _, vault, key = encryption["key"].split("/")
    return vault, key


def refs(spec: Spec, encryption: Encryption) -> Iterator[Address]:
    """What must be there before an account can encrypt: the identity, the key, and the role that lets it."""
    vault, key = _names(encryption)
    who = encryption["identity"].removeprefix("identities/")
    yield Address("identity", who)
    yield Address("vault_key", f"{vault}/{key}")
    yield from role_targets.reaching(spec, who, {Address("key_vault", vault)}, roles.ENCRYPTING)


def problems(document: Document, spec: Spec, path: Path_, encryption: Encryption) -> Iterator[Problem]:
    vault, _ = _names(encryption)
    section: Any = spec.section(SECTION, dict[str, Any]).get(vault)
    if section is None or section["existing"]:  # it is missing, which is told already, or its owner says how it is
        return
    if not section["enablePurgeProtection"]:
        message = f"{SECTION}/{vault} can be purged, and with it all that is encrypted"
        yield document.problem((*path, "key"), f"{message}; write enablePurgeProtection: true there")
    scope, who = f"{SECTION}/{vault}", encryption["identity"]
    if not role_targets.holds(spec, who, scope, roles.ENCRYPTING):
        give = f"give it roles: [{{role: {roles.ENCRYPTING[0]}, scope: {scope}}}]"
        yield document.problem((*path, "identity"), f"{who} cannot use keys of {scope}; {give}")
