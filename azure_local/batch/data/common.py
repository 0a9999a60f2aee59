"""What the Batch data plane's services share: the account in the path, OData queries, and answers with ETags."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from operator import ge, gt, le, lt
from typing import Any

from azure_local.authorization import roles
from azure_local.azure import Azure
from azure_local.batch.arm import batch_account
from azure_local.http import Answer, Call, Failure, etag, page

VERSIONS = ("2025-06-01", "2024-07-01.20.0", "2024-02-01.19.0", "2023-11-01.18.0")
ACCOUNT = "/batch/{account}"
LONGEST = "P10675199DT2H48M5.4775807S"
"""How Batch spells "no limit"."""
USER = {"autoUser": {"scope": "pool", "elevationLevel": "nonadmin"}}
"""The user of a task for which none was given. Recorded."""


def account(azure: Azure, call: Call) -> str:
    """The account's name. Failure 404 if there is none, 403 if the caller may not do this in it."""
    document = batch_account.by_name(azure, call.params["account"])
    if document is None or not batch_account.made(document):
        raise Failure(404, "AccountNotFound", "The specified account does not exist.")
    resource = document["resource"]
    action = roles.READ if call.method in ("GET", "HEAD") else roles.WRITE
    if not roles.allowed(azure, call.principal, action, resource["id"]):
        text = "The client does not have permission to perform the operation."
        raise Failure(403, "AuthorizationPermissionMismatch", text)
    if "AAD" not in resource["properties"]["allowedAuthenticationModes"]:
        raise Failure(403, "OperationNotAllowed", "Entra ID is not an allowed authentication mode of the account.")
    return str(resource["name"])


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


def condition(text: str | None) -> Callable[[dict[str, Any]], bool]:
    """`state eq 'x'`, `startswith(id,'x')`, `stateTransitionTime gt datetime'x'` and the like, joined by `and`."""
    if not text:
        return lambda item: True
    tests: list[Callable[[dict[str, Any]], bool]] = []
    for part in re.split(r"\s+and\s+", text.strip()):
        if match := re.fullmatch(r"\(?(\w+(?:/\w+)?)\s+(eq|ne)\s+'?([^']*)'?\)?", part):
            name, operator, value = match.groups()
            tests.append(lambda item, n=name, o=operator, v=value: (_field(item, n) == v) == (o == "eq"))  # type: ignore[misc]
        elif match := re.fullmatch(r"\(?startswith\((\w+),\s*'([^']*)'\)\)?", part):
            name, value = match.groups()
            tests.append(lambda item, n=name, v=value: _field(item, n).startswith(v))  # type: ignore[misc]
        elif match := re.fullmatch(r"\(?(\w+(?:/\w+)?)\s+(gt|ge|lt|le)\s+datetime'([^']*)'\)?", part, re.IGNORECASE):
            tests.append(_compared(*match.groups()))
        else:
            raise Failure(400, "InvalidQueryParameterValue", f"The $filter clause {part!r} is not supported.")
    return lambda item: all(test(item) for test in tests)


def _compared(name: str, operator: str, text: str) -> Callable[[dict[str, Any]], bool]:
    """Whether the moment in a field is after, or before, another one; what has none is neither."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Failure(400, "InvalidQueryParameterValue", f"{text!r} in the $filter is no time.") from None
    compare = {"gt": gt, "ge": ge, "lt": lt, "le": le}[operator.lower()]
    return lambda item: bool(value := _field(item, name)) and bool(compare(datetime.fromisoformat(value), moment))


def _field(item: dict[str, Any], name: str) -> str:
    value: Any = item
    for part in name.split("/"):
        value = (value or {}).get(part, "")
    return str(value)


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
