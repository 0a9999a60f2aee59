"""What people really get wrong: encodings, tabs, YAML's traps, words of other tools; each is told in plain words."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import Problem, SpecError
from reconciler.kinds import load
from reconciler.spec import mending, schema
from reconciler.spec.reading import read
from reconciler.spec.schema import Path_
from tests.documents import loaded
from tests.spec.test_load import CHECKOUT, HEAD
from tests.spec.test_types import every

TOP = HEAD.replace("adopt: []\n", "")
CASES = loaded((CHECKOUT / "tests/cases/spec/wrong.yaml").read_text())
VALIDATORS = {
    "additionalProperties", "const", "enum", "if", "items", "maxItems", "maxLength", "maxProperties", "maximum",
    "minItems", "minLength", "minProperties", "minimum", "not", "oneOf", "pattern", "properties", "propertyNames",
    "required", "type", "uniqueItems",
}  # fmt: skip
"""Keywords of the schema library that have words of ours, or whose faults are those of a keyword inside."""
SILENT = {"$defs", "$id", "$ref", "$schema", "default", "description", "else", "examples", "then", "title"}


def files(case: dict[str, Any]) -> dict[str, bytes]:
    texts = {name: text.replace("{head}", TOP) for name, text in case.get("files", {}).items()}
    if "bytes" in case:
        return {"spec.yaml": case["bytes"].encode("latin-1")}
    texts["spec.yaml"] = case["whole"].replace("{head}", TOP) if "whole" in case else TOP + case["text"]
    return {name: text.encode() for name, text in texts.items()}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_all_that_is_wrong_is_told_with_its_place_and_a_remedy(case: dict[str, Any], tmp_path: Path) -> None:
    for name, data in files(case).items():
        (tmp_path / name).write_bytes(data)
    with pytest.raises(SpecError) as caught:
        load(tmp_path / "spec.yaml", {})
    assert [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems] == case["says"]


@pytest.mark.parametrize("change", [lambda text: text.replace("\n", "\r\n"), lambda text: "\ufeff" + text])
def test_line_ends_of_windows_and_a_mark_of_utf_8_are_no_faults(change: Any, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_bytes(
        change(TOP + "batchAccount:\n  name: abc\n  tags: {day: 2024-01-01, at: 12:30:00, off: no}\n").encode()
    )
    account = load(path, {}).batch_account
    assert account is not None
    assert account["tags"] == {"day": "2024-01-01", "at": "12:30:00", "off": "no"}


def test_every_keyword_of_the_schema_has_words_of_ours() -> None:
    keywords = set()
    shapes = [schema.written()]
    while shapes:
        shape = shapes.pop()
        keywords |= {key for key in shape if not key.startswith("x-")}
        for key, part in shape.items():
            many = part.values() if key in ("properties", "$defs") else part if isinstance(part, list) else [part]
            shapes += [inner for inner in many if isinstance(inner, dict) and key not in ("default", "x-elsewhere")]
    assert keywords <= VALIDATORS | SILENT


def test_words_of_other_tools_are_no_keys_and_lead_to_pages_that_exist() -> None:
    tables = [
        (shape["x-elsewhere"], shape["properties"]) for shape in every(schema.written()) if "x-elsewhere" in shape
    ]
    assert len(tables) > 8
    for words, known in tables:
        assert not words.keys() & known.keys()
        for page in re.findall(r"docs/[\w.-]+\w", json.dumps(words)):
            assert (CHECKOUT / page).is_file()


def test_something_can_stand_in_for_whatever_is_required() -> None:
    """Only what refers to something has no stand-in where nothing is there that it could mean; its holder goes then."""
    without = {
        key
        for shape in every(schema.schema())
        for key in shape.get("required", ())
        if key in shape.get("properties", {}) and mending.stand_in(shape["properties"][key], {}) is None
    }
    assert without == {"from", "to", "pool", "id", "resourceId", "secret", "key", "identity"}


JUDGED = """
batchAccount: {name: x, tags: {}}
pools:
  p: {vmSize: wrong, nodes: {autoscale: {trace: {burst: {}}}}, taskSlotsPerNode: 2}
  other: {vmSize: small}
jobs:
  j: {pool: pools/p, priority: 1}
"""


@pytest.mark.parametrize(
    ("place", "message", "told"),
    [
        ("pools.p.vmSize", "is odd", False),
        ("pools.p.nodes.autoscale.trace.burst", "is odd", False),
        ("pools.p.nodes", "is odd", False),
        ("pools.p", "is odd", True),
        ("pools.p.taskSlotsPerNode", "is odd", True),
        ("pools.other.vmSize", "is odd", True),
        ("jobs.j.pool", "is odd", False),
        ("jobs.j.priority", "is odd", True),
        ("jobs.j.priority", "pools/p is odd", False),
        ("jobs.j.priority", "pools.p is odd", False),
        ("jobs.j.priority", "vmSize is odd", False),
        ("jobs.j.priority", "vmSizes are odd", True),
        ("jobs.j.priority", "wrong is odd", False),
        ("jobs.j.priority", "batchAccount is odd", False),
        ("batchAccount.tags", "are odd", True),
    ],
)
def test_what_may_come_from_a_value_that_stands_in_is_not_told(
    tmp_path: Path, place: str, message: str, told: bool
) -> None:
    (tmp_path / "spec.yaml").write_text(JUDGED)
    document = read(tmp_path / "spec.yaml", {})
    tainted: set[Path_] = {
        ("pools", "p", "vmSize"),
        ("pools", "p", "nodes", "autoscale", "trace"),
        ("batchAccount", "name"),
    }
    problem = Problem("spec.yaml", 1, 1, place, message)
    assert mending.Mended(document, tainted).judged([problem]) == ([problem] if told else [])
