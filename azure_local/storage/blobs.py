"""Blobs: one Azurite serves all storage accounts; requests reach it through our front, which authorizes them.

The front checks the token, the roles, the network rules and whether shared keys are allowed, and then signs the
request for Azurite with the account's key.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

import httpx
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from azure_local.authorization import roles
from azure_local.azure import Azure
from azure_local.http import Failure
from azure_local.reach import places, ways
from azure_local.reach.ways import Arrival
from azure_local.storage import azurite, blob_containers, blob_links, names, network
from azure_local.storage.blob_containers import Document
from azure_local.storage.roles import asked

HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "server",
    "host",
    places.HEADER,
}
SIGNED = (
    "content-encoding", "content-language", "content-length", "content-md5", "content-type", "date",
    "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range",
)  # fmt: skip


@dataclass
class Running:
    """The Azurite of this server."""

    process: asyncio.subprocess.Process
    client: httpx.AsyncClient
    accounts: dict[str, str] = field(default_factory=dict)
    """The accounts that it serves, and their keys."""

    async def admit(self, account: str, key: str) -> None:
        """Let it serve an account."""
        if self.accounts.get(account) == key:
            return
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.accounts[account] = key
        known = ";".join(f"{name}:{secret}" for name, secret in self.accounts.items())
        self.process.stdin.write(f"{known}\n".encode())
        while (line := await self.process.stdout.readline()) != b"accounts\n":
            if not line:
                raise Failure(503, "ServerBusy", "Azurite has ended.")


class Blobs:
    def __init__(self, azure: Azure) -> None:
        self.azure = azure
        self._running: Running | None = None
        self._opening = asyncio.Lock()

    def key(self, account: str) -> str:
        document = self.azure.store.get("storageKey", account)
        if document is None:
            fresh = base64.b64encode(secrets.token_bytes(64)).decode()
            document = self.azure.store.put("storageKey", account, {"key": fresh})
        return str(document["key"])

    async def open(self, account: str) -> Running:
        """Azurite, started if it is not running, with the account."""
        async with self._opening:
            if self._running is None or self._running.process.returncode is not None:
                self._running = await self._start()
            await self._running.admit(account, self.key(account))
            return self._running

    async def _start(self) -> Running:
        folder = self.azure.folder / "azurite"
        folder.mkdir(parents=True, exist_ok=True)
        command, environment = await asyncio.to_thread(azurite.serving, folder)
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, env=environment)
        assert process.stdout is not None
        output = b""
        while not (match := re.search(rb"listens on (http://127\.0\.0\.1:\d+)", output)):
            line = await process.stdout.readline()
            if not line:
                raise Failure(503, "ServerBusy", f"Azurite did not start: {output.decode()[-400:]}")
            output += line
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        client = httpx.AsyncClient(base_url=match[1].decode(), timeout=120, limits=limits, trust_env=False)
        return Running(process, client)

    async def close(self) -> None:
        """Stop Azurite; close connections first, because it waits for them before it writes its files."""
        if self._running is None:
            return
        await self._running.client.aclose()
        process = self._running.process
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 8)
        except TimeoutError:
            process.kill()
            await process.wait()
        self._running = None

    async def remove(self, account: str) -> None:
        """Delete an account and all that is in it."""
        for container in await self.containers(account):
            await self.remove_container(account, container["name"])
        self.azure.store.delete("storageKey", account)

    async def containers(self, account: str) -> list[Document]:
        """All containers of an account, in ARM's words."""
        everything, marker = [], ""
        while True:
            query = f"comp=list&include=metadata&marker={quote(marker)}"
            page, marker = blob_containers.listed((await self._own("GET", account, f"/{account}", query)).content)
            everything += page
            if not marker:
                return everything

    async def container(self, account: str, name: str) -> Document | None:
        """A container in ARM's words, None if there is none."""
        answer = await self._own("HEAD", account, f"/{account}/{name}", "restype=container")
        if answer.status_code == 404:
            return None
        return blob_containers.headed(name, [(key.decode(), value.decode()) for key, value in answer.headers.raw])

    async def make_container(self, account: str, name: str, settings: Document) -> None:
        headers = {**blob_containers.metadata(settings), **blob_containers.access(settings)}
        await self._own("PUT", account, f"/{account}/{name}", "restype=container", headers)

    async def change_container(self, account: str, name: str, settings: Document) -> None:
        """Change the settings that are given, of those that the blob service knows."""
        path = f"/{account}/{name}"
        if "metadata" in settings:
            await self._own("PUT", account, path, "restype=container&comp=metadata", blob_containers.metadata(settings))
        if "publicAccess" in settings:
            await self._own("PUT", account, path, "restype=container&comp=acl", blob_containers.access(settings))

    async def remove_container(self, account: str, name: str) -> None:
        await self._own("DELETE", account, f"/{account}/{name}", "restype=container")

    async def has(self, account: str, path: str) -> bool:
        """Whether there is a blob at `container/blob`."""
        return (await self._own("HEAD", account, f"/{account}/{path}")).status_code == 200

    async def drop(self, account: str, path: str) -> None:
        """Delete the blob at `container/blob`, if there is one."""
        await self._own("DELETE", account, f"/{account}/{path}")

    async def _own(
        self, method: str, account: str, path: str, query: str = "", more: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send a request of our own; that something is missing or already exists is a valid answer."""
        running = await self.open(account)
        headers = {"x-ms-version": "2025-11-05", **({"content-length": "0"} if method == "PUT" else {}), **(more or {})}
        signed = {name.lower(): value for name, value in headers.items()}
        headers |= signature(account, self.key(account), method, path, query, signed)
        answer = await running.client.request(method, f"{path}?{query}" if query else path, headers=headers)
        if answer.status_code >= 300 and answer.status_code not in (404, 409):
            raise Failure(503, "ServerBusy", f"The blob service answered {answer.status_code}.")
        return answer

    async def serve(self, request: Request) -> Response:
        """One request of a client, checked and passed on."""
        path, query = request.scope["raw_path"].decode(), request.scope["query_string"].decode()
        if (refusal := names.refused(path)) is not None:
            return refusal
        account = path.split("/")[1]
        resource = self._account(account)
        authorization = request.headers.get("authorization", "")
        arrival = ways.arrive(self.azure, places.of_request(self.azure, request.headers), resource, "blob")
        headers = {name: value for name, value in request.headers.items() if name not in {*HOP_BY_HOP, "date"}}
        linked = blob_links.follow(self.azure, resource, request.method, path, query)
        if linked is not None:
            network.check(resource, arrival)
            query = linked
            headers |= signature(account, self.key(account), request.method, path, query, headers)
        elif authorization.startswith("Bearer "):
            self._check(resource, authorization, arrival, request)
            headers.pop("authorization")
            headers |= signature(account, self.key(account), request.method, path, query, headers)
        else:
            self._check_key(resource, authorization, arrival, query)
        running = await self.open(account)
        url = f"{path}?{query}" if query else path
        content = request.stream() if int(headers.get("content-length", "0")) else None
        built = running.client.build_request(request.method, url, headers=headers, content=content)
        answer = await running.client.send(built, stream=True)
        if request.method == "DELETE" and request.query_params.get("restype") == "container" and answer.is_success:
            place = f"{resource['id']}/blobServices/default/containers"
            self.azure.store.delete("container", f"{place}/{unquote(path.split('/')[2])}")
        return await _shown(answer, request)

    def _account(self, name: str) -> dict[str, Any]:
        for document in self.azure.store.list("storage"):
            resource = document["resource"]
            if resource["name"] == name and resource["properties"]["provisioningState"] != "Creating":
                return dict(resource)
        raise Failure(404, "ResourceNotFound", f"There is no storage account {name}.")

    def _check(self, resource: Mapping[str, Any], authorization: str, arrival: Arrival, request: Request) -> None:
        principal = self.azure.tokens.principal(authorization, "blob")
        network.check(resource, arrival)
        _, _, container, *rest = [*unquote(request.scope["raw_path"].decode()).split("/", 3), "", ""]
        scope = f"{resource['id']}/blobServices/default/containers/{container}"
        action, data = asked(request.method, container, rest[0], request.query_params)
        if not roles.allowed(self.azure, principal, action, scope, data=data):
            text = "This request is not authorized to perform this operation using this permission."
            raise Failure(403, "AuthorizationPermissionMismatch", text)

    def _check_key(self, resource: Mapping[str, Any], authorization: str, arrival: Arrival, query: str) -> None:
        if not authorization and "sig=" not in query:
            text = "Server failed to authenticate the request. Please refer to the www-authenticate header."
            raise Failure(401, "NoAuthenticationInformation", text)
        network.check(resource, arrival)
        if resource["properties"].get("allowSharedKeyAccess") is False:
            text = "Key based authentication is not permitted on this storage account."
            raise Failure(403, "KeyBasedAuthenticationNotPermitted", text)


async def _shown(answer: httpx.Response, request: Request) -> Response:
    """Azurite's answer as ours; a listing has only names that XML can carry."""
    headers = {name: value for name, value in answer.headers.items() if name not in HOP_BY_HOP}
    if request.query_params.get("comp") != "list" or answer.status_code != 200:
        return StreamingResponse(_body(answer), answer.status_code, headers)
    listing = b"".join([chunk async for chunk in _body(answer)])
    headers.pop("content-length", None)
    return Response(names.listed(listing, request.headers.get("x-ms-version", "")), 200, headers)


async def _body(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        await answer.aclose()


def signature(account: str, key: str, method: str, path: str, query: str, headers: Mapping[str, str]) -> dict[str, str]:
    """The `x-ms-date` and `authorization` headers of a request signed with a shared key.

    Source: learn.microsoft.com, Authorize with Shared Key; the account stands twice because the path has it too.
    """
    dated = {**headers, "x-ms-date": formatdate(usegmt=True)}
    length = dated.get("content-length", "")
    standard = [("" if name in ("date",) else dated.get(name, "")) for name in SIGNED]
    standard[2] = "" if length == "0" else length
    extra = "".join(f"{name}:{dated[name]}\n" for name in sorted(dated) if name.startswith("x-ms-"))
    params: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        params.setdefault(name.lower(), []).append(value)
    canonical = "".join(f"\n{name}:{','.join(sorted(params[name]))}" for name in sorted(params))
    text = "\n".join([method, *standard]) + f"\n{extra}/{account}{path}{canonical}"
    signed = base64.b64encode(hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()).decode()
    return {"x-ms-date": dated["x-ms-date"], "authorization": f"SharedKey {account}:{signed}"}
