"""Every writable field of Microsoft's types has a rule, and every rule is about a field that exists."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.kind import ArmType
from reconciler.kinds import KINDS
from tests.validity.bicep import READ_ONLY, index, resource
from tests.validity.exchanges import BICEP, DOCUMENTS, EXACT, TYPES
from tests.validity.swagger import Schema, operations

JOB = TYPES / "batch/data-plane/sdk-15.1-models-2025-06-01.json"
ADDRESSED = {"name", "id", "properties"}
"""What is in the address, or has its rules field by field."""
OWN = {
    "role_assignment": {"identity"},
    "job": {"state", "stage", "id"},
    "job_schedule": {"state", "stage"},
    "pool": {"stage"},
    "application_package": {"content", "state"},
    "resource_group": {"properties"},
    "image_version": {"version", "inputs", "stage"},
}
"""Rules about what we derive ourselves: who has the principal, what became of a job, what was uploaded."""


def writable(arm: ArmType) -> set[str]:
    """`location`, `properties.vmSize`, ...: what a request of the kind's api-version may carry, one level down."""
    checked = EXACT.get(arm.name.lower(), "")
    named = checked if checked.endswith(f"/{arm.api_version}") else f"{arm.provider.lower()}/{arm.api_version}"
    folder = TYPES / BICEP / named
    found = resource(folder, arm.name)
    return set(_fields(*found, "") if found else _published(_body(arm), "")) - ADDRESSED


def _fields(types: list[dict[str, Any]], body: dict[str, Any], prefix: str) -> Iterator[str]:
    for name, one in body["properties"].items():
        if one.get("flags", 0) & READ_ONLY:
            continue
        yield prefix + name
        if name == "properties":
            yield from _fields(types, types[index(one["type"])], "properties.")


def _body(arm: ArmType) -> Schema:
    """What a PUT of the type takes, where its api-version is published as swagger only."""
    names = "".join(f"/{part}/default" for part in arm.name.split("/")[1:])
    example = f"/subscriptions/s/resourceGroups/g/providers/{arm.provider}{names}"
    files = [TYPES / name for name in DOCUMENTS["arm"] if f"/{arm.api_version}/" in name]
    for method, path, operation in operations(tuple(files)):
        if method == "PUT" and operation.body and path.fullmatch(example):
            return Schema(operation.body["file"], operation.body["schema"]).resolved()
    raise AssertionError(f"there are no types of {arm.name} {arm.api_version}; run: python -m tests.validity.vendor")


def _published(schema: Schema, prefix: str) -> Iterator[str]:
    for name, one in schema.properties().items():
        inner = one.resolved()
        if one.value.get("readOnly") or inner.value.get("readOnly"):
            continue
        yield prefix + name
        if name == "properties":
            yield from _published(inner, "properties.")


ON_THE_DATA_PLANE = {"job": "BatchJobCreateOptions", "job_schedule": "BatchJobScheduleCreateOptions"}


def data_fields(kind: str) -> set[str]:
    models = json.loads(JOB.read_text())
    return {name for name, field in models[ON_THE_DATA_PLANE[kind]].items() if not field["read_only"]}


@pytest.mark.parametrize("kind", [*(name for name, kind in KINDS.items() if kind.arm), *ON_THE_DATA_PLANE])
def test_every_writable_field_has_a_rule_and_every_rule_a_field(kind: str) -> None:
    arm = KINDS[kind].arm
    fields = writable(arm) if arm else data_fields(kind)
    unruled = {field for field in fields if not _ruled(kind, field)}
    assert unruled == set(), f"{kind}: a change of these would be a silent no-op"
    deep = 2 if arm else 1
    known = {".".join(path.split(".")[:deep]) for path in KINDS[kind].fields} - OWN.get(kind, set())
    assert known - fields == set(), f"{kind}: these rules are about no field of Microsoft's type"


def _ruled(kind: str, field: str) -> bool:
    try:
        KINDS[kind].rule(field)
    except LookupError:
        return False
    return True


@pytest.mark.parametrize("name", KINDS)
def test_a_field_that_a_spec_calls_otherwise_has_no_name_of_another_in_a_plan(name: str) -> None:
    kind = KINDS[name]
    others = {kind.key(path): path for path in kind.fields}
    taken = {path: others.get(kind.key(path), path) for path in kind.keys if kind.key(path)}
    assert {path: other for path, other in taken.items() if not path.startswith(other)} == {}
