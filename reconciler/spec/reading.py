"""A YAML file read as plain values with the place of each.

Scalars follow YAML 1.2's core schema (`no` is a string, `010` is ten). Nothing is executed, no tag is honoured,
and neither nesting nor aliases can grow a file beyond bounds.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

import yaml

from reconciler.errors import Problem, SpecError
from reconciler.spec import yaml_text
from reconciler.spec.document import Document, Place, dotted
from reconciler.spec.schema import Path_

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_NODES = 50_000
STARTS = "a spec is a map that starts with apiVersion: reconciler/v1"


def read(path: Path, environ: Mapping[str, str] | None, starts: str = STARTS, *, merges: bool = False) -> Document:
    """The document in one file, variables replaced. SpecError for what is no map in YAML; other faults are in it.

    Without an `environ`, `${` is text like any other. `starts` tells what a file that is no map should be. `merges`:
    maps take over others by `<<`, as YAML 1.1 has it.
    """
    name = str(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"cannot be read: {error.strerror}{similar(path)}"
        raise SpecError([Problem(name, 1, 1, "", message)]) from None
    if len(data) > MAX_BYTES:
        raise SpecError([Problem(name, 1, 1, "", f"is larger than {MAX_BYTES:,} bytes, the most that a spec may have")])
    return _Reader(Document(name), environ, starts, merges=merges).read(yaml_text.decoded(name, data))


def similar(path: Path) -> str:
    """` (did you mean X?)` with the file in the same folder whose name is most like that of `path`, or nothing."""
    try:
        there = [entry.name for entry in path.parent.iterdir() if entry.suffix in (".yaml", ".yml")]
    except OSError:
        return ""
    close = difflib.get_close_matches(path.name, there, n=1, cutoff=0.6)
    return f" (did you mean {path.with_name(close[0])}?)" if close else ""


class _Reader:
    """Turns composed YAML nodes into a Document, collecting every problem."""

    def __init__(self, document: Document, environ: Mapping[str, str] | None, starts: str, *, merges: bool) -> None:
        self.document, self.environ, self.starts, self.merges = document, environ, starts, merges
        self.nodes = 0
        self.open: list[yaml.Node] = []
        self.tagged: set[tuple[int, int]] = set()

    def read(self, text: str) -> Document:
        try:
            self._scan(text)
            node = yaml.compose(text, Loader=yaml.CSafeLoader)
        except yaml.YAMLError as error:
            raise SpecError([yaml_text.fault(self.document.file, text, error)]) from None
        if node is None or (isinstance(node, yaml.ScalarNode) and node.value in ("", "~", "null")):
            raise SpecError([self._at(None, f"is empty; {self.starts}")])
        if not isinstance(node, yaml.MappingNode):
            shape = "a list" if isinstance(node, yaml.SequenceNode) else "a single value"
            raise SpecError([self._at(node.start_mark, f"is {shape}; {self.starts}")])
        self.document.value = self._value(node, ())
        return self.document

    def _scan(self, text: str) -> None:
        """What the composed nodes do not show: how deep they are, and which tags are written."""
        depth = 0
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.events.CollectionStartEvent):
                depth += 1
                self._check_depth(depth, event.start_mark)
            elif isinstance(event, yaml.events.CollectionEndEvent):
                depth -= 1
            if getattr(event, "tag", None) is not None:
                mark: Any = event.start_mark
                self.tagged.add((mark.line, mark.column))

    def _check_depth(self, depth: int, mark: Any) -> None:
        if depth > MAX_DEPTH:
            message = f"is nested deeper than {MAX_DEPTH} levels, which no spec needs; look for an alias or a bracket"
            raise SpecError([self._at(mark, f"{message} too many")])

    def _value(self, node: yaml.Node, path: Path_) -> Any:
        self._count(node, path)
        self._check_depth(len(self.open), node.start_mark)
        self.document.values.setdefault(path, self._place(node.start_mark))
        if any(node is outer for outer in self.open):
            message = "is an alias of something that contains it; write out what is meant"
            return self._unread(node, path, message)
        mark: Any = node.start_mark
        if (mark.line, mark.column) in self.tagged:
            return self._unread(node, path, _tag(node))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        self.open.append(node)
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]
            return self._mapping(node, path)
        finally:
            self.open.pop()

    def _mapping(self, node: yaml.Node, path: Path_, known: Set[str] = frozenset()) -> dict[str, Any]:
        """The entries of a map, without those that are `known` already; what it merges comes after its own."""
        entries: dict[str, Any] = {}
        merged: list[yaml.Node] = []
        for key_node, value_node in node.value:
            if self.merges and _merging(key_node):
                merged.append(value_node)
                continue
            if isinstance(key_node, yaml.ScalarNode) and key_node.value in known:
                continue
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else ""
            here = (*path, key)
            if reason := self._fault_of_key(key_node, key, entries, path):
                self.document.problems.append(self._at(key_node.start_mark, reason, here if key in entries else path))
                if key not in entries:
                    self.document.partial.add(path)
                continue
            self.document.keys[here] = self._place(key_node.start_mark)
            entries[key] = self._value(value_node, here)
        for source in merged:
            entries |= self._merged(source, path, known | entries.keys())
        return entries

    def _merged(self, node: yaml.Node, path: Path_, known: Set[str]) -> dict[str, Any]:
        """What a map takes over from another one, or from several, of which the first goes before the later."""
        self._count(node, path)
        self._check_depth(len(self.open), node.start_mark)
        if any(node is outer for outer in self.open) or isinstance(node, yaml.ScalarNode):
            why = "merges itself" if isinstance(node, yaml.CollectionNode) else "merges by << what is no map"
            self.document.problems.append(self._at(node.start_mark, f"{why}; write out what is meant", path))
            self.document.partial.add(path)
            return {}
        self.open.append(node)
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path, known)
            entries: dict[str, Any] = {}
            for source in node.value:
                entries |= self._merged(source, path, known | entries.keys())
            return entries
        finally:
            self.open.pop()

    def _fault_of_key(self, node: yaml.Node, key: str, known: Mapping[str, Any], path: Path_) -> str:
        """Why a key cannot stand in a map with the keys `known`; empty if it can."""
        if not isinstance(node, yaml.ScalarNode):
            return "has a key that is a list or a map; keys are plain text"
        if key in known:
            line = self.document.keys[(*path, key)].line
            return f"is given twice; it stands in line {line} already: take one away, or merge the two"
        if key == "<<" and not self.merges:
            return "merge keys (<<) are not supported; use extends: or repeat the keys"
        return ""

    def _scalar(self, node: yaml.ScalarNode, path: Path_) -> Any:
        text = self._substituted(node, path)
        if text is None or node.style in _QUOTED:
            return text
        value = resolved(text)
        if value is not None and not isinstance(value, str):
            self.document.texts[path] = text
        return value

    def _substituted(self, node: yaml.ScalarNode, path: Path_) -> str | None:
        """The scalar's text with `${NAME}` and `${NAME:-default}` replaced; `$${` is a literal `${`."""
        if self.environ is None:
            return str(node.value)
        environ, faults = self.environ, list[str]()

        def value(match: re.Match[str]) -> str:
            if match["escaped"]:
                return "${"
            name, default = match["name"], match["default"]
            if name is None:
                faults.append(
                    f"{match[0]!r} is not a variable; write ${{NAME}} or ${{NAME:-default}}, or $${{ for a plain ${{"
                )
                return ""
            value = environ.get(name) or default
            if value is None:
                faults.append(f"the environment variable {name} is not set; set it, or write ${{{name}:-default}}")
            return value or ""

        text = _VARIABLE.sub(value, str(node.value))
        for message in faults:
            self._unread(node, path, message)
        return None if faults else text

    def _unread(self, node: yaml.Node, path: Path_, message: str) -> None:
        """Record why the value at `path` is not known."""
        self.document.problems.append(self._at(node.start_mark, message, path))
        self.document.unread.add(path)

    def _count(self, node: yaml.Node, path: Path_) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            message = f"aliases expand to more than {MAX_NODES:,} values; write out the few that are meant"
            raise SpecError([self._at(node.start_mark, message, path)])

    def _place(self, mark: Any) -> Place:
        return Place(self.document.file, mark.line + 1, mark.column + 1)

    def _at(self, mark: Any, message: str, path: Path_ = ()) -> Problem:
        place = self._place(mark) if mark else Place(self.document.file, 1, 1)
        return Problem(*place, dotted(path), message)


def _merging(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.value == "<<" and node.style not in _QUOTED


def _tag(node: yaml.Node) -> str:
    """What to do about the tag of a node."""
    tag = str(node.tag).replace("tag:yaml.org,2002:", "!!")
    if tag.startswith("!include"):
        return f"has the tag {tag}, which is not supported; lay the file under this one with extends: FILE"
    if tag == "!!str":
        return "has the tag !!str, which is not supported; put the text in quotes"
    return f"has the tag {tag}, which is not supported; write the plain value"


_VARIABLE = re.compile(
    r"(?P<escaped>\$\$\{)|\$\{(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}|[^}]*\}?)"
)
_QUOTED = ("'", '"', "|", ">")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_DIGITS = 300
"""The most digits of a number; a longer one is text."""
_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    word: value for value, name in ((True, "true"), (False, "false")) for word in (name, name.title(), name.upper())
}


def resolved(text: str) -> Any:
    """The value of a plain scalar with this text. What is no finite number is text."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _DIGITS:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text
