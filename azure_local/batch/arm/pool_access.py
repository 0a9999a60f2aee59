"""User accounts and mounted file systems of a pool's nodes, with their secrets."""

from __future__ import annotations

from typing import Any

from azure_local.batch.arm.pool_machine import known_identity, windows
from azure_local.batch.shapes import invalid, malformed, missing

LOGIN = {"windowsUserConfiguration": {"loginMode": "Batch"}}
BLOB_SECRETS = ("accountKey", "sasKey", "identityReference")


def users(accounts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Checked user accounts with what Azure fills in. Failure 400."""
    names = [account["name"].lower() for account in accounts]
    for account in accounts:
        if names.count(account["name"].lower()) > 1:
            raise invalid("name", account["name"], "The names of user accounts must be unique in the pool.")
        linux = account.get("linuxUserConfiguration") or {}
        if ("uid" in linux) != ("gid" in linux):
            raise invalid("linuxUserConfiguration", "", "uid and gid must be set together or not at all.")
    return [{"elevationLevel": "NonAdmin", **account} for account in accounts]


def shown(accounts: list[dict[str, Any]], *, on_windows: bool) -> list[dict[str, Any]]:
    """User accounts as Azure shows them. Recorded: on Windows each has its mode of login."""
    return [{**account, **LOGIN, **account} for account in accounts] if on_windows else accounts


def with_keys(properties: dict[str, Any]) -> list[str]:
    """The users of a pool that have an ssh key."""
    accounts = properties.get("userAccounts") or ()
    return [account["name"] for account in accounts if "sshPrivateKey" in account.get("linuxUserConfiguration", {})]


def mounts(configurations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Checked mounts. Failure 400."""
    paths: list[str] = []
    for mount in configurations:
        if len(mount) != 1:
            reason = "Exactly one kind of file system must be set in each."
            raise invalid("mountConfiguration", ", ".join(sorted(mount)), reason)
        (settings,) = mount.values()
        path = settings["relativeMountPath"].strip("/")
        if not path or ".." in path.split("/"):
            raise invalid(
                "relativeMountPath", settings["relativeMountPath"], "It must stay below the mounts directory."
            )
        if path in paths:
            raise invalid("relativeMountPath", settings["relativeMountPath"], "It must be unique in the pool.")
        paths.append(path)
        blobs = mount.get("azureBlobFileSystemConfiguration")
        if blobs and sum(name in blobs for name in BLOB_SECRETS) != 1:
            raise malformed("Exactly one of accountKey, sasKey and identityReference must be set.")
    return configurations


def check(properties: dict[str, Any], identities: set[str]) -> None:
    """Failure if users and mounts do not fit the rest of the pool."""
    on_windows = windows(properties["deploymentConfiguration"]["virtualMachineConfiguration"])
    for account in properties.get("userAccounts") or ():
        if "windowsUserConfiguration" in account and not on_windows:
            raise invalid("windowsUserConfiguration", account["name"], "It can be set only on a Windows pool.")
    for mount in properties.get("mountConfiguration") or ():
        known_identity(mount.get("azureBlobFileSystemConfiguration", {}).get("identityReference"), identities)
        if "nfsMountConfiguration" in mount and on_windows:
            raise invalid("nfsMountConfiguration", "", "NFS cannot be mounted on a Windows pool.")


def check_user(identity: dict[str, Any], properties: dict[str, Any]) -> None:
    """Failure if a userIdentity does not name exactly one user, or names none of the pool's."""
    if len(identity) != 1:
        raise malformed("userName and autoUser are mutually exclusive, and one of them must be set.")
    name = identity.get("userName")
    if name is not None and name not in {account["name"] for account in properties.get("userAccounts") or ()}:
        raise invalid("userName", name, "There is no user account of that name in the pool.")


def resource_file(file: dict[str, Any], *, auto_storage: bool) -> None:
    """Failure 400 unless a resource file has exactly one source and the members that belong to that source."""
    sources = [name for name in ("autoStorageContainerName", "storageContainerUrl", "httpUrl") if name in file]
    if len(sources) != 1:
        raise malformed("Exactly one of autoStorageContainerName, storageContainerUrl and httpUrl must be set.")
    (source,) = sources
    if source == "httpUrl" and not file.get("filePath"):
        raise missing("resourceFile.filePath")
    if source == "httpUrl" and "blobPrefix" in file:
        raise invalid("blobPrefix", file["blobPrefix"], "It can be set only for containers.")
    if source == "autoStorageContainerName" and not auto_storage:
        raise invalid(source, file[source], "The Batch account has no auto storage account.")
    if source == "autoStorageContainerName" and "identityReference" in file:
        raise invalid("identityReference", "", "It cannot be set for containers of the auto storage account.")
