"""One random change of a spec: a resource more or less, another name, one key of one resource, or another spelling."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from tests.walks.drawing import ENTRIES, INSIDE, SAYS, Drawing, Shape, Text, Undrawn, named, shape_of

Place = tuple[str, ...]
"""Where an entry stands in a spec."""


@dataclass(frozen=True, slots=True)
class Change:
    """`words` tell of it; `text` is the spec after it. `same`: it asks for nothing else."""

    words: str
    text: Text
    same: bool = False


def drawn(drawing: Drawing) -> Change:
    """A change of the drawing's spec, not checked. Undrawn if what the dice say is not possible there."""
    operations: list[Callable[[Drawing], Change]] = [_key, _added, _removed, _renamed, _respelled]
    (operation,) = drawing.dice.choices(operations, weights=(65, 14, 10, 6, 5))
    return operation(drawing)


def entries(text: Text) -> Iterator[Place]:
    yield ("azure",)
    for section in ENTRIES:
        if section == "batchAccount":
            yield from [(section,)] if section in text else []
            continue
        for name, entry in text.get(section, {}).items():
            yield (section, name)
            if inside := INSIDE.get(section):
                yield from ((section, name, inside, inner) for inner in (entry or {}).get(inside, ()))


def _kind(place: Place) -> str:
    section = place[-2] if len(place) > 1 else place[0]
    return {"azure": "resource_group", "containers": "container", "tasks": "task"}.get(section) or ENTRIES[section]


def _shape(place: Place) -> Shape:
    return shape_of(place[-2] if len(place) > 1 else place[0])


def _parent(text: Text, place: Place) -> Any:
    """The map that holds the entry, in which a list of containers becomes a map."""
    value: Any = text
    for key in place[:-1]:
        if key == "containers" and isinstance(value.get(key), list):
            value[key] = {name: {} for name in value[key]}
        if value.get(key) is None:
            value[key] = {}
        value = value[key]
    return value


def _key(drawing: Drawing) -> Change:
    """A key of an entry, at any depth, is set, changed or taken out."""
    text = deepcopy(drawing.text)
    place = drawing.among(list(entries(text)))
    parent, shape, path, value = _parent(text, place), _shape(place), _kind(place), None
    value = parent[place[-1]] = parent[place[-1]] or {}
    while True:
        key = drawing.among(_keys(drawing, shape, value, path))
        inner = shape.get("properties", {}).get(key) or shape.get("additionalProperties") or {}
        below = value.get(key)
        if isinstance(below, dict) and below and drawing.dice.random() < 0.6:
            value, shape, path = below, inner, f"{path}.{key}"
            continue
        where = f"{'/'.join(place)}: {path}.{key}"
        if key in value and drawing.dice.random() < 0.35:
            del value[key]
            return Change(f"{where} is taken out", text)
        before, value[key] = value.get(key), drawing.value(inner, f"{path}.{key}")
        return Change(f"{where} {before!r} → {value[key]!r}", text)


def _keys(drawing: Drawing, shape: Shape, value: dict[str, Any], path: str) -> list[str]:
    """The keys that may be changed in a map: those of its shape, or those that it has and one more."""
    if "properties" in shape:
        return drawing.keys(shape, path)
    return sorted({*value, drawing.among(SAYS["map_keys"])})


def _added(drawing: Drawing) -> Change:
    text = deepcopy(drawing.text)
    section = drawing.among([*ENTRIES, "containers"])
    letter = drawing.among("cdefgh")
    name = named(drawing.among(SAYS["names"][section]), drawing.name).replace("@", letter)
    place: Place = (section, name)
    if section == "containers":
        place = ("storage", drawing.among(sorted(text.get("storage", ()))), "containers", name)
    parent = _parent(text, place)
    if section == "batchAccount":
        if text.get(section):
            raise Undrawn
        text[section] = {"name": name}
        return Change(f"batchAccount {name} is added", text)
    if name in parent:
        raise Undrawn
    parent[name] = entry = deepcopy(SAYS["entries"].get(section, {}))
    shape, kind = _shape(place), _kind(place)
    for key in drawing.keys(shape, kind):
        if (key in shape.get("required", ()) and key not in entry) or drawing.dice.random() < 0.08:
            entry[key] = drawing.value(shape["properties"][key], f"{kind}.{key}")
    return Change(f"{'/'.join(place)} is added: {entry!r}", text)


def _removed(drawing: Drawing) -> Change:
    text = deepcopy(drawing.text)
    place = drawing.among([place for place in entries(text) if place != ("azure",)])
    del _parent(text, place)[place[-1]]
    for section in [section for section in ENTRIES if text.get(section) == {}]:
        del text[section]
    return Change(f"{'/'.join(place)} is removed", text)


def _renamed(drawing: Drawing) -> Change:
    """An entry gets another name, and what referred to it refers to that."""
    text = deepcopy(drawing.text)
    place = drawing.among([place for place in entries(text) if place[0] not in ("azure", "batchAccount")])
    section, before = place[-2:]
    after = named(drawing.among(SAYS["names"][section]), drawing.name).replace("@", drawing.among("cdefgh"))
    parent = _parent(text, place)
    if after in parent:
        raise Undrawn
    parent[after] = parent.pop(before)
    if section != "containers":
        text = _referring(text, f"{section}/{before}", f"{section}/{after}")
    return Change(f"{'/'.join(place)} is renamed {after}", text)


def _referring(value: Any, before: str, after: str) -> Any:
    if isinstance(value, dict):
        return {key: _referring(item, before, after) for key, item in value.items()}
    if isinstance(value, list):
        return [_referring(item, before, after) for item in value]
    return (
        after + value.removeprefix(before) if isinstance(value, str) and f"{value}/".startswith(f"{before}/") else value
    )


def _respelled(drawing: Drawing) -> Change:
    """The same spec in other words: a short form for a long one or the other way round, another order, or a default."""
    text = deepcopy(drawing.text)
    place = drawing.among(list(entries(text)))
    parent, words = _parent(text, place), "/".join(place)
    entry = parent[place[-1]]
    ways: list[tuple[str, Any]] = []
    if not entry:
        ways.append(("as nothing or an empty map", {} if entry is None else None))
    else:
        ways.append(("in another order", dict(reversed(list(entry.items())))))
        ways += [(f"with {key} in full", {**entry, key: value}) for key, value in _spellings(entry)]
        ways += [
            (f"with the default of {key}", {**entry, key: value}) for key, value in _defaults(drawing, place, entry)
        ]
    how, parent[place[-1]] = drawing.among(ways)
    return Change(f"{words} is written {how}", text, same=True)


def _spellings(entry: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    nodes, identity, containers = entry.get("nodes"), entry.get("identity"), entry.get("containers")
    if isinstance(nodes, int):
        yield "nodes", {"dedicated": nodes}
    if isinstance(identity, str):
        yield "identity", [identity]
    if isinstance(containers, dict) and not any(containers.values()):
        yield "containers", list(containers)


def _defaults(drawing: Drawing, place: Place, entry: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    shape = _shape(place)
    for key in drawing.keys(shape, _kind(place)):
        inner = shape["properties"][key]
        if key not in entry and "default" in inner:
            yield key, deepcopy(inner["default"])
