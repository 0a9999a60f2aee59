"""Secrets that nodes fetch from key vaults: in an environment `{secret: keyVaults/VAULT/NAME}`, or `.../VERSION`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.azure import roles
from reconciler.errors import Problem
from reconciler.model import Address
from reconciler.spec import role_targets
from reconciler.spec.document import Document
from reconciler.spec.schema import Path_
from reconciler.spec.spec import Spec

SECTION = "keyVaults"


@dataclass(frozen=True, slots=True)
class Reference:
    """A secret of a vault; its newest version, if none is named."""

    vault: str
    name: str
    version: str = ""

    @staticmethod
    def of(text: str) -> Reference:
        _, vault, name, *version = text.split("/")
        return Reference(vault, name, *version)

    @property
    def url(self) -> str:
        """Where it is in Azure."""
        version = f"/{self.version}" if self.version else ""
        return f"https://{self.vault.lower()}.vault.azure.net/secrets/{self.name}{version}"


def secrets_of(settings: Mapping[str, Any]) -> dict[str, str]:
    """Variable → reference, of those variables of an environment that are secrets."""
    return {name: value["secret"] for name, value in settings.items() if isinstance(value, Mapping)}


def plain(settings: Mapping[str, Any]) -> dict[str, str]:
    """The other variables."""
    return {name: value for name, value in settings.items() if not isinstance(value, Mapping)}


def vaults(settings: Mapping[str, Any]) -> list[str]:
    """The vaults that an environment needs, as `keyVaults/NAME`."""
    return sorted({f"{SECTION}/{Reference.of(text).vault}" for text in secrets_of(settings).values()})


def reader(spec: Spec, held: Iterable[str], settings: Mapping[str, Any]) -> str:
    """The first of the identities `held` (`identities/NAME`) that may read all secrets; the first if none may."""
    identities = list(held)
    may = (who for who in identities if not unread(spec, who, settings))
    return next(may, identities[0] if identities else "")


def unread(spec: Spec, who: str, settings: Mapping[str, Any]) -> list[str]:
    """The vaults whose secrets `identities/NAME` has no role for. Those of others may have given it one themselves."""
    sections = spec.section(SECTION, dict[str, Any])
    known = [scope for scope in vaults(settings) if scope.split("/")[1] in sections]  # a missing one is told already
    ours = [scope for scope in known if not sections[scope.split("/")[1]]["existing"]]
    return [scope for scope in ours if not role_targets.holds(spec, who, scope, roles.SECRET_READERS)]


def refs(spec: Spec, who: str, settings: Mapping[str, Any]) -> Iterator[Address]:
    """What must be there before they can be fetched as `identities/NAME`: the secrets, and the roles that let it."""
    references = [Reference.of(text) for text in secrets_of(settings).values()]
    yield from dict.fromkeys(Address("vault_secret", f"{one.vault}/{one.name}") for one in references)
    targets = {role_targets.target(spec, scope)[0] for scope in vaults(settings)}
    yield from role_targets.reaching(spec, who.removeprefix("identities/"), targets, roles.SECRET_READERS)


def problems(
    document: Document, spec: Spec, path: Path_, settings: Mapping[str, Any], who: str, pool: str
) -> Iterator[Problem]:
    """What keeps tasks on a pool, which is named `pools/NAME`, from the secrets of the environment at `path`."""
    secrets = secrets_of(settings)
    if secrets and not who:
        message = f"is fetched as an identity of {pool}, which has none; set identity: there to one with the role"
        yield document.problem((*path, next(iter(secrets))), f"{message} {roles.SECRET_READERS[0]}", at_key=True)
        return
    for scope in unread(spec, who, settings):
        name = next(name for name, text in secrets.items() if text.startswith(f"{scope}/"))
        give = f"give it roles: [{{role: {roles.SECRET_READERS[0]}, scope: {scope}}}]"
        yield document.problem((*path, name), f"{who} cannot read secrets there; {give}", at_key=True)
