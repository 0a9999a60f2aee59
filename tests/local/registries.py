"""A container registry of the local Azure, as tests make, fill and read it."""

from __future__ import annotations

import io
import itertools
import os
import ssl
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from azure.identity import DefaultAzureCredential
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.storage.blob import BlobClient

SUBSCRIPTION = f"/subscriptions/{'0' * 8}-0000-0000-0000-{'0' * 12}"
ACR = "2025-11-01"
TASKS = "2025-03-01-preview"
DOCKERFILE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY worker/*.py .\nRUN pip install pillow\n"
FILES = {"Dockerfile": DOCKERFILE, "worker/main.py": "print(1)\n"}
_numbers = itertools.count()


def resources() -> ResourceManagementClient:
    url = os.environ["RECONCILE_RESOURCE_MANAGER"]
    return ResourceManagementClient(DefaultAzureCredential(), os.environ["AZURE_SUBSCRIPTION_ID"], base_url=url)


def http(method: str, path: str, bearer: str = "", **more: Any) -> httpx.Response:
    """One request to the front; `path` may be a whole URL of it."""
    front = os.environ["RECONCILE_RESOURCE_MANAGER"]
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    headers = {**({"Authorization": f"Bearer {bearer}"} if bearer else {}), **more.pop("headers", {})}
    with httpx.Client(verify=context, trust_env=False) as client:
        return client.request(method, path if path.startswith("http") else front + path, headers=headers, **more)


def operator(resource: str = "https://management.azure.com") -> str:
    return DefaultAzureCredential().get_token(f"{resource}/.default").token


def archive(files: Mapping[str, str]) -> bytes:
    """A context as clients pack it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


@dataclass
class Registry:
    """A registry, its group, and what one does with them."""

    group: str
    name: str

    @property
    def id(self) -> str:
        return (
            f"{SUBSCRIPTION}/resourceGroups/{self.group}/providers/Microsoft.ContainerRegistry/registries/{self.name}"
        )

    @property
    def login(self) -> str:
        return f"{self.name}.azurecr.io"

    def arm(self, method: str, more: str = "", version: str = ACR, **body: Any) -> httpx.Response:
        joiner = "&" if "?" in more else "?"
        return http(method, f"{self.id}{more}{joiner}api-version={version}", operator(), **body)

    def make(self, sku: str = "Basic", **properties: Any) -> Any:
        """Through the SDK's poller, which follows the Azure-AsyncOperation."""
        body: Any = {"location": "italynorth", "sku": {"name": sku}, "properties": properties}
        options: Any = {"api_version": ACR, "polling_interval": 0}
        poller = resources().resources.begin_create_or_update_by_id(self.id, body, **options)
        return poller.result(timeout=30).as_dict()

    def upload(self, data: bytes) -> str:
        place = self.arm("POST", "/listBuildSourceUploadUrl", TASKS).json()
        BlobClient.from_blob_url(place["uploadUrl"]).upload_blob(data)
        return str(place["relativePath"])

    def schedule(self, source: str, **more: Any) -> httpx.Response:
        request = {
            "type": "DockerBuildRequest",
            "imageNames": ["worker:v1"],
            "dockerFilePath": "Dockerfile",
            "platform": {"os": "Linux", "architecture": "amd64"},
            "sourceLocation": source,
            "isPushEnabled": True,
            **more,
        }
        return self.arm("POST", "/scheduleRun", TASKS, json=request)

    def finished(self, run: str) -> dict[str, Any]:
        """The run's properties once it has ended."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            properties: dict[str, Any] = self.arm("GET", f"/runs/{run}", TASKS).json()["properties"]
            if "finishTime" in properties:
                return properties
        raise AssertionError(f"{run} does not end: {properties}")

    def build(self, files: Mapping[str, str] = FILES, **more: Any) -> dict[str, Any]:
        answer = self.schedule(self.upload(archive(files)), **more)
        assert answer.status_code == 200, answer.text
        return self.finished(answer.json()["name"])

    def log(self, run: str) -> str:
        link = self.arm("POST", f"/runs/{run}/listLogSasUrl", TASKS).json()["logLink"]
        return BlobClient.from_blob_url(link).download_blob(encoding="utf-8").readall()

    def data(self, method: str, path: str, bearer: str = "", **more: Any) -> httpx.Response:
        return http(method, f"/registries/{self.login}{path}", bearer, **more)

    def refresh(self, entra: str) -> httpx.Response:
        form = {"grant_type": "access_token", "service": self.login, "access_token": entra}
        return self.data("POST", "/oauth2/exchange", data=form)

    def access(self, scope: str, entra: str) -> str:
        token = self.refresh(entra).json()["refresh_token"]
        form = {"grant_type": "refresh_token", "service": self.login, "scope": scope, "refresh_token": token}
        return str(self.data("POST", "/oauth2/token", data=form).json()["access_token"])


def prepared(advance: Callable[[float], None]) -> Registry:
    """The name of a registry in a group of its own, the provider registered."""
    name = f"cr{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}n{next(_numbers)}x"
    client = resources()
    client.resource_groups.create_or_update(f"rg-{name}", {"location": "italynorth"})
    client.providers.register("Microsoft.ContainerRegistry")
    client.providers.register("Microsoft.ManagedIdentity")
    advance(60)
    return Registry(f"rg-{name}", name)


def temporary(advance: Callable[[float], None]) -> Iterator[Registry]:
    """A registry to be made, for as long as a fixture lasts."""
    found = prepared(advance)
    yield found
    http("DELETE", f"{SUBSCRIPTION}/resourceGroups/{found.group}?api-version=2025-04-01", operator())
