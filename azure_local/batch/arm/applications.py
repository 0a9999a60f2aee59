"""Microsoft.Batch applications and their packages: zip files in the account's auto storage, installed on nodes."""

from __future__ import annotations

import re
import uuid
from typing import Any

from azure_local import common, serving
from azure_local.authorization import roles
from azure_local.azure import Azure, Service
from azure_local.batch.arm import batch_account
from azure_local.batch.schema import SHAPES
from azure_local.batch.shapes import invalid
from azure_local.http import Answer, Call, Failure, check_match, etag, page
from azure_local.storage import blob_links
from azure_local.storage import container as container_service
from azure_local.storage.roles import WRITE_BLOBS

VERSIONS = batch_account.VERSIONS
TYPE = f"{batch_account.ACCOUNT.name}/applications"
LINK_LASTS = 4 * 3600


def _key(azure: Azure, call: Call) -> str:
    account = batch_account.lookup(azure, call)["resource"]
    return f"{account['id']}/applications/{call.params['application']}"


def lookup(azure: Azure, call: Call) -> dict[str, Any]:
    document = azure.store.get("application", _key(azure, call))
    if document is None:
        raise Failure(404, "ApplicationNotFound", "The specified application does not exist.")
    return document


def versions(azure: Azure, application: str) -> list[dict[str, Any]]:
    """The packages of an application, by its id."""
    return azure.store.list("package", f"{application}/versions/")


