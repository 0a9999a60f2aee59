"""User accounts of a pool's nodes as ARM takes them, with secrets that nobody knows, as they are kept nowhere."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

BITS = 3072
LINUX, WINDOWS = "linuxUserConfiguration", "windowsUserConfiguration"


def with_secrets(accounts: Sequence[Mapping[str, Any]], *, reachable: bool) -> list[dict[str, Any]]:
    """Each with a random password and, where nodes reach each other, a key with which it does so by ssh.

    Source: Batch service, LinuxUserConfiguration: the key pair is placed into the user's .ssh directory on each node if
    the pool's nodes talk to each other.
    """
    return [
        {**account, "password": f"{secrets.token_urlsafe(24)}aA1!", **(_key(account) if reachable else {})}
        for account in accounts
    ]


def _key(account: Mapping[str, Any]) -> dict[str, Any]:
    if account.get(WINDOWS):
        return {}
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    return {LINUX: {**(account.get(LINUX) or {}), "sshPrivateKey": text}}
