"""Microsoft.Authorization: role assignments, at any scope. A new one takes effect after a while."""

from __future__ import annotations

import re
from typing import Any

from azure_local import serving
from azure_local.authorization import roles
from azure_local.azure import Azure, Route, Service
from azure_local.http import Answer, Call, Failure, page
from azure_local.settings import OPERATOR
from azure_local.shapes import Shapes, load, malformed

VERSIONS = ("2022-04-01", "2020-10-01-preview", "2018-01-01-preview", "2015-07-01")
SHAPES = Shapes(load("authorization"), malformed)
KEPT = ("principalType", "description", "condition", "conditionVersion")
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def _scope(call: Call) -> str:
    return "/" + call.params["scope"].strip("/")


def _exists(azure: Azure, scope: str) -> bool:
    """Whether the scope is the subscription, or an existing group or resource."""
    if scope.lower() == roles.SCOPE:
        return True
    if "/providers/" not in scope:
        return azure.store.get("group", scope.rsplit("/", 1)[-1]) is not None
    return any(azure.store.get(kind, scope) for kind in azure.types)


def _principal_known(azure: Azure, principal: str) -> bool:
    if principal == OPERATOR:
        return True
    for document in azure.store.list("identity"):
        if document["resource"]["properties"]["principalId"] == principal:
            return azure.clock.past(document["known"])
    return False


async def put(azure: Azure, call: Call) -> Answer:
    scope, name = _scope(call), call.params["assignment"]
    settings: dict[str, Any] = SHAPES.fitted("RoleAssignmentCreateParameters", call.body)["properties"]
    if not GUID.fullmatch(name):
        raise Failure(
            400, "InvalidRoleAssignmentId", f"The role assignment ID '{name}' is not valid. It must be a GUID."
        )
    if not _exists(azure, scope):
        raise Failure(404, "ResourceNotFound", f"The scope '{scope}' was not found.")
    role, principal = str(settings["roleDefinitionId"]).rsplit("/", 1)[-1].lower(), settings["principalId"]
    if not GUID.fullmatch(role):
        raise Failure(
            400, "RoleDefinitionDoesNotExist", f"The specified role definition with ID '{role}' does not exist."
        )
    key = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    existing = azure.store.get("roleAssignment", key)
    if existing is not None:
        return _update(azure, key, existing, role, principal, settings)
    if not principal or not _principal_known(azure, principal):
        text = f"Principal {principal} does not exist in the directory. Check that you have the correct principal ID. "
        text += "If you are creating this principal and then immediately assigning a role, this error might be related "
        raise Failure(400, "PrincipalNotFound", text + "to a replication delay.")
    for document in azure.store.list("roleAssignment"):
        properties = document["resource"]["properties"]
        if (properties["scope"].lower(), properties["principalId"], document["role"]) == (
            scope.lower(),
            principal,
            role,
        ):
            raise Failure(409, "RoleAssignmentExists", "The role assignment already exists.")
    more = {key: settings[key] for key in KEPT if key in settings}
    resource = roles.assign(azure, scope, name, principal, role, more, delay=azure.seconds["role"])
    return Answer(201, resource)


def _update(
    azure: Azure, key: str, existing: dict[str, Any], role: str, principal: Any, settings: dict[str, Any]
) -> Answer:
    properties = existing["resource"]["properties"]
    if (properties["principalId"], existing["role"]) != (principal, role):
        text = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
        raise Failure(400, "RoleAssignmentUpdateNotPermitted", text)
    properties.update({key: settings[key] for key in KEPT[1:] if key in settings})
    properties["updatedOn"] = azure.clock.after(0)
    azure.store.put("roleAssignment", key, existing)
    return Answer(200, existing["resource"])


def _key(call: Call) -> str:
    return f"{_scope(call)}/providers/Microsoft.Authorization/roleAssignments/{call.params['assignment']}"


async def get(azure: Azure, call: Call) -> Answer:
    document = azure.store.get("roleAssignment", _key(call))
    if document is None:
        name = call.params["assignment"]
        raise Failure(404, "RoleAssignmentNotFound", f"The role assignment '{name}' is not found.")
    return Answer(200, document["resource"])


async def delete(azure: Azure, call: Call) -> Answer:
    document = azure.store.get("roleAssignment", _key(call))
    if document is None:
        return Answer(204)
    azure.store.delete("roleAssignment", _key(call))
    return Answer(200, document["resource"])


async def listing(azure: Azure, call: Call) -> Answer:
    """The role assignments at the scope, above it and below it."""
    scope = _scope(call).lower()
    shown = []
    for document in azure.store.list("roleAssignment"):
        at = document["resource"]["properties"]["scope"].lower()
        if f"{at}/".startswith(f"{scope}/") or f"{scope}/".startswith(f"{at}/"):
            shown.append(document["resource"])
    return Answer(200, page(shown, call, azure.page_size))


async def permissions(azure: Azure, call: Call) -> Answer:
    """What the caller's roles allow at the scope, one value per role."""
    shown = []
    for role in roles.held(azure, call.principal, _scope(call)):
        known = roles.role_of(azure, role)
        shown.append(
            {
                "actions": list(known.actions),
                "notActions": list(known.not_actions),
                "dataActions": list(known.data_actions),
                "notDataActions": list(known.not_data_actions),
            }
        )
    return Answer(200, {"value": shown})


async def purge(azure: Azure, data: dict[str, Any]) -> None:
    for key, document in azure.store.items("roleAssignment"):
        if f"{document['resource']['properties']['scope']}/".lower().startswith(data["prefix"].lower()):
            azure.store.delete("roleAssignment", key)


ALL = "/{scope:path}/providers/Microsoft.Authorization/roleAssignments"
SERVICE = Service(
    namespace="Microsoft.Authorization",
    routes=(
        *serving.crud(f"{ALL}/{{assignment}}", ALL, VERSIONS, put=put, get=get, delete=delete, listing=listing),
        Route("GET", "/{scope:path}/providers/Microsoft.Authorization/permissions", permissions, VERSIONS),
    ),
    completions={"role.purge": purge},
    seconds={"role": 90},
    roles=roles.BUILT_IN,
)