def _resource(key: str, kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    name = key.rsplit("/", 1)[1]
    return {"id": key, "name": name, "type": kind, "etag": f'W/"{etag()}"', "properties": properties}


def _properties(azure: Azure, key: str, call: Call) -> tuple[dict[str, Any], dict[str, str] | None]:
    body = SHAPES.fitted("Application", call.body or {})
    properties: dict[str, Any] = body.get("properties", {})
    default = properties.get("defaultVersion")
    if default is not None and azure.store.get("package", f"{key}/versions/{default}") is None:
        raise Failure(404, "ApplicationPackageNotFound", f"The application has no package of version {default}.")
    return properties, common.check_tags(body) if body.get("tags") else None


async def put(azure: Azure, call: Call) -> Answer:
    key, name = _key(azure, call), call.params["application"]
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
        raise invalid("applicationName", name, "It must have 1 to 64 letters, numbers, underscores and hyphens.")
    existing = azure.store.get("application", key)
    check_match(call, existing["resource"]["etag"] if existing else None)
    properties, tags = _properties(azure, key, call)
    resource = _resource(key, TYPE, {"allowUpdates": True, **properties})
    return _kept(azure, {**resource, "tags": tags} if tags else resource)


def _kept(azure: Azure, resource: dict[str, Any], kind: str = "application", **more: Any) -> Answer:
    before = azure.store.get(kind, resource["id"]) or {}
    azure.store.put(kind, resource["id"], {**before, "resource": resource, **more})
    return Answer(200, resource, {"ETag": resource["etag"]})


async def patch(azure: Azure, call: Call) -> Answer:
    resource = lookup(azure, call)["resource"]
    check_match(call, resource["etag"])
    properties, tags = _properties(azure, resource["id"], call)
    changed = _resource(resource["id"], TYPE, {**resource["properties"], **properties})
    kept = tags or resource.get("tags")
    return _kept(azure, {**changed, "tags": kept} if kept else changed)


async def get(azure: Azure, call: Call) -> Answer:
    resource = lookup(azure, call)["resource"]
    return Answer(200, resource, {"ETag": resource["etag"]})


async def listing(azure: Azure, call: Call) -> Answer:
    prefix = f"{batch_account.lookup(azure, call)['resource']['id']}/applications/"
    applications = [document["resource"] for document in azure.store.list("application", prefix)]
    return Answer(200, page(applications, call, int(call.query.get("maxresults", azure.page_size))))


async def delete(azure: Azure, call: Call) -> Answer:
    """Failure 409 while the application has a package or a pool refers to it; 204 if there is no application."""
    key = _key(azure, call)
    if azure.store.get("application", key) is None:
        return Answer(204)
    _unused(azure, key, None)
    if versions(azure, key):
        raise Failure(409, "ApplicationNotEmpty", "The specified application has packages; delete them first.")
    azure.store.delete("application", key)
    return Answer(200)


def _unused(azure: Azure, application: str, version: str | None) -> None:
    """Failure 409 if a pool refers to the application, or to one of its packages."""
    default = (azure.store.get("application", application) or {})["resource"]["properties"].get("defaultVersion")
    for pool in azure.store.list("pool"):
        for reference in pool["resource"]["properties"].get("applicationPackages") or ():
            used = reference.get("version", default)
            if reference["id"].lower() == application.lower() and version in (None, used):
                text = f"The specified application package is referenced by the pool {pool['resource']['name']}."
                raise Failure(409, "ApplicationPackageInUse", text)


def _package_key(azure: Azure, call: Call) -> str:
    return f"{lookup(azure, call)['resource']['id']}/versions/{call.params['version']}"


def _package(azure: Azure, call: Call) -> dict[str, Any]:
    document = azure.store.get("package", _package_key(azure, call))
    if document is None:
        raise Failure(404, "ApplicationPackageNotFound", "The specified application package does not exist.")
    return document


def _storage(azure: Azure, owner: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The auto storage account, and whether Batch uses it by an identity."""
    settings = owner["properties"].get("autoStorage")
    if not settings:
        text = "The specified account has no auto storage account, which application packages need."
        raise Failure(409, "AutoStorageNotAssociated", text)
    account = azure.store.get("storage", settings["storageAccountId"])
    if account is None:
        raise Failure(409, "AutoStorageAccountNotFound", "The auto storage account of the account does not exist.")
    return account["resource"], settings["authenticationMode"] == "BatchAccountManagedIdentity"


def link(azure: Azure, owner: dict[str, Any], blob: str, permissions: str) -> dict[str, str]:
    """The `url` of a blob of the account's auto storage: with a SAS if Batch has the storage account's keys."""
    account, by_identity = _storage(azure, owner)
    if by_identity:
        return {"url": f"{azure.blob_front}/{account['name']}/{blob}"}
    return blob_links.make(azure, account["name"], blob, permissions=permissions, lasting=LINK_LASTS)


def _check_reach(azure: Azure, owner: dict[str, Any], account: dict[str, Any]) -> None:
    """Failure 403 unless an identity of the Batch account may keep blobs in its auto storage."""
    known = (owner.get("identity") or {}).get("userAssignedIdentities") or {}
    if not any(
        roles.allowed(azure, identity["principalId"], WRITE_BLOBS, account["id"], data=True)
        for identity in known.values()
    ):
        text = "The identity of the Batch account is not authorized to access the auto storage account."
        raise Failure(403, "AutoStorageAccountAccessDenied", text)


async def put_package(azure: Azure, call: Call) -> Answer:
    """Make a package that waits for its zip file; the answer has the link for the upload."""
    owner, document = batch_account.lookup(azure, call)["resource"], lookup(azure, call)
    application = document["resource"]
    name, key = call.params["version"], _package_key(azure, call)
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}", name):
        raise invalid("versionName", name, "It must have 1 to 64 letters, numbers, underscores, hyphens and periods.")
    account, by_identity = _storage(azure, owner)
    if by_identity:
        _check_reach(azure, owner, account)
    tags = common.check_tags(SHAPES.fitted("ApplicationPackage", call.body or {}))
    existing = azure.store.get("package", key)
    check_match(call, existing["resource"]["etag"] if existing else None)
    if existing is not None:
        _check_updates(application)
    container = document.get("container") or _container(application["name"].lower())
    azure.store.put("application", application["id"], {**document, "container": container})
    await container_service.ensure(azure, account, container)
    blob = f"{container}/{name}"
    resource = {**_resource(key, f"{TYPE}/versions", {"state": "Pending"}), "tags": tags}
    azure.store.put("package", key, {"resource": resource, "blob": blob, "storage": account["name"]})
    return Answer(200, _linked(azure, owner, resource, blob), {"ETag": resource["etag"]})


def _check_updates(application: dict[str, Any]) -> None:
    """Failure 409 if the packages of the application may be neither overwritten nor deleted."""
    if not application["properties"]["allowUpdates"]:
        text = "The specified application does not allow its packages to be updated or deleted."
        raise Failure(409, "ApplicationPackageUpdateNotAllowed", text)


def _container(name: str) -> str:
    """A new name: `app-`, the application's with only the characters that a container's may have, and a random GUID.

    Recorded: `app-my-application-id-60c49603fa2444e392fe687a43ee7246/v1.0`. What becomes of longer names is inferred.
    """
    return re.sub("-+", "-", f"app-{re.sub('[^a-z0-9]+', '-', name)[:26]}-{uuid.uuid4().hex}")


def _linked(azure: Azure, owner: dict[str, Any], resource: dict[str, Any], blob: str) -> dict[str, Any]:
    upload = link(azure, owner, blob, "rw")
    urls = {"storageUrl": upload["url"], **({"storageUrlExpiry": upload["expiry"]} if "expiry" in upload else {})}
    return {**resource, "properties": {**resource["properties"], **urls}}


async def get_package(azure: Azure, call: Call) -> Answer:
    """The package without its upload link, which only a PUT shows."""
    resource = _package(azure, call)["resource"]
    return Answer(200, resource, {"ETag": resource["etag"]})


async def list_packages(azure: Azure, call: Call) -> Answer:
    packages = [document["resource"] for document in versions(azure, lookup(azure, call)["resource"]["id"])]
    return Answer(200, page(packages, call, int(call.query.get("maxresults", azure.page_size))))


async def activate(azure: Azure, call: Call) -> Answer:
    document, owner = _package(azure, call), batch_account.lookup(azure, call)["resource"]
    parameters = SHAPES.fitted("ActivateApplicationPackageParameters", call.body)
    account, _ = _storage(azure, owner)
    if not await azure.blobs.has(account["name"], document["blob"]):
        text = "The blob of the specified application package was not found in the auto storage account."
        raise Failure(409, "ApplicationPackageBlobNotFound", text)
    properties = {"state": "Active", "format": parameters["format"], "lastActivationTime": azure.clock.after(0)}
    kept = {"tags": document["resource"]["tags"]}
    resource = {**_resource(document["resource"]["id"], f"{TYPE}/versions", properties), **kept}
    return _kept(azure, resource, "package", blob=document["blob"], storage=account["name"])


async def delete_package(azure: Azure, call: Call) -> Answer:
    key, application = _package_key(azure, call), lookup(azure, call)["resource"]
    document = azure.store.get("package", key)
    if document is None:
        return Answer(204)
    if application["properties"].get("defaultVersion") == call.params["version"]:
        raise Failure(409, "ApplicationPackageInUse", "The specified package is the application's default version.")
    _check_updates(application)
    _unused(azure, application["id"], call.params["version"])
    await _forget(azure, document)
    return Answer(200)


async def _forget(azure: Azure, document: dict[str, Any]) -> None:
    """Delete a package, and its blob if its storage account still exists."""
    azure.store.delete("package", document["resource"]["id"])
    if any(account["resource"]["name"] == document["storage"] for account in azure.store.list("storage")):
        await azure.blobs.drop(document["storage"], document["blob"])


def check_references(azure: Azure, owner: dict[str, Any], references: list[dict[str, Any]]) -> None:
    """Failure 409 unless every reference is to an active package of this account, and none is listed twice."""
    listed: set[tuple[str, str | None]] = set()
    for reference in references:
        document = package(azure, owner, reference)
        key = (reference["id"].lower(), reference.get("version"))
        if document is None or document["resource"]["properties"]["state"] != "Active" or key in listed:
            application = reference["id"].rsplit("/", 1)[-1]
            values = {"ApplicationPackageReference": f"{application}, {reference.get('version', 'default')}"}
            text = "One or more of the specified application package references are invalid."
            raise Failure(409, "InvalidApplicationPackageReferences", text, values)
        listed.add(key)


def package(azure: Azure, owner: dict[str, Any], reference: dict[str, Any]) -> dict[str, Any] | None:
    """The package of a reference: the named version, or the application's default version."""
    application = azure.store.get("application", reference["id"])
    if application is None or not reference["id"].lower().startswith(f"{owner['id'].lower()}/applications/"):
        return None
    version = reference.get("version") or application["resource"]["properties"].get("defaultVersion")
    return azure.store.get("package", f"{application['resource']['id']}/versions/{version}") if version else None


ALL = f"{batch_account.ACCOUNT.one}/applications"
ONE = f"{ALL}/{{application}}"
PACKAGES = f"{ONE}/versions"
PACKAGE = f"{PACKAGES}/{{version}}"
SERVICE = Service(
    routes=(
        *serving.crud(ONE, ALL, VERSIONS, put=put, patch=patch, get=get, delete=delete, listing=listing),
        *serving.crud(
            PACKAGE, PACKAGES, VERSIONS, put=put_package, get=get_package, delete=delete_package, listing=list_packages
        ),
        *serving.posts(PACKAGE, VERSIONS, activate=activate),
    )
)
