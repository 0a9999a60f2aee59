"""Live tasks that are alike as one entry with a sweep, as a person would write them. Pure.

Tasks of reconcile's own carry their values. Those of others are alike if their commands and the places of their outputs
differ in numbers only; where a shell might read a value in another way than the number there, they stay apart.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Any

from reconciler.kind.inverse import Section
from reconciler.kind.words import Unsayable
from reconciler.kinds.tasks import command
from reconciler.kinds.tasks.sweep import text
from reconciler.spec import quoting

NUMBER = re.compile(r"\d+(?:\.\d+)?")
NAME = re.compile(r"([A-Za-z][A-Za-z0-9_]{0,19})[-_ =:./\"']*$")
"""The word before a number, which names it."""
BEFORE, AFTER = re.compile(r"([<>&$\\{]|\.\.)$"), re.compile(r"[<>&$}]|\.\.")
"""What may not stand beside a value in a shell's text: the shell would read it with the number."""
INLINE = 100
"""So many points that go side by side stand in the spec itself."""
TAKEN = frozenset({"item", "items", "url", "task", "job"})
Points = Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Folded:
    """An entry of several tasks: their ids, and in the same order their values."""

    ids: tuple[str, ...]
    entry: Section
    points: Points

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.points[0])


def given(ids: Sequence[str], entries: Sequence[Section], points: Points) -> Folded:
    """Tasks of one entry of ours. Raises Unsayable if they are not."""
    places = [[str(output.get("path", "")) for output in entry.get("outputs", ())] for entry in entries]
    entry = _placed(entries[0], places, [dict(point) for point in points])
    return Folded(tuple(ids), entry, points)


def _placed(entry: Section, places: Sequence[Sequence[str]], points: Sequence[dict[str, str]]) -> Section:
    """The entry with the values of each task in the paths of its outputs."""
    if not points[0]:
        return entry
    outputs = []
    for number, output in enumerate(entry.get("outputs", ())):
        told = {_named(paths[number], point) for paths, point in zip(places, points, strict=True)}
        plain = {paths[number] for paths in places}
        if len(plain) > 1 and len(told) > 1:
            raise Unsayable("where the outputs of its tasks go does not follow from their values")
        path = min(plain if len(plain) == 1 else told)
        outputs.append({**output, "path": path} if path else output)
    return {**entry, "outputs": outputs} if outputs else entry


def _named(path: str, point: Mapping[str, str]) -> str:
    """A path with `{{name}}` in place of each value, the longest first."""
    for name, value in sorted(point.items(), key=lambda pair: -len(pair[1])):
        path = path.replace(value, f"{{{{{name}}}}}") if value and "{{" not in value else path
    return path


def alike(tasks: Iterable[tuple[str, Section, Any]]) -> Iterator[Folded]:
    """(id, entry, what else must be the same) of tasks of others: those that are alike together, in their order."""
    groups: dict[str, list[tuple[str, Section]]] = {}
    for name, entry, more in tasks:
        pattern = {**entry, "outputs": _blank(entry.get("outputs", [])), "command": _blank(entry["command"])}
        groups.setdefault(json.dumps([pattern, more], sort_keys=True), []).append((name, entry))
    for group in groups.values():
        ids, entries = [name for name, _ in group], [entry for _, entry in group]
        folded = _folded(ids, entries) if len(group) > 1 else None
        if folded:
            yield folded
        else:
            yield from (Folded((name,), entry, ({},)) for name, entry in group)


def _blank(value: Any) -> Any:
    """With a mark in place of each number in a text."""
    if isinstance(value, Mapping):
        return {key: _blank(part) if key == "path" else part for key, part in value.items()}
    if isinstance(value, list):
        return [_blank(part) for part in value]
    return NUMBER.sub("\0", value) if isinstance(value, str) else value


