"""Resource files: downloaded into a task's working directory, each with the identity that it names."""

from __future__ import annotations

import ssl
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from azure_local.azure import Azure
from azure_local.batch.arm import batch_account
from azure_local.nodes.failures import Refused
from azure_local.reach import places, ways
from azure_local.reach.places import Place
from azure_local.settings import OPERATOR


class ResourceFiles:
    def __init__(self, azure: Azure) -> None:
        self.azure = azure

    async def fetch(self, file: dict[str, Any], work: Path, document: dict[str, Any]) -> None:
        """Download one resource file, or a container's blobs below a prefix, with the identity that it names.

        `document` is the pool of the node.
        """
        base = file.get("storageContainerUrl")
        if "autoStorageContainerName" in file:
            base = f"{self._auto_storage(document['account'])}/{file['autoStorageContainerName']}"
        url = file.get("httpUrl")
        place = places.of_pool(self.azure, document)
        self._check_way(place, str(url or base or ""))
        async with self.client(file, place) as client:
            if url:
                await self._save(client, url, _below(work, file.get("filePath") or url.rsplit("/", 1)[-1]))
            elif base:
                prefix = file.get("blobPrefix", "")
                for name in await self._names(client, base, prefix):
                    target = _below(work / (file.get("filePath") or "."), name)
                    await self._save(client, f"{base.rstrip('/')}/{quote(name)}", target)
            else:
                raise Refused("ResourceFileInvalid", "The local Azure needs httpUrl or storageContainerUrl.")

    def _auto_storage(self, account: str) -> str:
        """The blob endpoint of the Batch account's auto storage."""
        owner = batch_account.by_name(self.azure, account)
        settings = owner["resource"]["properties"].get("autoStorage") if owner else None
        if not settings:
            raise Refused("ResourceFileInvalid", "The Batch account has no auto storage account.")
        return f"{self.azure.blob_front}/{settings['storageAccountId'].rsplit('/', 1)[-1]}"

    def _check_way(self, place: Place, url: str) -> None:
        """Refused if the node has no way to an address that is none of this Azure's."""
        if not url.startswith((self.azure.front, self.azure.blob_front)) and not ways.gets_out(self.azure, place):
            raise Refused("BlobDownloadMiscError", f"Downloading {_bare(url)} failed: the node has no way out.")

    async def read(self, url: str, identity: dict[str, Any] | None, place: Place) -> bytes:
        """The bytes of a URL, read with an identity if one is named. Refused if they cannot be read."""
        async with self.client({"identityReference": identity}, place) as client:
            answer = await _got(client, url)
        if answer.status_code != 200:
            raise _denied("Blob", answer, url)
        return answer.content

    def client(self, file: dict[str, Any], place: Place) -> httpx.AsyncClient:
        """A client on a node at a place, with the identity that a file names."""
        headers = {"x-ms-version": "2025-11-05", **places.header(self.azure, place)}
        identity = (file.get("identityReference") or {}).get("resourceId")
        if "autoStorageContainerName" in file:  # Batch itself reads there, with its own access
            args = (OPERATOR, OPERATOR, "https://storage.azure.com", "auto-storage")
            headers["Authorization"] = f"Bearer {self.azure.tokens.issue(*args)['access_token']}"
        if identity:
            document = self.azure.store.get("identity", identity)
            if document is None:
                raise Refused("BlobAccessDenied", f"The identity {identity} does not exist.")
            known = document["resource"]["properties"]
            args = (known["principalId"], known["clientId"], "https://storage.azure.com", document["resource"]["id"])
            headers["Authorization"] = f"Bearer {self.azure.tokens.issue(*args)['access_token']}"
        context = ssl.create_default_context(cafile=str(self.azure.folder / "ca.pem"))
        return httpx.AsyncClient(verify=context, headers=headers, timeout=60, trust_env=False)

    async def _names(self, client: httpx.AsyncClient, base: str, prefix: str) -> list[str]:
        answer = await _got(client, base, {"restype": "container", "comp": "list", "prefix": prefix})
        if answer.status_code != 200:
            raise _denied("ResourceContainer", answer, base)
        listing = ET.fromstring(answer.content)  # noqa: S314  # our own blob service wrote it
        return [element.text or "" for element in listing.iterfind("./Blobs/Blob/Name")]

    async def _save(self, client: httpx.AsyncClient, url: str, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        answer = await _got(client, url)
        if answer.status_code != 200:
            raise _denied("Blob", answer, url)
        target.write_bytes(answer.content)
        target.chmod(0o770)


async def _got(client: httpx.AsyncClient, url: str, params: dict[str, str] | None = None) -> httpx.Response:
    """The answer to a GET. Refused if there is none."""
    try:
        return await client.get(url, params=params)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Refused("BlobDownloadMiscError", f"Downloading {_bare(url)} failed: {error}") from error


def _below(work: Path, name: str) -> Path:
    target = (work / name).resolve()
    if not target.is_relative_to(work.resolve()):
        raise Refused("ResourceFileInvalid", f"The file path {name} leaves the task's working directory.")
    return target


def _denied(what: str, answer: httpx.Response, url: str) -> Refused:
    place = _bare(url)
    if answer.status_code in (401, 403):
        return Refused(f"{what}AccessDenied", f"Access for {place} is denied.")
    if answer.status_code == 404:
        return Refused(f"{what}NotFound", f"{place} does not exist.")
    return Refused(f"{what}DownloadMiscError", f"Downloading {place} failed with HTTP status {answer.status_code}.")


def _bare(url: str) -> str:
    """The URL without its query, which may have a secret."""
    return url.partition("?")[0]
