"""Every writable field of Microsoft's types has a rule, and every rule is about a field that exists."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds import KINDS

SHARED = Path(__file__).parents[3] / "shared" / "azure" / "openapi"
BICEP = SHARED / "bicep-types"
READ_ONLY = 2
TYPES = {
    "resource_group": ("microsoft.resources/2025-04-01", "Microsoft.Resources/resourceGroups"),
    "storage_account": ("microsoft.storage/2026-04-01", "Microsoft.Storage/storageAccounts"),
    "container": ("microsoft.storage/2026-04-01", "Microsoft.Storage/storageAccounts/blobServices/containers"),
    "identity": ("microsoft.managedidentity/2024-11-30", "Microsoft.ManagedIdentity/userAssignedIdentities"),
    "role_assignment": ("microsoft.authorization/2022-04-01", "Microsoft.Authorization/roleAssignments"),
    "registry": ("microsoft.containerregistry/2025-11-01", "Microsoft.ContainerRegistry/registries"),
    "gallery": ("microsoft.compute/2025-12-03", "Microsoft.Compute/galleries"),
    "image_definition": ("microsoft.compute/2025-12-03", "Microsoft.Compute/galleries/images"),
    "image_version": ("microsoft.compute/2025-12-03", "Microsoft.Compute/galleries/images/versions"),
    "batch_account": ("microsoft.batch/2025-06-01", "Microsoft.Batch/batchAccounts"),
    "application": ("microsoft.batch/2025-06-01", "Microsoft.Batch/batchAccounts/applications"),
    "application_package": ("microsoft.batch/2025-06-01", "Microsoft.Batch/batchAccounts/applications/versions"),
    "pool": ("microsoft.batch/2025-06-01", "Microsoft.Batch/batchAccounts/pools"),
}
ADDRESSED = {"name", "id", "properties"}
"""What is in the address, or has its rules field by field."""
OWN = {
    "role_assignment": {"identity"},
    "job": {"state", "stage", "id"},
    "pool": {"stage"},
    "application_package": {"content", "state"},
    "resource_group": {"properties"},
    "image_version": {"version", "inputs", "stage"},
}
"""Rules about what we derive ourselves: who has the principal, what became of a job, what was uploaded."""


def writable(kind: str) -> set[str]:
    """`location`, `properties.vmSize`, ...: the fields that a request may carry, one level into `properties`."""
    folder, name = TYPES[kind]
    for path in (BICEP / folder).glob("*.json"):
        types = json.loads(path.read_text())
        for one in types:
            if one["$type"] == "ResourceType" and one["name"].split("@")[0] == name:
                return set(_fields(types, types[_index(one["body"])], "")) - ADDRESSED
    raise AssertionError(f"there is no {name} in {folder}")


def _fields(types: list[dict[str, Any]], body: dict[str, Any], prefix: str) -> Iterator[str]:
    for name, one in body["properties"].items():
        if one.get("flags", 0) & READ_ONLY:
            continue
        yield prefix + name
        if name == "properties":
            yield from _fields(types, types[_index(one["type"])], "properties.")


def _index(reference: dict[str, str]) -> int:
    return int(reference["$ref"].rsplit("/", 1)[-1])


def job_fields() -> set[str]:
    models = json.loads(next(SHARED.rglob("sdk-15.1-models-2025-06-01.json")).read_text())
    return {name for name, field in models["BatchJobCreateOptions"].items() if not field["read_only"]}


@pytest.mark.parametrize("kind", [*TYPES, "job"])
def test_every_writable_field_has_a_rule_and_every_rule_a_field(kind: str) -> None:
    if not BICEP.is_dir():
        pytest.skip("Microsoft's types are not beside the checkout (shared/azure/openapi)")
    fields = job_fields() if kind == "job" else writable(kind)
    unruled = {field for field in fields if not _ruled(kind, field)}
    assert unruled == set(), f"{kind}: a change of these would be a silent no-op"
    known = {".".join(path.split(".")[:2]) for path in KINDS[kind].fields} - OWN.get(kind, set())
    assert known - fields == set(), f"{kind}: these rules are about no field of Microsoft's type"


def _ruled(kind: str, field: str) -> bool:
    try:
        KINDS[kind].rule(field)
    except LookupError:
        return False
    return True
