"""The containers a task reads and writes: through Entra ID, or a connection string where the environment gives one.

One credential and one connection pool serve all of them. A 403 is retried while the node's role may still be on its
way, which it is no longer once the container can be read, and a 429 for a minute; 5xx and lost connections are the
SDK's to retry. What remains is a Failure by status.
"""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Any, TypeVar

import requests
from azure.core import MatchConditions
from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import DefaultAzureCredential
from azure.storage.blob import (
    BlobServiceClient,
    ContainerClient,
    ContentSettings,
    StorageStreamDownloader,
)

from worker.failure import Failure

ACCOUNT_URL = "AZURE_STORAGE_ACCOUNT_URL"
CONNECTION_STRING = "AZURE_STORAGE_CONNECTION_STRING"
THROTTLED_SECONDS = 60.0
FORBIDDEN_SECONDS = 3.0
"""How long a 403 is retried in a container that can be read: then it is about this blob."""
MAX_BLOB_BYTES = 512 * 1024 * 1024
GZIP = b"\x1f\x8b"

Result = TypeVar("Result")


class Blobs:
    """Opens containers for one task; `connections` is how many threads use them at once."""

    def __init__(self, connections: int, access_wait: float) -> None:
        self._access_until = time.monotonic() + access_wait
        self._session = requests.Session()
        self._session.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=connections))
        self._session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=connections))
        self._made: TokenCredential | None = None

    def open(self, place: str) -> Container:
        """The container of a URL, or of a name in the account of the environment; ValueError without an account."""
        options = {
            "transport": RequestsTransport(session=self._session, session_owner=False),
            # Storage's own pace for a busy server starts at 15 s; a batch node asks again sooner, and more often.
            "initial_backoff": 1,
            "increment_base": 2,
            "retry_total": 6,
            "random_jitter_range": 1,
        }
        if "://" in place:
            return Container(
                ContainerClient.from_container_url(place, self._credential(), **options), self._access_until
            )
        if secret := os.environ.get(CONNECTION_STRING):
            account = BlobServiceClient.from_connection_string(secret, **options)
        elif url := os.environ.get(ACCOUNT_URL):
            account = BlobServiceClient(url, self._credential(), **options)
        else:
            raise ValueError(f"container {place!r} has no account: give its URL, or set {ACCOUNT_URL}")
        return Container(account.get_container_client(place), self._access_until)

    def _credential(self) -> TokenCredential:
        self._made = self._made or DefaultAzureCredential()
        return self._made


@dataclass(frozen=True)
class Blob:
    """What a blob says of itself; its ETag is unquoted."""

    etag: str
    metadata: Mapping[str, str]


