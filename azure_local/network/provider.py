"""What the types of Microsoft.Network have in common: the shapes of their bodies, and its failures."""

from __future__ import annotations

from typing import Any

from azure_local.http import Failure
from azure_local.shapes import Fault, Shapes, load
from azure_local.tracked import Provider, Type


def _unfit(fault: Fault) -> Failure:
    code = "MissingRequiredProperty" if fault.kind == "missing" else "InvalidJson"
    return Failure(400, "InvalidRequestFormat", "Cannot parse the request.", details=((code, fault.text),))


def _bad_name(kind: Type, name: str) -> Failure:
    text = f"Resource name {name} is invalid. The name can be up to 80 characters long. It must begin with a word "
    text += "character, and it must end with a word character or with '_'. The name may contain word characters or "
    return Failure(400, "InvalidResourceName", f"{text}'.', '-', '_'.")


def _busy(resource: dict[str, Any]) -> Failure:
    text = "Another operation on this or dependent resource is in progress. To retrieve status of the operation "
    return Failure(409, "AnotherOperationInProgress", f"{text}ask for {resource['id']}.")


NETWORK = Provider(
    "Microsoft.Network", Shapes(load("network"), _unfit), bad_name=_bad_name, busy=_busy, creating="Updating"
)
