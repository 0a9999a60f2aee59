"""A spec as YAML that reads as a person would write it, and that `spec.document` reads back as the very same values.

Block style, texts of several lines as `|`, quotes only where a text would be read as something else. A `${` in a value
is written `$${`, because a plain one is a variable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import yaml

from reconciler.spec.reading import resolved

_BREAKS = re.compile(r"[^ -~\n\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""Characters that YAML ends a line with, or that do not show."""
_TEXT = "tag:yaml.org,2002:str"
_WORDS = {"y", "n", "yes", "no", "on", "off"}


def spec(value: dict[str, Any], comments: Iterable[str] = ()) -> str:
    """The document, below a header of comments: one line each, whatever is in them."""
    header = [f"# {_BREAKS.sub('?', line).replace(chr(10), '?')}".rstrip() for line in comments]
    text = yaml.dump(
        _escaped(value), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**9, default_flow_style=False
    )
    return "".join(f"{line}\n" for line in header) + text


class Variable(str):
    """A text with a variable: `value` is what it stands for, `text` what is written, such as `${NAME}`."""

    text: str

    def __new__(cls, value: str, text: str) -> Variable:
        made = super().__new__(cls, value)
        made.text = text
        return made


class _Key(str):
    """The key of a map."""


def _escaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {_Key(key): _escaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    if isinstance(value, Variable):
        return value.text
    return value.replace("${", "$${") if isinstance(value, str) else value


class _Dumper(yaml.SafeDumper):
    """Lists are indented below their keys, and nothing is an alias."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002 pyyaml's own
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """Words of YAML 1.1 are texts; as values they are quoted all the same, for readers that are not ours."""
        if kind is yaml.ScalarNode and implicit[0] and value.lower() in _WORDS:
            return _TEXT
        return super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None
    if _BREAKS.search(text):
        style = '"'
    elif "\n" in text:
        style = "|"
    elif resolved(text) != text or text.lower() in _WORDS:
        style = "'"
    return dumper.represent_scalar(_TEXT, text, style=style)


def _key(dumper: _Dumper, key: _Key) -> yaml.ScalarNode:
    return dumper.represent_scalar(_TEXT, str(key), style='"' if _BREAKS.search(key) or "\n" in key else None)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Key, _key)
