"""The osProfile of a new virtual machine, as Compute checks it: its name, user, password and SSH keys."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from azure_local.http import Failure

REFUSED = (
    "1", "123", "a", "actuser", "adm", "admin", "admin1", "admin2", "administrator", "aspnet", "backup", "console",
    "david", "guest", "john", "owner", "root", "server", "sql", "support", "support_388945a0", "sys", "test", "test1",
    "test2", "test3", "user", "user1", "user2", "user3", "user4", "user5",
)  # fmt: skip
"""User names that Azure refuses. Source: Microsoft's OpenAPI document of OSProfile.adminUsername."""
SECRETS = ("adminPassword", "customData")
"""Members that are never shown."""
WEAK = "The supplied password must be between 6-72 characters long and must satisfy at least 3 of password complexity"
KINDS = {
    "1) Contains an uppercase character": r"[A-Z]",
    "2) Contains a lowercase character": r"[a-z]",
    "3) Contains a numeric digit": r"\d",
    "4) Contains a special character": r"[^\w]|_",
}
SHORTEST = 2048
"""Bits of an RSA key. Source: Microsoft's OpenAPI document of SshPublicKey.keyData."""


def invalid(name: str, text: str = "") -> Failure:
    return Failure(400, "InvalidParameter", text or f"The value of parameter {name} is invalid.", target=name)


def missing(name: str) -> Failure:
    return invalid(name, f"Required parameter '{name}' is missing (null).")


def check(profile: dict[str, Any]) -> None:
    """Failure 400 unless a user could sign in to a Linux machine made with this osProfile."""
    _check_names(profile)
    if "windowsConfiguration" in profile:
        text = "The property 'windowsConfiguration' cannot be used together with an image whose osType is Linux."
        raise invalid("windowsConfiguration", text)
    linux = profile.get("linuxConfiguration", {})
    keys = linux.get("ssh", {}).get("publicKeys", [])
    for key in keys:
        home = f"/home/{profile['adminUsername']}/.ssh/authorized_keys"
        if key.get("path") != home:
            text = "Destination path for SSH public keys is currently limited to its default value "
            text += f"{home} due to a known issue in Linux provisioning agent."
            raise invalid("linuxConfiguration.ssh.publicKeys.path", text)
        if not _is_key(str(key.get("keyData", ""))):
            raise invalid("linuxConfiguration.ssh.publicKeys.keyData")
    password = profile.get("adminPassword")
    if linux.get("disablePasswordAuthentication"):
        if password:
            raise invalid("adminPassword", "Parameter 'adminPassword' is not allowed.")
        if not keys:
            text = "At least one SSH key must be given where password authentication is disabled."
            raise invalid("linuxConfiguration.ssh.publicKeys", text)
    elif not password:
        text = "Authentication using either SSH or by user name and password must be enabled in Linux profile."
        raise invalid("linuxConfiguration", text)
    if password and not _is_strong(password):
        raise invalid("adminPassword", f"{WEAK}: {', '.join(KINDS)}.")


def _check_names(profile: dict[str, Any]) -> None:
    for needed in ("computerName", "adminUsername"):
        if not profile.get(needed):
            raise missing(f"osProfile.{needed}")
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?", profile["computerName"]):
        text = "Linux host name cannot exceed 64 characters in length or contain the following characters: "
        raise invalid("computerName", text + r"` ~ ! @ # $ % ^ & * ( ) = + _ [ ] { } \ | ; : ' \" , < > / ?.")
    user = profile["adminUsername"]
    if user.lower() in REFUSED:
        text = "The Admin Username specified is not allowed. For more information about disallowed usernames, see "
        raise invalid("adminUsername", f"{text}https://aka.ms/vmosprofile")
    if not re.fullmatch(r"[a-z_][\w-]{0,63}", user, re.ASCII | re.IGNORECASE):
        raise invalid("adminUsername", "The Admin Username specified is not a valid name of a Linux user.")


def _is_key(text: str) -> bool:
    """Whether the text is an OpenSSH public key of a kind and length that Azure accepts."""
    kind, _, rest = text.partition(" ")
    try:
        data = base64.b64decode(rest.split(" ")[0].strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    fields = []
    while len(data) >= 4:
        size = int.from_bytes(data[:4], "big")
        fields.append(data[4 : 4 + size])
        data = data[4 + size :]
    if not fields or fields[0] != kind.encode():
        return False
    if kind == "ssh-rsa":
        return len(fields) == 3 and int.from_bytes(fields[2], "big").bit_length() >= SHORTEST
    return kind == "ssh-ed25519" and len(fields) == 2 and len(fields[1]) == 32


def _is_strong(password: str) -> bool:
    kinds = sum(re.search(pattern, password) is not None for pattern in KINDS.values())
    return 6 <= len(password) <= 72 and kinds >= 3 and password.isprintable()


def shown(profile: dict[str, Any]) -> dict[str, Any]:
    """The osProfile of an answer: with Azure's defaults, without secrets."""
    known = {name: value for name, value in profile.items() if name not in SECRETS}
    linux = {"provisionVMAgent": True, "patchSettings": {"patchMode": "ImageDefault", "assessmentMode": "ImageDefault"}}
    filled = {**linux, "disablePasswordAuthentication": False, **known.get("linuxConfiguration", {})}
    return {"allowExtensionOperations": True, "secrets": [], **known, "linuxConfiguration": filled}