def _folded(ids: Sequence[str], entries: Sequence[Section]) -> Folded | None:
    """None if a number cannot be a value where it stands, or two tasks are given the same ones."""
    texts = [_texts(entry) for entry in entries]
    found = [[NUMBER.findall(one) for one in own] for own in texts]
    series: dict[tuple[str, ...], str] = {}
    made: list[str] = []
    for index, whole in enumerate(texts[0]):
        pieces, end = "", 0
        for place, match in enumerate(NUMBER.finditer(whole)):
            column = tuple(numbers[index][place] for numbers in found)
            if len(set(column)) > 1:
                name = series.setdefault(column, "") or _name(texts[0], index, match.start(), set(series.values()))
                series[column] = name
                put = _put(entries[0], texts[0], index, match, name)
                if put is None:
                    return None
                pieces, end = pieces + whole[end : match.start()] + put, match.end()
        made.append(pieces + whole[end:])
    if not series:
        return Folded(tuple(ids), entries[0], [{"copy": str(number)} for number in range(1, len(ids) + 1)])
    points = [dict(zip(series.values(), row, strict=True)) for row in zip(*series, strict=True)]
    if len({tuple(point.values()) for point in points}) < len(points):
        return None
    return Folded(tuple(ids), _with(entries[0], made), points)


def _texts(entry: Section) -> list[str]:
    """The texts in which values may stand: the command's, then the paths of outputs."""
    told = entry["command"]
    paths = [str(output.get("path", "")) for output in entry.get("outputs", ())]
    return [*([told] if isinstance(told, str) else told), *paths]


def _with(entry: Section, texts: Sequence[str]) -> Section:
    """The entry with other texts."""
    told = entry["command"]
    many = 1 if isinstance(told, str) else len(told)
    made = {**entry, "command": texts[0] if isinstance(told, str) else list(texts[:many])}
    if "outputs" in entry:
        pairs = zip(entry["outputs"], texts[many:], strict=True)
        made["outputs"] = [{**output, "path": path} if path else output for output, path in pairs]
    return made


def _put(entry: Section, texts: Sequence[str], index: int, match: re.Match[str], name: str) -> str | None:
    """How a value is written at a number; None where that would not mean the same."""
    told, whole = entry["command"], texts[index]
    place = f"{{{{{name}}}}}"
    if index >= (1 if isinstance(told, str) else len(told)):
        return place
    script = told if isinstance(told, str) else command.shell_script(told)
    if script is None or (not isinstance(told, str) and whole != script):
        return place
    inside = quoting.quote(whole[: match.start()])
    if BEFORE.search(whole[: match.start()]) or AFTER.match(whole[match.end() :]) or inside in ("'", "`"):
        return None
    return place if isinstance(told, str) and not inside else f"${{{command.variable(name)}}}"


def _name(texts: Sequence[str], index: int, start: int, taken: set[str]) -> str:
    """A name for a number: the word before it."""
    before = texts[index][:start]
    before = before if before.strip() or not index else texts[index - 1]
    match = NAME.search(before)
    word = match[1].strip("_").lower() if match else ""
    word = word if word and word not in TAKEN else "n"
    number, name = 1, word
    while name in taken:
        number += 1
        name = f"{word}{number}"
    return name


def sweep(points: Points) -> Any:
    """The sweep of points: every combination where these are all, else side by side."""
    columns = {name: [point[name] for point in points] for name in points[0]}
    uniques = {name: list(dict.fromkeys(column)) for name, column in columns.items()}
    if prod(map(len, uniques.values())) == len(points):
        return {name: _series(values) for name, values in uniques.items()}
    return [{name: [value(item) for item in column] for name, column in columns.items()}]


def aside(stem: str, entry: Section) -> tuple[Section, dict[str, str]]:
    """An entry with points that are many and go side by side in a CSV file, and this by its name."""
    told = entry.get("sweep")
    if not isinstance(told, list) or len(next(iter(told[0].values()))) <= INLINE:
        return entry, {}
    rows = zip(*([text(item) for item in column] for column in told[0].values()), strict=True)
    return {**entry, "sweep": f"{stem}.csv"}, {f"{stem}.csv": _csv([list(told[0]), *map(list, rows)])}


def _csv(rows: Iterable[Sequence[str]]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue()


def _series(values: Sequence[str]) -> Any:
    """A range of three whole numbers or more, else a list."""
    told = [value(item) for item in values]
    if len(told) < 3 or not all(type(value) is int for value in told):
        return told
    numbers = sorted(told)
    step = numbers[1] - numbers[0]
    if any(later - number != step for number, later in pairwise(numbers)):
        return numbers
    return {"from": numbers[0], "to": numbers[-1], **({"step": step} if step != 1 else {})}


def value(written: str) -> Any:
    """A number where that is written as the text is, else the text."""
    if re.fullmatch(r"-?\d{1,15}(\.\d{1,15})?", written):
        number = float(written) if "." in written else int(written)
        return number if json.dumps(number) == written else written
    return written
