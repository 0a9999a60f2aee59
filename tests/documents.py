"""YAML, read and written by the compiled half of its library: there are many tables, and each process reads them."""

from __future__ import annotations

from typing import Any

import yaml


def loaded(text: str) -> Any:
    """What a text says."""
    return yaml.load(text, Loader=yaml.CSafeLoader)


def dumped(value: Any) -> str:
    """A text that says a value."""
    return str(yaml.dump(value, Dumper=yaml.CSafeDumper))
