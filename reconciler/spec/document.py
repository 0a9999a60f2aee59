"""A YAML file read as plain values with the place of each, before anything is checked.

Scalars follow YAML 1.2's core schema (`no` is a string, `010` is ten). Nothing is executed, no tag is honoured,
and neither nesting nor aliases can grow a file beyond bounds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from reconciler.errors import Problem, SpecError
from reconciler.spec.schema import Path_

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_NODES = 50_000


class Place(NamedTuple):
    """A 1-based position in a file."""

    file: str
    line: int
    column: int


@dataclass(slots=True)
class Document:
    """The values of one or more merged files. `values` and `keys` map a path to where its value and key stand."""

    file: str
    value: Any = None
    values: dict[Path_, Place] = field(default_factory=dict)
    keys: dict[Path_, Place] = field(default_factory=dict)

    def problem(self, path: Path_, message: str, *, at_key: bool = False) -> Problem:
        """A problem at `path`, or at the nearest parent that stands in a file."""
        first, second = (self.keys, self.values) if at_key else (self.values, self.keys)
        for end in range(len(path), -1, -1):
            place = first.get(path[:end]) or second.get(path[:end])
            if place:
                return Problem(*place, dotted(path), message)
        return Problem(self.file, 1, 1, dotted(path), message)

    def says(self, path: Path_) -> bool:
        """Whether the document itself has a key at `path` of maps, rather than a default or a short form of it."""
        value = self.value
        for key in path:
            if not isinstance(value, dict) or key not in value:
                return False
            value = value[key]
        return True


def dotted(path: Path_) -> str:
    """`pools.prod.nodes`, `identities.id.roles[0]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def read(path: Path, environ: Mapping[str, str]) -> Document:
    """The document in one file, variables replaced. SpecError for what cannot be read as YAML."""
    name = str(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SpecError([Problem(name, 1, 1, "", f"cannot be read: {error.strerror}")]) from None
    if len(data) > MAX_BYTES:
        raise SpecError([Problem(name, 1, 1, "", f"is {len(data):,} bytes; a spec has at most {MAX_BYTES:,}")])
    return _Reader(Document(name), environ).read(data)


class _Reader:
    """Turns composed YAML nodes into a Document, collecting every problem."""

    def __init__(self, document: Document, environ: Mapping[str, str]) -> None:
        self.document, self.environ = document, environ
        self.problems: list[Problem] = []
        self.nodes = 0
        self.open: list[yaml.Node] = []

    def read(self, data: bytes) -> Document:
        try:
            text = data.decode("utf-8-sig")
            self._check_depth(text)
            node = yaml.compose(text, Loader=yaml.CSafeLoader)
        except UnicodeDecodeError as error:
            raise SpecError([self._at(None, f"is not UTF-8 (byte {error.start})")]) from None
        except yaml.YAMLError as error:
            raise SpecError([self._yaml_problem(error)]) from None
        if node is None:
            raise SpecError([self._at(None, "is empty; a spec starts with apiVersion: reconciler/v1")])
        self.document.value = self._value(node, ())
        if self.problems:
            raise SpecError(self.problems)
        return self.document

    def _check_depth(self, text: str) -> None:
        depth = 0
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.events.CollectionStartEvent):
                depth += 1
                if depth > MAX_DEPTH:
                    raise SpecError([self._at(event.start_mark, f"is nested deeper than {MAX_DEPTH} levels")])
            elif isinstance(event, yaml.events.CollectionEndEvent):
                depth -= 1

    def _value(self, node: yaml.Node, path: Path_) -> Any:
        self._count(node, path)
        self.document.values.setdefault(path, self._place(node.start_mark))
        if any(node is outer for outer in self.open):
            raise SpecError([self._at(node.start_mark, "is an alias of something that contains it", path)])
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        self.open.append(node)
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]
            return self._mapping(node, path)
        finally:
            self.open.pop()

    def _mapping(self, node: yaml.Node, path: Path_) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(self._at(key_node.start_mark, "keys must be plain text", path))
                continue
            key = str(key_node.value)
            here = (*path, key)
            if key in entries:
                first = self.document.keys[here]
                message = f"is given twice; it stands in line {first.line} already"
                self.problems.append(self._at(key_node.start_mark, message, here))
                continue
            if key == "<<":
                message = "merge keys are not supported; use extends: or repeat the keys"
                self.problems.append(self._at(key_node.start_mark, message, path))
                continue
            self.document.keys[here] = self._place(key_node.start_mark)
            entries[key] = self._value(value_node, here)
        return entries

    def _scalar(self, node: yaml.ScalarNode, path: Path_) -> Any:
        if not node.tag.startswith("tag:yaml.org,2002:") or "python" in node.tag:
            self.problems.append(self._at(node.start_mark, f"tag {node.tag} is not supported", path))
            return None
        text = self._substituted(node, path)
        return text if node.style in _QUOTED else resolved(text)

    def _substituted(self, node: yaml.ScalarNode, path: Path_) -> str:
        """The scalar's text with `${NAME}` and `${NAME:-default}` replaced; `$${` is a literal `${`."""

        def value(match: re.Match[str]) -> str:
            if match["escaped"]:
                return "${"
            name, default = match["name"], match["default"]
            if name is None:
                message = (
                    f"{match[0]!r} is not a variable; write ${{NAME}} or ${{NAME:-default}}, or $${{ for a plain ${{"
                )
                self.problems.append(self._at(node.start_mark, message, path))
                return ""
            value = self.environ.get(name) or default
            if value is None:
                message = f"the environment variable {name} is not set; set it, or write ${{{name}:-default}}"
                self.problems.append(self._at(node.start_mark, message, path))
                return ""
            return str(value)

        return _VARIABLE.sub(value, str(node.value))

    def _count(self, node: yaml.Node, path: Path_) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise SpecError([self._at(node.start_mark, f"aliases expand to more than {MAX_NODES:,} values", path)])

    def _place(self, mark: Any) -> Place:
        return Place(self.document.file, mark.line + 1, mark.column + 1)

    def _at(self, mark: Any, message: str, path: Path_ = ()) -> Problem:
        place = self._place(mark) if mark else Place(self.document.file, 1, 1)
        return Problem(*place, dotted(path), message)

    def _yaml_problem(self, error: yaml.YAMLError) -> Problem:
        if isinstance(error, yaml.MarkedYAMLError):
            mark = error.problem_mark or error.context_mark
            text = " ".join(filter(None, (error.context, error.problem)))
            return self._at(mark, f"is not YAML: {text}")
        return self._at(None, f"is not YAML: {str(error).splitlines()[0]}")


_VARIABLE = re.compile(
    r"(?P<escaped>\$\$\{)|\$\{(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}|[^}]*\}?)"
)
_QUOTED = ("'", '"', "|", ">")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    word: value for value, name in ((True, "true"), (False, "false")) for word in (name, name.title(), name.upper())
}


def resolved(text: str) -> Any:
    """The value of a plain scalar with this text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text) and len(text) < 20:
        return int(text)
    if _FLOAT.fullmatch(text) and len(text) < 30:
        return float(text)
    return text