class Container:
    """One container; every method raises Failure with a code of circumstance, or `too_large` or `corrupt`."""

    def __init__(self, client: ContainerClient, access_until: float) -> None:
        self._client = client
        self._access_until = access_until
        self._open = False

    def read(self, name: str, etag: str | None = None) -> bytes:
        """A blob's content, if it is still that of the (unquoted) ETag; unpacked where it is gzip and says so."""
        condition: dict[str, Any] = (
            {"etag": f'"{etag}"', "match_condition": MatchConditions.IfNotModified} if etag else {}
        )

        def call() -> bytes:
            # Not unpacked by the SDK: that fails, without a status, where the label is wrong and the picture is fine.
            stream: StorageStreamDownloader[bytes] = self._client.download_blob(name, decompress=False, **condition)
            if stream.size > MAX_BLOB_BYTES:
                raise Failure(
                    "too_large", f"{stream.size / 2**20:.0f} MiB is more than {MAX_BLOB_BYTES / 2**20:.0f} MiB"
                )
            content = stream.readall()
            packed = content.startswith(GZIP) and stream.properties.content_settings.content_encoding == "gzip"
            return _unpacked(content) if packed else content

        return self._patiently(call)

    def create(self, name: str, content: bytes, content_type: str, metadata: Mapping[str, str]) -> bool:
        """Writes a blob unless there is one; whether it did."""

        def call() -> bool:
            try:
                self._upload(name, content, content_type, metadata, overwrite=False)
            except HttpResponseError as error:
                if _azure_code(error) != "BlobAlreadyExists":
                    raise
                return False
            return True

        return self._patiently(call)

    def replace(self, name: str, content: bytes, content_type: str, metadata: Mapping[str, str], etag: str) -> bool:
        """Writes a blob in the place of the one with this ETag; False if it is another one by now."""
        condition = {"etag": f'"{etag}"', "match_condition": MatchConditions.IfNotModified}

        def call() -> bool:
            try:
                self._upload(name, content, content_type, metadata, overwrite=True, **condition)
            except HttpResponseError as error:
                if _azure_code(error) != "ConditionNotMet":
                    raise
                return False
            return True

        return self._patiently(call)

    def write(self, name: str, content: bytes, content_type: str, metadata: Mapping[str, str]) -> None:
        """Writes a blob, whatever is there."""
        self._patiently(lambda: self._upload(name, content, content_type, metadata, overwrite=True))

    def _upload(
        self, name: str, content: bytes, content_type: str, metadata: Mapping[str, str], **options: Any
    ) -> None:
        settings = ContentSettings(content_type=content_type)
        self._client.upload_blob(name, content, content_settings=settings, metadata=dict(metadata), **options)

    def look(self, name: str) -> Blob | None:
        """What a blob says of itself, None if there is no such blob."""

        def call() -> Blob:
            properties = self._client.get_blob_client(name).get_blob_properties()
            return Blob(properties.etag.strip('"'), dict(properties.metadata))

        try:
            return self._patiently(call)
        except Failure as failure:
            if failure.code == "missing":
                return None
            raise

    def etags(self) -> dict[str, str]:
        """{name: unquoted ETag} of every blob."""
        return self._patiently(lambda: {blob.name: blob.etag.strip('"') for blob in self._client.list_blobs()})

    def source_etags(self, names: Set[str]) -> dict[str, str]:
        """{name: ETag of the source it was made from} of those blobs that exist and say so, by one listing."""

        def call() -> dict[str, str]:
            listed = (
                (blob.name, blob.metadata or {})
                for blob in self._client.list_blobs(include=["metadata"])
                if blob.name in names
            )
            return {name: metadata["source_etag"] for name, metadata in listed if "source_etag" in metadata}

        return self._patiently(call)

    def _opens(self) -> bool:
        """Whether the container itself may be read, so that a refusal is about one blob."""
        if not self._open:
            try:
                self._client.get_container_properties()
            except AzureError:
                return False
            self._open = True
        return True

    def _patiently(self, call: Callable[[], Result]) -> Result:
        begun = time.monotonic()
        throttled_until = begun + THROTTLED_SECONDS
        pause = 0.5
        while True:
            try:
                result = call()
            except AzureError as error:
                status = error.status_code if isinstance(error, HttpResponseError) else None
                if status == 403:
                    until = min(self._access_until, begun + FORBIDDEN_SECONDS if self._opens() else self._access_until)
                else:
                    until = throttled_until if status == 429 else 0.0
                if time.monotonic() + pause > until:
                    raise _failure(error, status) from error
            else:
                self._open = True
                return result
            time.sleep(pause)
            pause = min(pause * 2, 30.0)


def _failure(error: AzureError, status: int | None) -> Failure:
    # Without a status it is a token that could not be had, or a connection that could not be made.
    refused = status in (401, 403) or (status is None and isinstance(error, ClientAuthenticationError))
    code = "denied" if refused else {404: "missing", 412: "changed"}.get(status or 0, "unavailable")
    azure_code = _azure_code(error)
    if azure_code.startswith("Lease"):
        code = "leased"
    cause = str(error.message).strip().split("\n")[0][:300]
    return Failure(code, " ".join(str(part) for part in (status, azure_code, cause) if part))


def _azure_code(error: AzureError) -> str:
    """Storage's own code of an error; the SDK has it as a word of an enumeration, or as text."""
    code = getattr(error, "error_code", None) or ""
    return str(getattr(code, "value", code))


def _unpacked(content: bytes) -> bytes:
    """The content of gzip, of at most MAX_BLOB_BYTES."""
    reader = zlib.decompressobj(wbits=31)
    try:
        unpacked = reader.decompress(content, MAX_BLOB_BYTES)
    except zlib.error as error:
        raise Failure("corrupt", f"its Content-Encoding is gzip, but it cannot be unpacked: {error}") from error
    if reader.unconsumed_tail:
        raise Failure("too_large", f"unpacked it is more than {MAX_BLOB_BYTES / 2**20:.0f} MiB")
    return unpacked
