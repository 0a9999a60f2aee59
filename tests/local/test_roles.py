"""Which action a request asks for, and what a custom role allows."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from azure_local.authorization import actions
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import translated
from reconciler.errors import AzureError
from tests.conftest import World
from tests.permissions.principal import DEFINITIONS, Principal

SUB = "/subscriptions/s"
GROUP = f"{SUB}/resourceGroups/g"
BATCH = f"{GROUP}/providers/Microsoft.Batch/batchAccounts/b"
ROLES = "Microsoft.Authorization/roleAssignments"


@pytest.mark.parametrize(
    ("method", "path", "action", "scope"),
    [
        ("GET", f"{BATCH}/pools/p", "Microsoft.Batch/batchAccounts/pools/read", f"{BATCH}/pools/p"),
        ("GET", f"{BATCH}/pools", "Microsoft.Batch/batchAccounts/pools/read", BATCH),
        ("PATCH", f"{BATCH}/pools/p", "Microsoft.Batch/batchAccounts/pools/write", f"{BATCH}/pools/p"),
        ("POST", f"{BATCH}/pools/p/stopResize", "Microsoft.Batch/batchAccounts/pools/stopResize/action",
         f"{BATCH}/pools/p"),
        ("GET", f"{GROUP}/providers/Microsoft.Batch/batchAccounts", "Microsoft.Batch/batchAccounts/read",
         f"{GROUP}/providers/Microsoft.Batch"),
        ("PUT", f"{BATCH}/providers/{ROLES}/x", f"{ROLES}/write", f"{BATCH}/providers/{ROLES}/x"),
        ("DELETE", GROUP, "Microsoft.Resources/subscriptions/resourceGroups/delete", GROUP),
        ("GET", f"{SUB}/resourcegroups/g/resources", "Microsoft.Resources/subscriptions/resourceGroups/resources/read",
         f"{SUB}/resourcegroups/g"),
        ("GET", SUB, "Microsoft.Resources/subscriptions/read", SUB),
        ("GET", f"{SUB}/providers/Microsoft.Batch", "Microsoft.Resources/subscriptions/providers/read", SUB),
        ("POST", f"{SUB}/providers/Microsoft.Batch/register", "Microsoft.Batch/register/action",
         f"{SUB}/providers/Microsoft.Batch"),
        ("POST", f"{SUB}/providers/Microsoft.Storage/checkNameAvailability",
         "Microsoft.Storage/checkNameAvailability/read", f"{SUB}/providers/Microsoft.Storage"),
        ("GET", f"{SUB}/providers/Microsoft.Compute/skus", "Microsoft.Compute/skus/read",
         f"{SUB}/providers/Microsoft.Compute"),
    ],
)  # fmt: skip
def test_the_action_of_a_request_is_its_type_and_verb(method: str, path: str, action: str, scope: str) -> None:
    assert actions.of_arm(method, path) == actions.Asked(action, scope)


@pytest.mark.parametrize(
    "path",
    ["/tenants", f"{SUB}/resourcegroups", f"{SUB}/providers/Microsoft.Batch/locations/x/operations/1"],
)
def test_some_questions_are_free(path: str) -> None:
    assert actions.of_arm("GET", path) is None


def test_what_a_body_refers_to_is_asked_for_too_but_not_what_is_in_it_or_taken_away() -> None:
    network = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/n"
    identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
    body = {
        "identity": {"userAssignedIdentities": {f"{identity}/a": {}, f"{identity}/b": None}},
        "properties": {"subnetId": f"{network}/subnets/x", "own": f"{BATCH}/pools/p", "text": SUB},
    }
    assert {(one.action, one.scope) for one in actions.linked(BATCH, body)} == {
        ("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", f"{identity}/a"),
        ("Microsoft.Network/virtualNetworks/subnets/join/action", f"{network}/subnets/x"),
    }
    assert list(actions.linked(network, {"id": f"{network}/subnets/x"})) == []
    account = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/sa"
    (rule,) = actions.linked(account, {"networkAcls": {"virtualNetworkRules": [{"id": f"{network}/subnets/x"}]}})
    assert rule.action == "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action"


def role(cloud: Cloud, name: str, **permission: list[str]) -> dict[str, Any]:
    lists = {"Actions": [], "NotActions": [], "DataActions": [], "NotDataActions": [], **permission}
    return {"Name": name, "Description": "", "AssignableScopes": [cloud.group_id], **lists}


def test_a_custom_role_allows_by_wildcards_less_what_it_takes_back(world: World) -> None:
    cloud = world.cloud()
    arm.put(cloud, cloud.group_id, {"location": world.text["azure"]["location"]}, "2025-04-01")
    who = Principal(world.azure, cloud, f"wild-{uuid.uuid4().hex[:6]}").make()
    name = f"wild {uuid.uuid4().hex}"
    identities = "Microsoft.ManagedIdentity/userAssignedIdentities"
    who.define(role(cloud, name, Actions=["microsoft.managedidentity/*"], NotActions=[f"{identities}/delete"]))
    who.assign(name, [cloud.group_id])
    world.credential = who
    theirs, place = world.cloud(), f"{cloud.group_id}/providers/{identities}/id-x"
    arm.put(theirs, place, {"location": world.text["azure"]["location"]})
    assert arm.get(theirs, place) is not None
    with pytest.raises(AzureError) as refused, translated():
        arm.delete(theirs, place)
    world.credential = None
    assert refused.value.code == "AuthorizationFailed"
    words = f"does not have authorization to perform action '{identities}/delete' over scope '{place}' or the scope is "
    assert f"The client '{who.id}' with object id '{who.id}' {words}" in str(refused.value)

    definition = f"/subscriptions/{cloud.target.subscription}/{DEFINITIONS}/{who.roles[name]}"
    with pytest.raises(AzureError) as held, translated():
        arm.delete(cloud, definition, "2022-04-01")
    assert held.value.code == "RoleDefinitionHasAssignments"
    with pytest.raises(AzureError) as twice, translated():
        Principal(world.azure, cloud, "other").define(role(cloud, name, Actions=["*/read"]))
    assert twice.value.code == "RoleDefinitionWithSameNameExists"
    with pytest.raises(AzureError) as odd, translated():
        who.define(role(cloud, f"{name} odd", Actions=["read everything"]))
    assert odd.value.code == "InvalidActionOrNotAction"
    listed = arm.listing(cloud, f"{cloud.group_id}/{DEFINITIONS}", "2022-04-01", filter=f"roleName eq '{name}'")
    assert [one["properties"]["permissions"][0]["notActions"] for one in listed] == [[f"{identities}/delete"]]
