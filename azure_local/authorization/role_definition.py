"""Microsoft.Authorization: custom role definitions. Built-in roles are in `roles`, and are not shown here."""

from __future__ import annotations

import re
from typing import Any

from azure_local import serving
from azure_local.authorization.roles import BUILT_IN
from azure_local.azure import Azure, Service
from azure_local.http import Answer, Call, Failure, page
from azure_local.settings import SUBSCRIPTION
from azure_local.shapes import Shapes, load, malformed

VERSIONS = ("2022-04-01", "2022-05-01-preview", "2018-01-01-preview", "2015-07-01")
SHAPES = Shapes(load("authorization"), malformed)
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
ROOT = f"/subscriptions/{SUBSCRIPTION}"
ACTION = re.compile(r"\*|\*/[\w*/]+|Microsoft\.[\w.]+/[\w*./]+", re.IGNORECASE)
NAMED = re.compile(r"roleName eq '(?P<name>(?:[^']|'')+)'", re.IGNORECASE)


async def put(azure: Azure, call: Call) -> Answer:
    name = call.params["definition"].lower()
    settings: dict[str, Any] = SHAPES.fitted("RoleDefinition", call.body)["properties"]
    if not GUID.fullmatch(name):
        raise Failure(
            400, "InvalidRoleDefinitionId", f"The role definition ID '{name}' is not valid. It must be a GUID."
        )
    if any(role.id == name for role in BUILT_IN):
        raise Failure(403, "RoleDefinitionCannotBeChanged", "A built-in role cannot be changed.")
    _check(azure, call, name, settings)
    before = azure.store.get("roleDefinition", name)
    now = azure.clock.after(0)
    known = before["resource"]["properties"] if before else {"createdOn": now, "createdBy": call.principal}
    stamps = {"createdOn": known["createdOn"], "createdBy": known["createdBy"]}
    settings = {**settings, "type": "CustomRole", "permissions": [_whole(one) for one in settings["permissions"]]}
    resource = {
        "id": f"{ROOT}/providers/Microsoft.Authorization/roleDefinitions/{name}",
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": name,
        "properties": {**settings, **stamps, "updatedOn": now, "updatedBy": call.principal},
    }
    azure.store.put("roleDefinition", name, {"resource": resource})
    return Answer(201, resource)


def _check(azure: Azure, call: Call, name: str, settings: dict[str, Any]) -> None:
    """Failure 400 or 409 for what Azure does not take. Source: learn.microsoft.com, Azure custom roles, limits."""
    scopes = settings.get("assignableScopes") or []
    if not settings.get("roleName") or not settings.get("permissions"):
        raise Failure(400, "InvalidRoleDefinition", "The role definition needs a name and permissions.")
    if not scopes or not all(_inside(scope) for scope in scopes):
        raise Failure(400, "InvalidAssignableScopes", "The assignable scopes are missing, or not in this tenant.")
    for permission in settings["permissions"]:
        for action in (text for part in permission.values() for text in part or ()):
            if not ACTION.fullmatch(action):
                text = f"'{action}' does not match any of the actions supported by the providers."
                raise Failure(400, "InvalidActionOrNotAction", text)
    for document in azure.store.list("roleDefinition"):
        other = document["resource"]
        if other["name"] != name and other["properties"]["roleName"].lower() == settings["roleName"].lower():
            text = f"Custom role with a same name '{settings['roleName']}' already exists in the directory."
            raise Failure(409, "RoleDefinitionWithSameNameExists", text)


def _inside(scope: str) -> bool:
    return f"{scope.rstrip('/')}/".lower().startswith(f"{ROOT}/".lower())


def _whole(permission: dict[str, Any]) -> dict[str, Any]:
    names = ("actions", "notActions", "dataActions", "notDataActions")
    return {name: permission.get(name) or [] for name in names}


async def get(azure: Azure, call: Call) -> Answer:
    document = azure.store.get("roleDefinition", call.params["definition"].lower())
    if document is None:
        text = f"The specified role definition with ID '{call.params['definition']}' does not exist."
        raise Failure(404, "RoleDefinitionDoesNotExist", text)
    return Answer(200, document["resource"])


async def delete(azure: Azure, call: Call) -> Answer:
    name = call.params["definition"].lower()
    document = azure.store.get("roleDefinition", name)
    if document is None:
        return Answer(204)
    if any(assignment["role"] == name for assignment in azure.store.list("roleAssignment")):
        text = "There are existing role assignments referencing role (code: RoleDefinitionHasAssignments)."
        raise Failure(400, "RoleDefinitionHasAssignments", text)
    azure.store.delete("roleDefinition", name)
    return Answer(200, document["resource"])


async def listing(azure: Azure, call: Call) -> Answer:
    """The custom roles that can be assigned at the scope; `$filter` may ask for one by its name."""
    scope = f"/{call.params['scope'].strip('/')}/".lower()
    named = NAMED.search(call.query.get("$filter", ""))
    shown = []
    for document in azure.store.list("roleDefinition"):
        properties = document["resource"]["properties"]
        here = any(scope.startswith(f"{at.rstrip('/')}/".lower()) for at in properties["assignableScopes"])
        if here and (not named or properties["roleName"].lower() == named["name"].replace("''", "'").lower()):
            shown.append(document["resource"])
    return Answer(200, page(shown, call, azure.page_size))


ALL = "/{scope:path}/providers/Microsoft.Authorization/roleDefinitions"
SERVICE = Service(
    namespace="Microsoft.Authorization",
    routes=serving.crud(f"{ALL}/{{definition}}", ALL, VERSIONS, put=put, get=get, delete=delete, listing=listing),
)
