"""Certificates of key vaults on a pool's nodes: as a spec says them, in its body, and on the wire. Pure.

Azure's Key Vault extension fetches them as an identity of the pool, and renews them while the node is there. Its
settings name that identity by its client id, which only Azure knows; a body has its ARM id. A live pool tells both, so
that nothing more is asked to compare them.

Source of the settings: learn.microsoft.com, Key Vault extension for Linux and for Windows, version 3.0, and Batch,
"Enable automatic certificate rotation". That Batch's management plane shows the client ids of a pool's identities is in
its schema, and inferred as no recording has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.model import Address
from reconciler.spec import vault_secrets
from reconciler.spec.identities import identity_id
from reconciler.spec.pools import Pool
from reconciler.spec.spec import Spec
from reconciler.spec.vault_secrets import Reference

NAME = "reconcile-certificates"
"""The extension that is ours, among those of the spec."""
PUBLISHER, LINUX, WINDOWS = "Microsoft.Azure.KeyVault", "KeyVaultForLinux", "KeyVaultForWindows"
STORES = {LINUX: "/var/lib/waagent/Microsoft.Azure.KeyVault.Store", WINDOWS: "My"}
"""Where certificates go: a folder of Linux, a certificate store of the Windows machine."""
ENDPOINT = "http://169.254.169.254/metadata/identity"
EVERY = "3600"
"""Seconds between two looks at the vault; the settings have it as a text."""


def windows(pool: Mapping[str, Any]) -> bool:
    """Whether a pool of a spec is one of Windows, as far as its image and agent tell."""
    return "windows" in str(pool["image"]).lower() or "windows" in pool.get("nodeAgentSkuId", "").lower()


def system(pool: Mapping[str, Any]) -> str:
    """The type of extension for the nodes of a pool."""
    return WINDOWS if windows(pool) else LINUX


def spelled(pool: dict[str, Any]) -> dict[str, Any]:
    """The entry with each certificate as `{secret, store}`."""
    if "certificates" not in pool:
        return pool
    given = [{"secret": one} if isinstance(one, str) else one for one in pool["certificates"]]
    return {**pool, "certificates": [{"store": STORES[system(pool)], **one} for one in given]}


def settings(pool: Pool) -> dict[str, Any]:
    """The secrets of the certificates, in the form of an environment."""
    return {str(index): {"secret": one["secret"]} for index, one in enumerate(pool.get("certificates", ()))}


def reader(spec: Spec, pool: Pool) -> str:
    """The identity of the pool, `identities/NAME`, that fetches them; empty if it has none."""
    return vault_secrets.reader(spec, pool["identity"], settings(pool))


def refs(spec: Spec, pool: Pool) -> Iterator[Address]:
    """What must be there before a node can fetch them: the certificates, and the role of the identity."""
    return vault_secrets.refs(spec, reader(spec, pool), settings(pool))


def wanted(spec: Spec, pool: Pool) -> list[dict[str, str]]:
    """What the machines of a pool of the spec get, in a body: each with the extension that fetches it, and as whom."""
    by = {"as": identity_id(reader(spec, pool), spec.azure), "by": system(pool)}
    return sorted(({**one, **by} for one in pool.get("certificates", ())), key=_rank)  # type: ignore[dict-item]


def wire(certificates: Sequence[Mapping[str, str]], client_id: Callable[[str], str]) -> list[dict[str, Any]]:
    """The extension that fetches them, if there are any; `client_id` of the ARM id of an identity."""
    if not certificates:
        return []
    kind, identity = certificates[0]["by"], certificates[0]["as"]
    observed = [{"url": Reference.of(one["secret"]).url, **_place(kind, one)} for one in certificates]
    extension = {
        "name": NAME,
        "publisher": PUBLISHER,
        "type": kind,
        "typeHandlerVersion": "3.0",
        "autoUpgradeMinorVersion": True,
        "settings": {
            "secretsManagementSettings": {
                "pollingIntervalInS": EVERY,
                "requireInitialSync": True,  # a node without its certificates takes no task
                "observedCertificates": observed,
            },
            "authenticationSettings": {"msiEndpoint": ENDPOINT, "msiClientId": client_id(identity)},
        },
    }
    return [extension]


def _place(kind: str, one: Mapping[str, str]) -> dict[str, str]:
    if kind == LINUX:
        return {"certificateStoreLocation": one["store"]}
    return {"certificateStoreName": one["store"], "certificateStoreLocation": "LocalMachine"}


def observed(machine: Mapping[str, Any], identity: Mapping[str, Any] | None) -> dict[str, Any]:
    """A live machine with `certificates` in place of our extension; `identity` is the pool's as Azure shows it."""
    extensions = machine.get("extensions") or []
    ours = next((one for one in extensions if one.get("name") == NAME), None)
    seen = _seen(ours, (identity or {}).get("userAssignedIdentities") or {}) if ours else None
    if seen is None:
        return {**machine, "certificates": []}
    return {**machine, "extensions": [one for one in extensions if one is not ours], "certificates": seen}


def _seen(extension: Mapping[str, Any], identities: Mapping[str, Any]) -> list[dict[str, str]] | None:
    """What an extension of our name fetches; None if it is none of ours: anybody may have made the pool."""
    try:
        kind, told = extension["type"], extension["settings"]
        client = told["authenticationSettings"]["msiClientId"]
        member = "certificateStoreLocation" if kind == LINUX else "certificateStoreName"
        found = [_said(one["url"], one[member]) for one in told["secretsManagementSettings"]["observedCertificates"]]
    except (KeyError, TypeError, ValueError):
        return None
    named = (name for name, shown in identities.items() if shown and shown.get("clientId") == client)
    by = {"as": str(next(named, client)).lower(), "by": str(kind)}
    return sorted(({**one, **by} for one in found), key=_rank)


def _said(url: str, store: str) -> dict[str, str]:
    """A certificate as a spec says it. ValueError if the url is none of a vault's secret."""
    host, section, name = url.removeprefix("https://").split("/")
    vault, dot, _ = host.partition(".")
    if not dot or section != "secrets":
        raise ValueError(url)
    return {"secret": f"{vault_secrets.SECTION}/{vault}/{name}", "store": store}


def told(certificates: Sequence[Mapping[str, str]], notes: list[str]) -> None:
    """What an imported spec leaves out, as its vaults may be those of others."""
    for one in certificates:
        _, vault, name = one["secret"].split("/")
        say = f"write certificates: [{{secret: {one['secret']}, store: {one['store']}}}]"
        notes.append(f"the certificate {name} is left out: {say}, and list it in certificates: of keyVaults.{vault}")


def _rank(one: Mapping[str, str]) -> tuple[str, str]:
    return one["secret"].lower(), one["store"]
