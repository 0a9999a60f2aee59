"""Application packages on a node: each unzipped into its own directory, whose path the tasks get in a variable."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
import stat
import zipfile
from pathlib import Path
from typing import Any

from azure_local.azure import Azure
from azure_local.batch.arm import applications, batch_account
from azure_local.http import Failure
from azure_local.nodes.failures import Refused
from azure_local.nodes.machine import Machine
from azure_local.reach import places
from azure_local.reach.places import Place


class Packages:
    def __init__(self, azure: Azure, machine: Machine) -> None:
        self.azure, self.machine = azure, machine

    async def install(self, node: dict[str, Any], references: list[dict[str, Any]], place: Path) -> dict[str, str]:
        """Install packages below `place`; the variables with their paths. Refused if one cannot be read."""
        variables = {}
        for reference in references:
            name, version = reference["id"].rsplit("/", 1)[-1], reference.get("version")
            folder = place / re.sub(r"[^\w.-]", "_", f"{name}{version or ''}")
            await self._unzip(node, reference, folder)
            variables[variable(name, version)] = str(folder)
        return variables

    async def _unzip(self, node: dict[str, Any], reference: dict[str, Any], folder: Path) -> None:
        owner = batch_account.by_name(self.azure, node["account"])
        document = applications.package(self.azure, owner["resource"], reference) if owner else None
        if owner is None or document is None:
            raise Refused("ApplicationPackageNotFound", f"The application package {reference['id']} does not exist.")
        try:
            url = applications.link(self.azure, owner["resource"], document["blob"], "r")["url"]
        except Failure as failure:
            raise Refused("ApplicationPackageError", failure.message) from None
        pool = self.azure.store.get("pool", f"{owner['resource']['id']}/pools/{node['pool']}")
        place = places.of_pool(self.azure, pool) if pool else Place()
        data = await self.machine.files.read(url, self._identity(owner["resource"], node), place)
        try:
            await asyncio.to_thread(_extract, data, folder)
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            text = f"The application package {reference['id']} cannot be unzipped."
            raise Refused("ApplicationPackageError", text, Message=str(error)) from None

    def _identity(self, owner: dict[str, Any], node: dict[str, Any]) -> dict[str, Any] | None:
        """The identity by which the node reads auto storage, None if Batch has keys. Refused if the pool lacks it."""
        settings = owner["properties"]["autoStorage"]
        if settings["authenticationMode"] != "BatchAccountManagedIdentity":
            return None
        reference = settings.get("nodeIdentityReference") or {"resourceId": ""}
        held = (self.azure.store.get("imds", node["secret"]) or {"identities": []})["identities"]
        if reference["resourceId"].lower() not in [identity.lower() for identity in held]:
            text = "The pool does not have the identity with which nodes reach the auto storage account."
            raise Refused("ApplicationPackageError", text)
        return dict(reference)


def variable(name: str, version: str | None) -> str:
    """`AZ_BATCH_APP_PACKAGE_blender_2_7`: on Linux, characters that a variable may not have become underscores."""
    spelt = f"{name}_{version}" if version else name
    return "AZ_BATCH_APP_PACKAGE_" + re.sub(r"[.#-]", "_", spelt)


def _extract(data: bytes, folder: Path) -> None:
    """Unzip, with the files' permissions; nothing lands outside of `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        for entry in package.infolist():
            path = Path(package.extract(entry, folder))
            mode = stat.S_IMODE(entry.external_attr >> 16)
            if mode and path.is_file():
                path.chmod(mode | stat.S_IRUSR | stat.S_IWUSR)
