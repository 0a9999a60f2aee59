"""What the Batch data plane's services share: the account in the path, OData queries, and answers with ETags."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from azure_local.authorization import actions, roles
from azure_local.azure import Azure
from azure_local.batch import network
from azure_local.batch.arm import batch_account
from azure_local.batch.data.filters import condition
from azure_local.http import Answer, Call, Failure, etag, page
from azure_local.reach import places

VERSIONS = ("2025-06-01", "2024-07-01.20.0", "2024-02-01.19.0", "2023-11-01.18.0")
ACCOUNT = "/batch/{account}"
LONGEST = "P10675199DT2H48M5.4775807S"
"""How Batch spells "no limit"."""
BASE = "Microsoft.Batch/batchAccounts"
USER = {"autoUser": {"scope": "pool", "elevationLevel": "nonadmin"}}
"""The user of a task for which none was given. Recorded."""


def account(azure: Azure, call: Call) -> str:
    """The account's name. Failure 404 if there is none, 403 if the caller may not do this in it."""
    document = batch_account.by_name(azure, call.params["account"])
    if document is None or not batch_account.made(document):
        raise Failure(404, "AccountNotFound", "The specified account does not exist.")
    resource = document["resource"]
    network.check(azure, resource, places.of_request(azure, call.headers), "batchAccount")
    _check(azure, call, resource["id"])
    if "AAD" not in resource["properties"]["allowedAuthenticationModes"]:
        raise Failure(403, "OperationNotAllowed", "Entra ID is not an allowed authentication mode of the account.")
    return str(resource["name"])


def _check(azure: Azure, call: Call, account_id: str) -> None:
    """Failure 403 if the caller may not do this: neither by the action of it, nor by that which allows anything.

    Source: learn.microsoft.com, Batch RBAC ("listKeys/action, for any operation"; "jobs using autopool require
    pool-level permissions"). Inferred: the error's code and text.
    """
    asked, data = actions.of_batch(call.method, call.path, account_id)
    needed = [(asked.action, data)]
    if isinstance(call.body, dict) and call.method == "POST" and _makes_pools(call.body):
        needed.append((f"{BASE}/pools/write", False))
    for action, as_data in needed:
        if roles.allowed(azure, call.principal, action, account_id, data=as_data):
            continue
        if not roles.may(azure, call.principal, f"{BASE}/listKeys/action", account_id):
            text = f"The client does not have permission to perform the operation: it needs '{action}'."
            raise Failure(403, "AuthorizationPermissionMismatch", text)


def _makes_pools(body: dict[str, Any]) -> bool:
    """Whether a job or a schedule brings pools of its own."""
    job = body.get("jobSpecification") or body
    return bool((job.get("poolInfo") or {}).get("autoPoolSpecification"))


def pool(azure: Azure, name: str, pool_id: str) -> dict[str, Any] | None:
    account_document = batch_account.by_name(azure, name)
    assert account_document is not None
    return azure.store.get("pool", f"{account_document['resource']['id']}/pools/{pool_id}")


def nodes_of(azure: Azure, document: dict[str, Any]) -> list[dict[str, Any]]:
    """The nodes of a pool."""
    return azure.store.list("node", f"{document['account']}/{document['resource']['name']}/")


def listed(
    azure: Azure,
    call: Call,
    what: str,
    items: Iterable[dict[str, Any]],
    shown: Callable[[dict[str, Any]], dict[str, Any]] = lambda item: item,
) -> Answer:
    """A page of a collection after `$filter` and `$select`. `shown` makes of an item what is shown of it."""
    fits = condition(call.query.get("$filter"))
    size = min(int(call.query.get("maxresults", 1000)), 1000)
    body = page((item for item in items if fits(item)), call, size, "odata.nextLink")
    return Answer(
        200, {**metadata(azure, call, what), **body, "value": [selected(call, shown(item)) for item in body["value"]]}
    )


def metadata(azure: Azure, call: Call, what: str) -> dict[str, str]:
    return {"odata.metadata": f"{azure.front}/batch/{call.params['account']}/$metadata#{what}"}


def selected(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    if "$select" not in call.query:
        return item
    names = {name.strip().split("/")[0] for name in call.query["$select"].split(",")}
    return {name: value for name, value in item.items() if name in names}


def stamped(azure: Azure, resource: dict[str, Any]) -> dict[str, str]:
    """Give a resource a new ETag and time of modification; the headers with both."""
    resource["eTag"] = etag()
    resource["lastModified"] = azure.clock.after(0)
    return headers(azure, resource)


def headers(azure: Azure, resource: dict[str, Any]) -> dict[str, str]:
    moment = azure.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
    return {"ETag": resource["eTag"], "Last-Modified": moment}


def lower(word: str) -> str:
    """ARM says `NonAdmin`, the data plane `nonadmin`."""
    return word.lower()
