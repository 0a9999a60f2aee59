"""What the types of Microsoft.Network have in common: versions, names, the shapes of their bodies, and its failures."""

from __future__ import annotations

from typing import Any

from azure_local.http import Failure
from azure_local.shapes import Fault, Shapes, load
from azure_local.tracked import Provider

VERSIONS = (
    "2024-07-01", "2025-09-01", "2026-03-01", "2025-01-01", "2024-05-01", "2024-01-01", "2023-11-01", "2022-01-01",
)  # fmt: skip
NAME = r"[A-Za-z0-9_]([\w.-]{0,%d}\w)?"
"""A name as long as this number and two more characters."""


def _unfit(fault: Fault) -> Failure:
    code = "MissingRequiredProperty" if fault.kind == "missing" else "InvalidJson"
    return unparsed(code, fault.text)


def unparsed(code: str, text: str) -> Failure:
    """The failure for a body that Network cannot read; the reason stands in its details."""
    return Failure(400, "InvalidRequestFormat", "Cannot parse the request.", details=((code, text),))


def named(inner: dict[str, Any]) -> str:
    """The name of something inside of a body. Failure 400 if it has none."""
    if not inner.get("name"):
        raise unparsed("MissingNameProperty", "name is required.")
    return str(inner["name"])


def bad_name(name: str) -> Failure:
    text = f"Resource name {name} is invalid. The name can be up to 80 characters long. It must begin with a word "
    text += "character, and it must end with a word character or with '_'. The name may contain word characters or "
    return Failure(400, "InvalidResourceName", f"{text}'.', '-', '_'.")


def _busy(resource: dict[str, Any]) -> Failure:
    text = "Another operation on this or dependent resource is in progress. To retrieve status of the operation "
    return Failure(409, "AnotherOperationInProgress", f"{text}ask for {resource['id']}.")


NETWORK = Provider(
    "Microsoft.Network",
    Shapes(load("network"), _unfit),
    bad_name=lambda kind, name: bad_name(name),
    busy=_busy,
    creating="Updating",
)
