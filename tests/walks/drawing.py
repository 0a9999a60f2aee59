"""Random values for the keys of a spec: from its schema, from the cases of the kinds, and from `values.yaml`."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.spec.schema import schema
from tests.documents import loaded

HERE = Path(__file__).parent
SAYS: Mapping[str, Any] = loaded((HERE / "values.yaml").read_text())
Shape = Mapping[str, Any]
Text = dict[str, Any]
"""A spec as its YAML has it."""
ENTRIES: Mapping[str, str] = {
    "storage": "storage_account",
    "identities": "identity",
    "registries": "registry",
    "logAnalytics": "log_analytics_workspace",
    "batchAccount": "batch_account",
    "applications": "application",
    "pools": "pool",
    "jobs": "job",
}
"""Section of a spec → the kind of its entries."""

INSIDE = {"storage": "containers", "jobs": "tasks"}
"""Section → the key of its entries that has entries of its own."""


class Undrawn(Exception):
    """There is no value to draw here."""


def _cases() -> Iterator[tuple[str, Any]]:
    """(kind.key, value) of every property of the cases of all kinds."""
    for path in sorted((HERE.parent / "cases").glob("*/properties.yaml")):
        for case in loaded(path.read_text()):
            if "only" not in case:
                yield from ((f"{path.parent.name}.{case['key']}", case[stage]) for stage in ("set", "changed"))


CASES = tuple(_cases())


def named(value: Any, name: str) -> Any:
    """`value`, with NAME in all its texts and keys replaced."""
    if isinstance(value, Mapping):
        return {key.replace("NAME", name): named(item, name) for key, item in value.items()}
    if isinstance(value, list):
        return [named(item, name) for item in value]
    return value.replace("NAME", name) if isinstance(value, str) else value


@dataclass(frozen=True)
class Drawing:
    """Draws by `dice` for the spec `text` of the walk `name`."""

    dice: random.Random
    text: Text
    name: str

    def value(self, shape: Shape, path: str) -> Any:
        """A value of this shape for the dotted path of a key, which begins with its kind. Undrawn if there is none."""
        known = self._known(path)
        only = "type" not in shape or path in SAYS["taken_once"]
        if known is not None and (self.dice.random() < 0.8 or only):
            return named(deepcopy(self.among(known)), self.name)
        if refers := shape.get("x-refers"):
            return self.among([*self._references(refers), *shape.get("examples", ())])
        if "enum" in shape:
            return self.among(shape["enum"])
        return self._typed(shape, path)

    def among(self, values: Sequence[Any]) -> Any:
        if not values:
            raise Undrawn
        return self.dice.choice(values)

    def keys(self, shape: Shape, path: str) -> list[str]:
        """The keys of a map of this shape that a walk draws for."""
        return [key for key in sorted(shape.get("properties", ())) if not _fits(f"{path}.{key}", SAYS["left_out"])]

    def _known(self, path: str) -> Sequence[Any] | None:
        fitting = sorted((key for key in SAYS["keys"] if _fits(path, [key])), key=len)
        cases = [value for key, value in CASES if key == path]
        return [*(SAYS["keys"][fitting[-1]] if fitting else ()), *cases] if fitting or cases else None

    def _references(self, sections: Sequence[str]) -> Iterator[str]:
        for section in sections:
            if section == "batchAccount" and section in self.text:
                yield section
            if section == "storage/containers":
                for account, entry in self.text.get("storage", {}).items():
                    yield from (f"storage/{account}/{name}" for name in (entry or {}).get("containers", ()))
            elif section != "batchAccount":
                yield from (f"{section}/{name}" for name in self.text.get(section, ()))

    def _typed(self, shape: Shape, path: str) -> Any:
        types = shape.get("type", "object" if "properties" in shape else ())
        kind = self.among([types] if isinstance(types, str) else types)
        match kind:
            case "boolean":
                return self.dice.random() < 0.5
            case "integer" | "number":
                least, most = shape.get("minimum", 0), shape.get("maximum", 100)
                return self.among([least, least + 1, min(most, least + 7), most])
            case "string":
                return self._string(shape)
            case "array":
                items = [self.value(shape.get("items", {}), path) for _ in range(self.dice.randint(0, 2))]
                return [item for index, item in enumerate(items) if item not in items[:index]]
            case "object":
                return self._map(shape, path)
        return None

    def _string(self, shape: Shape) -> str:
        pattern = re.compile(shape.get("pattern", ""))
        texts = [*shape.get("examples", ()), *SAYS["texts"]]
        return str(self.among([text for text in texts if pattern.search(text)]))

    def _map(self, shape: Shape, path: str) -> dict[str, Any]:
        if "properties" in shape:
            required = shape.get("required", ())
            chosen = [key for key in self.keys(shape, path) if key in required or self.dice.random() < 0.25]
            return {key: self.value(shape["properties"][key], f"{path}.{key}") for key in chosen}
        pattern = re.compile(shape.get("propertyNames", {}).get("pattern", ""))
        keys = [key for key in SAYS["map_keys"] if pattern.search(key)]
        chosen = self.dice.sample(keys, min(len(keys), self.dice.randint(0, 3)))
        return {key: self.value(shape.get("additionalProperties", {}), path) for key in chosen}


def _fits(path: str, ends: Sequence[str]) -> bool:
    return any(path == end or path.endswith(f".{end}") for end in ends)


def shape_of(section: str) -> Shape:
    """The shape of an entry of a section, of what is inside of such entries, or of `azure`."""
    outer = next((outer for outer, inside in INSIDE.items() if inside == section), section)
    shape: Shape = schema()["properties"][outer]
    shape = shape.get("additionalProperties") or shape
    return shape if outer == section else shape["properties"][section]["additionalProperties"]
