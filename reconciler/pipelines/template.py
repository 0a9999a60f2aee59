"""Templates of files: text with `<<name>>` in it, marks that neither YAML, a shell nor any forge knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_ALONE = re.compile(r"^([ \t]*)<<([\w-]+)>>$", re.MULTILINE)
_WITHIN = re.compile(r"<<([\w-]+)>>")


@cache
def read(path: str) -> str:
    """A template that travels with the program, such as `github/reconcile-plan.yml`."""
    return (files(__package__) / "templates" / path).read_text(encoding="utf-8")


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its marks replaced; what stands alone in a line keeps that line's indentation. KeyError for a mark
    without a value."""
    text = _ALONE.sub(lambda mark: _indented(filled(values[mark[2]], values), mark[1]), text)
    return _WITHIN.sub(lambda mark: values[mark[1]], text)


def _indented(text: str, indent: str) -> str:
    return "\n".join(f"{indent}{line}" if line else "" for line in text.rstrip("\n").split("\n"))
