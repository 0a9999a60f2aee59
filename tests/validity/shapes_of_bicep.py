"""Shapes of request bodies from Microsoft's types of ARM resources (bicep-types), which exist for every api-version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.validity.bicep import READ_ONLY, REQUIRED, index, resource

PATH = ("apiVersion", "id", "name", "type")
"""What a body may repeat of the resource's path."""
WORDS = {"StringType": "string", "IntegerType": "integer", "BooleanType": "boolean", "AnyType": "any"}
Inside = frozenset[tuple[str, str]]
LIMITS = {"minLength": "min", "maxLength": "max", "minValue": "min", "maxValue": "max", "pattern": "pattern"}


class Shapes:
    """Collects the shapes that an ARM type leads to; `references` and `inside` are told of in `shapes.py`."""

    def __init__(self, types: list[dict[str, Any]], references: frozenset[str], inside: Inside) -> None:
        self.types, self.references, self.inside = types, references, inside
        self.found: dict[str, dict[str, Any]] = {}

    def member(self, reference: dict[str, str], place: tuple[str, str] = ("", "")) -> Any:
        kind = self.types[index(reference)]
        form = kind["$type"]
        if form == "ObjectType":
            return "any" if kind["name"] in self.references and place not in self.inside else self._object(kind)
        if form == "DiscriminatedObjectType":
            return "any"
        if form == "ArrayType":
            return [self.member(kind["itemType"], place)]
        if form == "UnionType":
            words = [self.types[index(one)] for one in kind["elements"]]
            return {"enum": [word["value"] for word in words if "value" in word]}
        if form == "StringLiteralType":
            return {"enum": [kind["value"]]}
        limits = {name: kind[key] for key, name in LIMITS.items() if key in kind}
        if kind.get("sensitive"):
            limits["secret"] = True
        return {"type": WORDS[form], **limits} if limits else WORDS[form]

    def _object(self, kind: dict[str, Any]) -> Any:
        if kind.get("properties"):
            self.add(kind["name"], kind)
            return f"#{kind['name']}"
        inner = kind.get("additionalProperties")
        return {"*": self.member(inner)} if inner else "any"

    def add(self, name: str, kind: dict[str, Any]) -> None:
        if name in self.found:
            return
        shape = self.found[name] = {}
        needed = []
        for member, one in sorted(kind["properties"].items()):
            flags = one.get("flags", 0)
            shape[member] = None if flags & READ_ONLY else self.member(one["type"], (name, member))
            if flags & REQUIRED and member != "location":  # a region that is missing is told of by ARM itself
                needed.append(member)
        if needed:
            shape["!"] = needed


def made(
    folder: Path, roots: dict[str, str], references: frozenset[str] = frozenset(), inside: Inside = frozenset()
) -> dict[str, dict[str, Any]]:
    """The shapes of ARM types, each under the name that it is given in `roots`, with a second one for its PATCH.

    A PATCH may leave out what a PUT must have, in the resource itself and in its `properties`.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, arm_type in roots.items():
        typed = resource(folder, arm_type)
        assert typed is not None, arm_type
        types, body = typed
        shapes = Shapes(types, references, inside)
        shapes.add(name, {**body, "properties": {k: v for k, v in body["properties"].items() if k not in PATH}})
        found |= shapes.found
        found[name] |= dict.fromkeys(PATH[1:])
        found |= _update(name, found)
    return found


def _update(name: str, found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    whole = {member: one for member, one in found[name].items() if member != "!"}
    inner = str(whole.get("properties", ""))
    if "!" not in found.get(inner[1:], {}):
        return {f"{name}Update": whole}
    loose = {member: one for member, one in found[inner[1:]].items() if member != "!"}
    return {f"{name}Update": {**whole, "properties": f"{inner}Update"}, f"{inner[1:]}Update": loose}
