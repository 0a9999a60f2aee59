"""The schema, the types of sections and the defaults say the same."""

from __future__ import annotations

import collections.abc
import json
import sys
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest
from jsonschema import Draft202012Validator

from reconciler.kind import Kind
from reconciler.kinds import KINDS, load
from reconciler.kinds.monitoring.wanted import Monitoring
from reconciler.spec import schema
from reconciler.spec.networks import Network
from reconciler.spec.pools import Pool
from reconciler.spec.sections import Application, BatchAccount, Gallery, Identity, Image, Job, Registry, StorageAccount

CHECKOUT = Path(__file__).parents[2]
SECTIONS: dict[str, Any] = {
    "storage": StorageAccount,
    "identities": Identity,
    "registries": Registry,
    "galleries": Gallery,
    "images": Image,
    "batchAccount": BatchAccount,
    "applications": Application,
    "pools": Pool,
    "jobs": Job,
    "networks": Network,
}


def own(kind: Kind) -> Any:
    """The type that a kind declares for a section that nobody else reads: the last TypedDict beside its `expand`."""
    return [value for value in vars(sys.modules[kind.expand.__module__]).values() if is_typeddict(value)][-1]


SECTIONS |= {kind.section: own(kind) for kind in KINDS.values() if kind.section and kind.section not in SECTIONS}
COMPUTED = {"identity of Pool", "size of BuildMachine", "run of BuildStep", "scripts of Conversion", "to of Telemetry"}
"""What a family always fills in, though no schema can say with what."""
WORDS = {"string": str, "integer": int, "number": float, "boolean": bool, "array": list, "object": dict}


def misfits(hint: Any, shape: schema.Shape, path: str) -> Iterator[str]:
    """Where a type says other than the schema."""
    if is_typeddict(hint):
        yield from _entry(hint, shape, path)
        return
    words = shape.get("type", [])
    allowed = {WORDS[word] for word in ([words] if isinstance(words, str) else words) if word != "null"}
    allowed |= {type(value) for value in (*shape.get("enum", ()), *([shape["const"]] if "const" in shape else ()))}
    for part in get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,):
        origin = get_origin(part) or part
        plain = {collections.abc.Mapping: dict, collections.abc.Sequence: list}.get(origin, origin)
        if not is_typeddict(part) and allowed and plain not in allowed:
            yield f"{path}: {part} is none of {allowed}"
        elif plain is dict and get_args(part)[1] is not Any and "properties" not in shape:
            yield from misfits(get_args(part)[1], schema.inside(shape, "any name"), f"{path}.*")
        elif plain is list:
            yield from misfits(get_args(part)[0], schema.inside(shape, 0), f"{path}[]")


def _entry(hint: Any, shape: schema.Shape, path: str) -> Iterator[str]:
    hints, known = get_type_hints(hint, include_extras=True), shape.get("properties", {})
    if hints.keys() != known.keys():
        yield f"{path}: {sorted(hints.keys() ^ known.keys())} are on one side only"
    for key in hints.keys() & known.keys():
        part, optional = schema.inside(shape, key), get_origin(hints[key]) is NotRequired or not hint.__total__
        there = key in shape.get("required", ()) or "default" in part or f"{key} of {hint.__name__}" in COMPUTED
        if there == optional:
            yield f"{path}.{key}: {'is always there' if there else 'may be missing'}, other than {hint.__name__} says"
        bare = get_args(hints[key])[0] if get_origin(hints[key]) is NotRequired else hints[key]
        yield from misfits(bare, part, f"{path}.{key}")


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_is_of_the_type_that_its_schema_describes(section: str) -> None:
    assert list(misfits(SECTIONS[section], schema.kind_of(section)[1], section)) == []


def test_what_is_monitored_is_of_the_type_that_its_schema_describes() -> None:
    assert list(misfits(Monitoring, schema.schema()["$defs"]["monitoring"], "monitoring")) == []


def test_every_section_of_resources_has_a_type() -> None:
    assert {name for name in schema.schema()["properties"] if schema.named(name)} <= SECTIONS.keys()


def test_every_default_is_what_its_own_schema_allows() -> None:
    whole = schema.schema()
    shapes = [shape for shape in every(whole) if "default" in shape]
    assert len(shapes) > 50
    for shape in shapes:
        Draft202012Validator({**shape, "$defs": whole["$defs"]}).validate(shape["default"])


def every(shape: Any) -> Iterator[Mapping[str, Any]]:
    """Every map in a schema."""
    parts = shape.values() if isinstance(shape, dict) else shape if isinstance(shape, list) else ()
    for part in parts:
        if isinstance(part, dict):
            yield part
        yield from every(part)


@pytest.mark.parametrize("path", sorted((CHECKOUT / "specs").glob("*.yaml")), ids=lambda path: path.name)
def test_a_spec_has_every_default_and_keeps_what_it_says(path: Path) -> None:
    spec = load(path, {"AZURE_SUBSCRIPTION_ID": "00000000-1111-2222-3333-444444444444"})
    assert schema.filled(spec.sections) == spec.sections


def test_names_that_roles_can_hold_on_have_the_arm_type_of_their_kind() -> None:
    role = schema.schema()["$defs"]["role_assignment"]["properties"]["scope"]
    for section in role["x-refers"]:
        kind, shape = schema.kind_of(section)
        arm = KINDS[kind].arm
        assert arm is not None
        assert shape["x-arm"] == arm.name


def test_every_section_says_whether_its_names_have_case() -> None:
    named = [shape for shape in schema.schema()["properties"].values() if "propertyNames" in shape]
    assert all(shape["x-caseless"] for shape in named)
    assert all(schema.kind_of(section)[0] in KINDS for section in SECTIONS)


def test_every_reference_is_into_a_section() -> None:
    for shape in every(schema.schema()):
        for one in shape.get("x-refers", ()) if isinstance(shape.get("x-refers", ()), list) else ():
            section, _, inner = one.partition("/")
            entry = schema.kind_of(section)[1]
            assert not inner or inner in entry["properties"]


def test_the_reference_tells_every_default() -> None:
    """A row of docs/spec.md has the default of its key in the third column, unless that is empty."""
    told, wanted = {}, {}
    for heading, key, cell in documented():
        default = schema.inside(described(heading), key).get("default")
        told[heading, key] = cell if cell != "**required**" else ""
        wanted[heading, key] = f"`{json.dumps(default)}`" if default not in (None, {}, []) else ""
    assert len(told) > 100
    assert told == wanted


def described(heading: str) -> schema.Shape:
    """The shape that a heading such as `pools.NAME.rollout.windows[]` is of."""
    shape = schema.schema()
    for part in heading.split(", ")[0].removesuffix("[]").split(".") if heading != "Top level" else ():
        shape = schema.inside(shape, part)
    return schema.inside(shape, 0) if heading.endswith("[]") else shape


def documented() -> Iterator[tuple[str, str, str]]:
    """Heading, key and default of each row of docs/spec.md."""
    heading = ""
    for line in (CHECKOUT / "docs/spec.md").read_text().splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ")
        elif line.startswith("| `"):
            cells = [cell.strip() for cell in line.replace("\\|", "¦").strip("|").split("|")]
            yield heading, cells[0].strip("`"), cells[2]


def test_the_schema_that_code_reads_refers_to_nothing() -> None:
    assert '"$ref"' not in json.dumps(schema.schema())
