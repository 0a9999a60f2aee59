"""What the tests of the local Batch share: an account with auto storage, an identity and a network, and its clients."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential
from azure.mgmt.batch import BatchManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.storage.blob import BlobServiceClient

import azure_local
from tests.conftest import Azure

REGION = "italynorth"
IMAGE = {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"}
MACHINE: dict[str, Any] = {"imageReference": IMAGE, "nodeAgentSkuId": "batch.node.ubuntu 24.04"}
SIZE = "Standard_D2s_v3"


def until(condition: Callable[[], Any], seconds: float = 40) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)
    return found


@dataclass
class Bench:
    """A Batch account of the tests' own, and what can be used beside it."""

    azure: Azure
    group: str
    account: str
    storage: str
    arm: BatchManagementClient
    batch: BatchClient
    resources: ResourceManagementClient

    @property
    def group_id(self) -> str:
        return f"/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}/resourceGroups/{self.group}"

    @property
    def account_id(self) -> str:
        return f"{self.group_id}/providers/Microsoft.Batch/batchAccounts/{self.account}"

    @property
    def identity(self) -> str:
        return f"{self.group_id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-pool"

    @property
    def network(self) -> str:
        return f"{self.group_id}/providers/Microsoft.Network/virtualNetworks/net"

    @property
    def subnet(self) -> str:
        return f"{self.network}/subnets/nodes"

    def blobs(self) -> BlobServiceClient:
        endpoint = os.environ["RECONCILE_BLOBS"] if "RECONCILE_BLOBS" in os.environ else self._endpoint()
        return BlobServiceClient(endpoint, DefaultAzureCredential())

    def _endpoint(self) -> str:
        found = self.resources.resources.get_by_id(self.storage_id, api_version="2025-01-01").as_dict()
        return str(found["properties"]["primaryEndpoints"]["blob"])

    @property
    def storage_id(self) -> str:
        return f"{self.group_id}/providers/Microsoft.Storage/storageAccounts/{self.storage}"

    def body(self, nodes: int = 0, **properties: Any) -> dict[str, Any]:
        machine = {**MACHINE, **properties.pop("machine", {})}
        scale = {"fixedScale": {"targetDedicatedNodes": nodes}}
        given = {
            "vmSize": SIZE,
            "deploymentConfiguration": {"virtualMachineConfiguration": machine},
            "scaleSettings": scale,
            **properties,
        }
        identity = {"type": "UserAssigned", "userAssignedIdentities": {self.identity: {}}}
        return {"identity": identity, "properties": {k: v for k, v in given.items() if v is not None}}

    def put(self, name: str, body: Any, **more: Any) -> dict[str, Any]:
        return dict(self.arm.pool.create(self.group, self.account, name, body, **more).as_dict())

    def patch(self, name: str, properties: Any, **more: Any) -> dict[str, Any]:
        body: Any = {"properties": properties}
        return dict(self.arm.pool.update(self.group, self.account, name, body, **more).as_dict())

    def get(self, name: str) -> dict[str, Any]:
        return dict(self.arm.pool.get(self.group, self.account, name).as_dict())

    def pool(self, name: str, nodes: int = 1, **properties: Any) -> list[models.BatchNode]:
        """A new pool, steady, and its nodes, idle."""
        self.put(name, self.body(nodes, **properties))
        self.steady(name)
        until(lambda: all(node.state == "idle" for node in self.nodes(name)))
        return self.nodes(name)

    def steady(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = until(lambda: (p := self.get(name)["properties"])["allocationState"] == "Steady" and p)
        return found

    def nodes(self, name: str) -> list[models.BatchNode]:
        return list(self.batch.list_nodes(name))

    def drop(self, name: str) -> None:
        self.arm.pool.begin_delete(self.group, self.account, name)
        self.azure.advance(60)

    def job(self, name: str, pool: str, **more: Any) -> None:
        self.batch.create_job(models.BatchJobCreateOptions({"id": name, "poolInfo": {"poolId": pool}, **more}))

    def task(self, job: str, name: str, line: str = "/bin/true", **more: Any) -> None:
        self.batch.create_task(job, models.BatchTaskCreateOptions({"id": name, "commandLine": line, **more}))

    def ended(self, job: str, name: str) -> models.BatchTask:
        found: models.BatchTask = until(lambda: (t := self.batch.get_task(job, name)).state == "completed" and t)
        return found

    def grant(self, scope: str, role: str) -> None:
        """Give the pools' identity a role on something."""
        known = self.resources.resources.get_by_id(self.identity, api_version="2024-11-30").as_dict()
        definition = f"/subscriptions/{self.group_id.split('/')[2]}/providers/Microsoft.Authorization/roleDefinitions"
        properties = {"roleDefinitionId": f"{definition}/{role}", "principalId": known["properties"]["principalId"]}
        body: Any = {"properties": {**properties, "principalType": "ServicePrincipal"}}
        options: Any = {"api_version": "2022-04-01"}
        key = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        self.resources.resources.begin_create_or_update_by_id(key, body, **options)
        self.azure.advance(120)

    def control(self, path: str, **body: Any) -> Any:
        return azure_local.ask(self.azure.folder, "POST", path, {"account": self.account, **body})


def refused(do: Callable[[], Any]) -> tuple[int, str, dict[str, str]]:
    """The status, the code and the values of the error that `do` ends with."""
    with pytest.raises(HttpResponseError) as caught:
        do()
    response: Any = caught.value.response
    body = response.json()
    error = body.get("error", body)
    values = {one["code"]: one["message"] for one in error.get("details", ())}
    values |= {one["key"]: one["value"] for one in error.get("values", ())}
    return response.status_code, error["code"], values


@pytest.fixture(scope="module")
def bench(azure_server: Azure, request: pytest.FixtureRequest) -> Iterator[Bench]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    name = f"b{worker}{request.module.__name__.rsplit('_', 1)[-1]}"[:20]
    made = _bench(azure_server, name)
    yield made
    made.resources.resource_groups.begin_delete(made.group)


def _bench(azure: Azure, name: str) -> Bench:
    url, subscription = os.environ["RECONCILE_RESOURCE_MANAGER"], os.environ["AZURE_SUBSCRIPTION_ID"]
    credential = DefaultAzureCredential()
    resources = ResourceManagementClient(credential, subscription, base_url=url)
    arm = BatchManagementClient(credential, subscription, base_url=url)
    batch = BatchClient(f"{url}/batch/ba{name}", credential)
    bench = Bench(azure, f"rg-{name}", f"ba{name}", f"sa{name}", arm, batch, resources)
    resources.resource_groups.create_or_update(bench.group, {"location": REGION})
    for namespace in ("Storage", "Batch", "ManagedIdentity", "Network"):
        resources.providers.register(f"Microsoft.{namespace}")
    azure.advance(60)
    storage = {"sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {}}
    made(bench, bench.storage_id, "2025-01-01", **storage)
    made(bench, bench.identity, "2024-11-30")
    subnets = [{"name": "nodes", "properties": {"addressPrefix": "10.0.0.0/24"}}]
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}
    made(bench, bench.network, "2024-07-01", properties=space)
    account = {"properties": {"autoStorage": {"storageAccountId": bench.storage_id}}}
    made(bench, bench.account_id, "2025-06-01", **account)
    return bench


def made(bench: Bench, key: str, version: str, **body: Any) -> None:
    given: Any = {"location": REGION, **body}
    options: Any = {"api_version": version, "polling_interval": 0}
    poller = bench.resources.resources.begin_create_or_update_by_id(key, given, **options)
    bench.azure.advance(60)
    poller.result()
