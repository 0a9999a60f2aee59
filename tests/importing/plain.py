"""Resources as others make them: through ARM and the SDKs, with Azure's defaults, without any mark."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass, field
from typing import Any

from azure.batch import models

from reconciler.azure.roles import ROLES
from reconciler.cloud.cloud import Cloud, connect
from reconciler.cloud.operations import operation
from reconciler.spec.spec import Spec, Target
from tests.conftest import World

MACHINE: dict[str, Any] = {
    "imageReference": {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"},
    "nodeAgentSkuId": "batch.node.ubuntu 24.04",
}


@dataclass
class Plain:
    """A resource group of the world's name, and what is put into it; `clear` takes it away."""

    world: World
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def group(self) -> str:
        return str(self.world.text["azure"]["resourceGroup"])

    @property
    def account(self) -> str:
        return str(self.world.text["batchAccount"]["name"])

    @property
    def location(self) -> str:
        return str(self.world.text["azure"]["location"])

    def cloud(self, account: str | None = None) -> Cloud:
        target = Target("local", os.environ["AZURE_SUBSCRIPTION_ID"], self.location, self.group)
        return connect(
            Spec("nobody", "", target, sections={"batchAccount": {"name": account or self.account}}), os.environ
        )

    def id(self, kind: str, name: str) -> str:
        return f"{self.cloud().group_id}/providers/{kind}/{name}"

    def put(self, where: str, body: dict[str, Any]) -> dict[str, Any]:
        cloud = self.cloud()
        answer = cloud.arm("PUT", where, body)
        going = operation(answer.headers)
        while going and not cloud.poll(going).done:
            self.world.azure.advance(30)
        found: dict[str, Any] = cloud.arm("GET", where).body
        return found

    def tracked(self, kind: str, name: str, /, **more: Any) -> dict[str, Any]:
        return self.put(self.id(kind, name), {"location": self.location, "tags": self.tags, **more})

    def make_group(self) -> None:
        self.put(self.cloud().group_id, {"location": self.location, "tags": self.tags})

    def make_storage(self, *containers: str, **properties: Any) -> None:
        more = {"sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": properties}
        self.tracked("Microsoft.Storage/storageAccounts", self.world.account, **more)
        for name in containers:
            home = self.id("Microsoft.Storage/storageAccounts", self.world.account)
            self.put(f"{home}/blobServices/default/containers/{name}", {"properties": {}})

    def make_identity(self, name: str) -> dict[str, Any]:
        """An identity that the directory knows by now, so that roles can be given to it."""
        made = self.tracked("Microsoft.ManagedIdentity/userAssignedIdentities", name)
        self.world.azure.advance(30)
        return made

    def make_role(self, identity: dict[str, Any], role: str, scope: str) -> str:
        """A role assignment under a name of its own."""
        name = str(uuid.uuid4())
        definition = f"{self.cloud().group_id}/providers/Microsoft.Authorization/roleDefinitions/{ROLES[role]}"
        properties = {"roleDefinitionId": definition, "principalId": identity["properties"]["principalId"]}
        properties |= {"principalType": "ServicePrincipal", "description": "by hand; keep"}
        self.put(f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}", {"properties": properties})
        return name

    def make_account(self, name: str = "", **properties: Any) -> None:
        self.tracked("Microsoft.Batch/batchAccounts", name or self.account, properties=properties)

    def make_pool(self, name: str, identity: str | None = None, **properties: Any) -> None:
        machine = {**MACHINE, **properties.pop("machine", {})}
        body: Any = {
            "properties": {
                "vmSize": "STANDARD_D2S_V3",
                "deploymentConfiguration": {"virtualMachineConfiguration": machine},
                "scaleSettings": {"fixedScale": {"targetDedicatedNodes": 0}},
                **properties,
            }
        }
        if identity:
            body["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}
        self.cloud().batch_management.pool.create(self.group, self.account, name, body)

    def make_job(self, name: str, pool: str, **more: Any) -> None:
        body = {"id": name, "poolInfo": {"poolId": pool}, **more}
        self.cloud().batch().create_job(models.BatchJobCreateOptions(body))

    def live(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.cloud().batch_management.pool.get(self.group, self.account, name).as_dict()
        return found

    def clear(self) -> None:
        cloud = self.cloud()
        going = operation(cloud.arm("DELETE", cloud.group_id).headers)
        while going and not cloud.poll(going).done:
            self.world.azure.advance(60)
