"""Microsoft's types as far as the tests need them (`types/`), taken from its published documents in `../shared`.

    .venv/bin/python -m tests.validity.vendor    # writes them anew

Of a swagger document: the operations that the local Azure offers and what their bodies lead to. Of bicep-types: the
resource types that exchanges and kinds are checked against. Of the SDK: jobs and schedules. Each keeps its path, and of
a schema only what `swagger.py` and `bicep.py` read; one entry stands on one line.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from azure_local import providers
from azure_local.front import compiled
from reconciler.kinds import KINDS
from tests.validity import bicep
from tests.validity.exchanges import BICEP, DOCUMENTS, EXACT, SHARED, TYPES
from tests.validity.swagger import METHODS, document

JOB = "batch/data-plane/sdk-15.1-models-2025-06-01.json"
MODELS = ("BatchJobCreateOptions", "BatchJobScheduleCreateOptions")
SCALARS = ("type", "format", "pattern", "minLength", "maxLength", "readOnly", "enum", "required", "x-ms-secret")
Texts = dict[str, str]


def texts() -> Texts:
    """Path below `types/` → the text of that file."""
    swagger = Swagger()
    for plane, documents in DOCUMENTS.items():
        for name in documents:
            swagger.take(name, plane)
    found = {name: _lines(parts) for name, parts in swagger.parts.items()}
    for folder, names in sorted(_exact().items()):
        found[f"{BICEP}/{folder}/types.json"] = _rows(_bicep(SHARED / BICEP / folder, sorted(names)))
    models = json.loads((SHARED / JOB).read_text())
    fields = {
        model: {name: {"read_only": field["read_only"]} for name, field in models[model].items()} for model in MODELS
    }
    return {**found, JOB: _lines(fields), "LICENSE": (SHARED / "LICENSE").read_text()}


class Swagger:
    """Collects what is needed of each document: document → section → name → value."""

    def __init__(self) -> None:
        self.parts: dict[str, dict[str, dict[str, Any]]] = {}
        self.routes = {"arm": _routes("arm"), "batch": _routes("batch")}

    def take(self, name: str, plane: str) -> None:
        file = (SHARED / name).resolve()
        paths = self.parts.setdefault(name, {}).setdefault("paths", {})
        for path, methods in document(file)["paths"].items():
            for method, operation in methods.items():
                if method in METHODS and self._needed(plane, method.upper(), path):
                    paths.setdefault(path, {})[method] = self._operation(operation, file)

    def _needed(self, plane: str, method: str, path: str) -> bool:
        """Whether the local Azure offers it, or it is an operation on resources of any type."""
        example = re.sub(r"\{\w+\}", "x", path.split("?")[0]).rstrip("/")
        if plane == "batch":
            example = f"/batch/x{example}"
        offered = any(verb == method and pattern.fullmatch(example) for verb, pattern in self.routes[plane])
        return offered or "{resourceType}" in path

    def _operation(self, operation: Mapping[str, Any], file: Path) -> dict[str, Any]:
        answers = {
            status: {"schema": self._schema(answer["schema"], file)} if "schema" in answer else {}
            for status, answer in operation["responses"].items()
        }
        kept: dict[str, Any] = {"operationId": operation["operationId"], "responses": answers}
        for parameter in operation.get("parameters", ()):
            value = _parameter(parameter, file)
            if value.get("in") == "body":
                kept["parameters"] = [{"in": "body", "schema": self._schema(value["schema"], file)}]
        return kept

    def _schema(self, schema: Mapping[str, Any], file: Path) -> dict[str, Any]:
        """What the validator reads of a schema; what it refers to is taken too."""
        if "$ref" in schema:
            return self._reference(schema, file)
        kept = {key: schema[key] for key in SCALARS if key in schema}
        if "name" in schema.get("x-ms-enum", {}):
            kept["x-ms-enum"] = {"name": schema["x-ms-enum"]["name"]}
        if "properties" in schema:
            kept["properties"] = {name: self._schema(one, file) for name, one in schema["properties"].items()}
        if "allOf" in schema:
            kept["allOf"] = [self._schema(one, file) for one in schema["allOf"]]
        if "items" in schema:
            kept["items"] = self._schema(schema["items"], file)
        if "additionalProperties" in schema:
            inner = schema["additionalProperties"]
            kept["additionalProperties"] = self._schema(inner, file) if isinstance(inner, dict) else inner
        return kept

    def _reference(self, schema: Mapping[str, Any], file: Path) -> dict[str, Any]:
        target, (section, name) = _target(schema["$ref"], file)
        if not target.is_file():  # a common definition that is not among the documents: anything fits
            return {}
        held = self.parts.setdefault(str(target.relative_to(SHARED.resolve())), {}).setdefault(section, {})
        if name not in held:
            held[name] = {}
            held[name] = self._schema(document(target)[section][name], target)
        return {"$ref": schema["$ref"], **{key: schema[key] for key in ("readOnly", "x-ms-secret") if key in schema}}


def _parameter(parameter: Mapping[str, Any], file: Path) -> Mapping[str, Any]:
    """What stands for a parameter; bodies are described where they are used."""
    if "$ref" not in parameter:
        return parameter
    target, (section, name) = _target(parameter["$ref"], file)
    found: Mapping[str, Any] = document(target)[section][name]
    assert target == file or found.get("in") != "body", f"the body of {file.name} is described in {target.name}"
    return found


def _target(reference: str, file: Path) -> tuple[Path, list[str]]:
    name, _, pointer = reference.partition("#")
    return (file.parent / name).resolve() if name else file, pointer.strip("/").split("/")


def _routes(plane: str) -> list[tuple[str, re.Pattern[str]]]:
    """(method, path pattern) of what the local Azure offers."""
    routes = tuple(route for service in providers.services() if service.plane == plane for route in service.routes)
    return [(method, pattern) for method, _, pattern, _ in compiled(routes)]


def _exact() -> dict[str, set[str]]:
    """Folder of bicep-types → the types that are needed of it, in lower case."""
    found: dict[str, set[str]] = {}
    for name, folder in EXACT.items():
        found.setdefault(folder, set()).add(name)
    for kind in KINDS.values():
        if kind.arm and (SHARED / BICEP / kind.arm.provider.lower() / kind.arm.api_version).is_dir():
            found.setdefault(f"{kind.arm.provider.lower()}/{kind.arm.api_version}", set()).add(kind.arm.name.lower())
    return found


def _bicep(folder: Path, names: list[str]) -> list[dict[str, Any]]:
    """The resource types and all that they lead to, numbered anew."""
    rows: list[dict[str, Any]] = []
    for name in names:
        found = bicep.resource(folder, name)
        assert found is not None, f"{name} is not in {folder}"
        types, body = found
        row = {"$type": "ResourceType", "name": f"{name}@{folder.name}", "body": {}}
        rows.append(row)
        row["body"] = Bicep(types, rows).reference(types.index(body))
    return rows


class Bicep:
    """Copies types with what they lead to behind the rows that are there."""

    def __init__(self, types: list[dict[str, Any]], rows: list[dict[str, Any]]) -> None:
        self.types, self.rows = types, rows
        self.numbers: dict[int, int] = {}

    def reference(self, number: int) -> dict[str, str]:
        if number not in self.numbers:
            self.numbers[number] = len(self.rows)
            row: dict[str, Any] = {}
            self.rows.append(row)
            row.update(self._type(self.types[number]))
        return {"$ref": f"#/{self.numbers[number]}"}

    def _type(self, whole: Mapping[str, Any]) -> dict[str, Any]:
        kept = {key: whole[key] for key in ("$type", "value") if key in whole}
        for key in ("itemType", "additionalProperties"):
            if key in whole:
                kept[key] = self.reference(bicep.index(whole[key]))
        if whole["$type"] == "UnionType":
            kept["elements"] = [self.reference(bicep.index(one)) for one in whole["elements"]]
        if "properties" in whole:
            kept["properties"] = {name: self._property(one) for name, one in whole["properties"].items()}
        return kept

    def _property(self, whole: Mapping[str, Any]) -> dict[str, Any]:
        flags = {"flags": whole["flags"]} if whole.get("flags") else {}
        return {"type": self.reference(bicep.index(whole["type"])), **flags}


def _lines(parts: Mapping[str, Mapping[str, Any]]) -> str:
    sections = (
        f"{json.dumps(section)}: {{\n"
        + ",\n".join(f" {json.dumps(name)}: {json.dumps(value)}" for name, value in sorted(values.items()))
        + "\n}"
        for section, values in parts.items()
    )
    return "{\n" + ",\n".join(sections) + "\n}\n"


def _rows(rows: list[dict[str, Any]]) -> str:
    return "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n"


if __name__ == "__main__":
    shutil.rmtree(TYPES, ignore_errors=True)
    for name, text in texts().items():
        (TYPES / name).parent.mkdir(parents=True, exist_ok=True)
        (TYPES / name).write_text(text)
