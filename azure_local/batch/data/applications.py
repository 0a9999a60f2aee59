"""The Batch data plane's applications: those of ARM that have an active package."""

from __future__ import annotations

from typing import Any

from azure_local import serving
from azure_local.azure import Azure, Service
from azure_local.batch.arm import applications, batch_account
from azure_local.batch.data.common import ACCOUNT, VERSIONS, account, listed, metadata
from azure_local.http import Answer, Call, Failure


def _shown(azure: Azure, document: dict[str, Any]) -> dict[str, Any]:
    resource = document["resource"]
    packages = [package["resource"] for package in applications.versions(azure, resource["id"])]
    active = [package["name"] for package in packages if package["properties"]["state"] == "Active"]
    name = resource["properties"].get("displayName", resource["name"])
    return {"id": resource["name"], "displayName": name, "versions": active}


def _all(azure: Azure, call: Call) -> list[dict[str, Any]]:
    owner = batch_account.by_name(azure, account(azure, call))
    assert owner is not None
    documents = azure.store.list("application", f"{owner['resource']['id']}/applications/")
    return [
        application for application in (_shown(azure, document) for document in documents) if application["versions"]
    ]


async def listing(azure: Azure, call: Call) -> Answer:
    return listed(azure, call, "applications", _all(azure, call))


async def get(azure: Azure, call: Call) -> Answer:
    for application in _all(azure, call):
        if application["id"].lower() == call.params["application"].lower():
            return Answer(200, {**metadata(azure, call, "applications/@Element"), **application})
    raise Failure(404, "ApplicationNotFound", "The specified application does not exist.")


SERVICE = Service(
    plane="batch",
    routes=serving.crud(
        f"{ACCOUNT}/applications/{{application}}", f"{ACCOUNT}/applications", VERSIONS, listing=listing, get=get
    ),
)
