"""The types that the checks read are whole, and they are Microsoft's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.validity import vendor
from tests.validity.exchanges import BICEP, DOCUMENTS, EXACT, SHARED, TYPES


@cache
def parsed(path: Path) -> Any:
    return json.loads(path.read_text())


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_every_document_is_there() -> None:
    wanted = [name for names in DOCUMENTS.values() for name in names]
    wanted += [f"{BICEP}/{folder}/types.json" for folder in EXACT.values()]
    assert [name for name in (*wanted, vendor.JOB, "LICENSE") if not (TYPES / name).is_file()] == []


@pytest.mark.parametrize("path", sorted(TYPES.rglob("*.json")), ids=lambda path: "/".join(path.parts[-3:]))
def test_every_reference_leads_to_something_that_is_kept(path: Path) -> None:
    for reference in references(json.loads(path.read_text())):
        name, _, pointer = reference.partition("#")
        value = parsed((path.parent / name).resolve() if name else path)
        for part in pointer.strip("/").split("/"):
            value = value[int(part) if isinstance(value, list) else part]
        assert isinstance(value, dict)


@pytest.mark.skipif(
    not SHARED.is_dir(), reason="Microsoft's documents are not beside the checkout (shared/azure/openapi)"
)
def test_what_is_kept_is_microsofts() -> None:
    kept = {str(path.relative_to(TYPES)): path.read_text() for path in TYPES.rglob("*") if path.is_file()}
    made = vendor.texts()
    assert sorted(kept) == sorted(made), "run: python -m tests.validity.vendor"
    assert [name for name in made if kept[name] != made[name]] == [], "run: python -m tests.validity.vendor"
