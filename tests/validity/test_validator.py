"""The validator itself: it takes Microsoft's own examples and catches what is misspelt or ill-typed in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.validity import bicep, exchanges, shapes, swagger

published = pytest.mark.skipif(
    not exchanges.SHARED.is_dir(), reason="Microsoft's documents are not beside the checkout (shared/azure/openapi)"
)
SERVICES = (
    "batch/resource-manager/Microsoft.Batch/stable/2024-07-01",
    "msi/resource-manager/Microsoft.ManagedIdentity/ManagedIdentity/stable/2024-11-30",
    "storage/resource-manager/Microsoft.Storage/stable/2025-01-01",
    "authorization/resource-manager/Microsoft.Authorization/stable/2022-04-01",
    "resources/resource-manager/Microsoft.Resources/stable/2025-04-01",
    "compute/resource-manager/Microsoft.Compute/ComputeRP/stable/2025-04-01",
    "compute/resource-manager/Microsoft.Compute/DiskRP/stable/2025-01-02",
    "compute/resource-manager/Microsoft.Compute/GalleryRP/stable/2024-03-03",
    "compute/resource-manager/Microsoft.Compute/Skus/stable/2021-07-01",
    "network/resource-manager/Microsoft.Network/stable/2024-07-01",
    "batch/data-plane/Azure.Batch/preview/2024-07-01.20.0",
)


def examples() -> list[tuple[swagger.Operation, dict[str, Any]]]:
    found = []
    for service in SERVICES:
        for file in sorted((exchanges.SHARED / service).glob("*.json")):
            for methods in swagger.document(file.resolve()).get("paths", {}).values():
                for one in methods.values():
                    if not isinstance(one, dict):
                        continue
                    for example in one.get("x-ms-examples", {}).values():
                        path = (file.parent / example["$ref"]).resolve()
                        if path.is_file():
                            found.append((swagger._operation(file.resolve(), one), json.loads(path.read_text())))
    return found


def answers(operation: swagger.Operation, example: dict[str, Any]) -> list[tuple[swagger.Schema, Any]]:
    found = []
    for status, answer in example["responses"].items():
        listed = operation.answers.get(status, {})
        if isinstance(answer, dict) and "schema" in listed and isinstance(answer.get("body"), dict):
            found.append((swagger.Schema(operation.file, listed["schema"]), answer["body"]))
    return found


def faulty(schema: swagger.Schema, body: Any) -> bool:
    return any(True for _ in swagger.faults(schema, body, "answer", request=False))


@published
def test_microsofts_own_examples_pass_but_for_a_few_of_their_slips() -> None:
    bodies = [pair for operation, example in examples() for pair in answers(operation, example)]
    wrong = [body for schema, body in bodies if faulty(schema, body)]
    print(f"{len(bodies)} answers of Microsoft's examples, {len(wrong)} of them with slips")
    assert len(bodies) > 150
    assert len(wrong) / len(bodies) < 0.2


@published
def test_a_misspelt_or_ill_typed_property_is_caught() -> None:
    tried = 0
    missed: list[tuple[str, str]] = []
    for operation, example in examples():
        for schema, body in answers(operation, example):
            if schema.resolved().open() or faulty(schema, body):
                continue
            for name, value in body.items():
                misspelt = {**{k: v for k, v in body.items() if k != name}, f"{name}X": value}
                typed = schema.resolved().properties()[name].resolved().value.get("type") in (
                    "string",
                    "integer",
                    "boolean",
                )
                ill_typed = {**body, name: {"no": "such"}} if typed else misspelt
                for damaged in (misspelt, ill_typed):
                    tried += 1
                    if not faulty(schema, damaged):
                        missed.append((operation.name, name))
    assert tried > 200
    assert missed == []


def test_the_exact_types_catch_what_is_read_only_unknown_or_ill_typed() -> None:
    found = bicep.resource(
        exchanges.TYPES / exchanges.BICEP / "microsoft.batch/2025-06-01", "Microsoft.Batch/batchAccounts/pools"
    )
    assert found is not None
    for body, fault in (
        ({"properties": {"vmSise": "x"}}, "request.properties.vmSise is not known"),
        ({"properties": {"allocationState": "Steady"}}, "request.properties.allocationState is read-only"),
        (
            {"properties": {"taskSlotsPerNode": "4"}},
            "request.properties.taskSlotsPerNode is '4', which is no IntegerType",
        ),
        (
            {"properties": {"interNodeCommunication": "enabled"}},
            "request.properties.interNodeCommunication is 'enabled'",
        ),
    ):
        faults = list(bicep.faults(*found, body, "request", request=True))
        assert len(faults) == 1
        assert faults[0].startswith(fault)
    assert list(bicep.faults(*found, {"properties": {"vmSize": "standard_d2s_v3"}}, "request", request=True)) == []


def test_the_wire_log_format_is_understood(tmp_path: Path) -> None:
    line = {"plane": "arm", "method": "GET", "path": "/subscriptions/x/resourceGroups/g", "request": "", "status": 200}
    body = {"id": "/x", "name": "g", "location": "here", "tagz": {}}
    log = tmp_path / "wire.jsonl"
    log.write_text(json.dumps({**line, "headers": {"content-type": "application/json"}, "response": json.dumps(body)}))
    report = exchanges.Validator().check(log)
    assert list(report.faults) == ["ResourceGroups_Get 200: answer.tagz is not known"]


@published
@pytest.mark.parametrize("service", shapes.FILES)
def test_the_shapes_of_the_local_azure_are_microsofts(service: str) -> None:
    kept = (shapes.FOLDER / f"{service}.json").read_text()
    assert kept == shapes.written(service), "run: python -m tests.validity.shapes"
