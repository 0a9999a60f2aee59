"""What the code imports is what the package declares: nothing by chance, and nothing for nothing."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).parents[2]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
HOUSES = {
    "reconciler": ("plot", "images", "policy", "serve", "watch"),
    "azure_local": ("local",),
    "batch_autoscale": (),
}
"""Package → the extras that parts of it need."""
NOT_IMPORTED = {"httptools", "pip", "tzdata"}
"""Used by uvicorn where it is there, shipped to nodes, and read by the standard library."""


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def imported(folder: Path) -> Iterator[str]:
    """The dotted names of all imports below a folder."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield str(node.module)


@cache
def distributions(folder: Path) -> frozenset[str]:
    """What must be installed for the imports below a folder."""
    known = packages_distributions()
    found: set[str] = set()
    for name in imported(folder):
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names or top in HOUSES:
            continue
        candidates = {canonicalize_name(one) for one in known[top]}
        if len(candidates) > 1:  # several distributions share the name, as all of Azure's do: the longest that fits
            candidates = {max((one for one in candidates if fits(one, name)), key=len)}
        found |= candidates
    return frozenset(found)


def fits(distribution: str, module: str) -> bool:
    """Whether the distribution is named after the module or after one that it is in."""
    return f"{module.replace('.', '-')}-".startswith(f"{distribution}-")


@pytest.mark.parametrize("house", HOUSES)
def test_every_import_is_declared(house: str) -> None:
    declared = names(PROJECT["dependencies"])
    for extra in HOUSES[house]:
        declared |= names(EXTRAS[extra])
    assert distributions(CHECKOUT / house) - declared == set()


def test_every_declared_package_is_imported() -> None:
    used = frozenset().union(*(distributions(CHECKOUT / house) for house in HOUSES))
    declared = names(PROJECT["dependencies"]).union(*(names(texts) for texts in EXTRAS.values()))
    assert declared - used == NOT_IMPORTED
