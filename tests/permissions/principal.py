"""A principal of the local Azure that holds just the roles that a test gives it."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from azure.core.credentials import AccessToken

import azure_local
from azure_local.tokens import Tokens
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from tests.conftest import Azure

ROOT = f"/subscriptions/{os.environ.get('AZURE_SUBSCRIPTION_ID', '')}"
SUBJECT = {"issuer": "https://issuer.test", "subject": "test"}
DEFINITIONS = "providers/Microsoft.Authorization/roleDefinitions"


@dataclass
class Principal:
    """A user-assigned identity, as which tokens are issued without a sign-in."""

    azure: Azure
    operator: Cloud
    name: str
    id: str = ""
    roles: dict[str, str] = field(default_factory=dict)
    """Name of a role → its id."""

    def make(self) -> Principal:
        group = f"/subscriptions/{self.operator.target.subscription}/resourceGroups/rg-{self.name}"
        self.operator.register("Microsoft.ManagedIdentity")
        self.azure.advance(60)
        arm.put(self.operator, group, {"location": "italynorth"}, "2025-04-01")
        place = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{self.name}"
        arm.put(self.operator, place, {"location": "italynorth"})
        self.azure.advance(60)
        raw = arm.get(self.operator, place)
        assert raw is not None
        self.id = raw["properties"]["principalId"]
        return self

    def define(self, role: Mapping[str, Any], without: str = "") -> None:
        """Define or change a role, given as `az role definition create` takes it."""
        subscription = f"/subscriptions/{self.operator.target.subscription}"
        guid = self.roles.setdefault(role["Name"], str(uuid.uuid4()))
        lists = ("Actions", "NotActions", "DataActions", "NotDataActions")
        permission = {name[0].lower() + name[1:]: [one for one in role[name] if one != without] for name in lists}
        properties = {
            "roleName": role["Name"],
            "description": role["Description"],
            "permissions": [permission],
            "assignableScopes": role["AssignableScopes"],
        }
        arm.put(self.operator, f"{subscription}/{DEFINITIONS}/{guid}", {"properties": properties}, "2022-04-01")

    def assign(self, name: str, scopes: Sequence[str]) -> None:
        subscription = f"/subscriptions/{self.operator.target.subscription}"
        for scope in scopes:
            where = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
            properties = {
                "roleDefinitionId": f"{subscription}/{DEFINITIONS}/{self.roles[name]}",
                "principalId": self.id,
                "principalType": "ServicePrincipal",
            }
            arm.put(self.operator, where, {"properties": properties}, "2022-04-01")
        self.azure.advance(120)

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        issued = Tokens(self.azure.folder).issue(self.id, self.id, scopes[0].removesuffix("/.default"))
        return AccessToken(issued["access_token"], int(time.time()) + 3000)

    def signed_in(self, folder: Path) -> dict[str, str]:
        """The variables with which a command is run as this principal."""
        place = f"/subscriptions/{self.operator.target.subscription}/resourceGroups/rg-{self.name}"
        identity = f"{place}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{self.name}"
        properties = {**SUBJECT, "audiences": ["api://AzureADTokenExchange"]}
        arm.put(self.operator, f"{identity}/federatedIdentityCredentials/test", {"properties": properties})
        self.azure.advance(300)
        raw, token = arm.get(self.operator, identity), folder / "token"
        assert raw is not None
        token.write_text(azure_local.ask(self.azure.folder, "POST", "assertion", SUBJECT)["assertion"])
        return {"AZURE_CLIENT_ID": raw["properties"]["clientId"], "AZURE_FEDERATED_TOKEN_FILE": str(token)}

    def asked(self) -> dict[str, bool]:
        """The actions that it has asked for, in lower case, and whether they were allowed the last time."""
        found: dict[str, bool] = azure_local.ask(self.azure.folder, "GET", "actions").get(self.id, {})
        return found
