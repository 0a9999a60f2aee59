"""The package stands alone, and its face is whole."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import batch_autoscale

FOLDER = Path(batch_autoscale.__file__).parent


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_a_module_imports_the_standard_library_and_its_own_package_only(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            assert name.split(".")[0] in sys.stdlib_module_names or name.startswith("batch_autoscale"), name


def test_everything_public_says_what_it_is() -> None:
    for name in batch_autoscale.__all__:
        assert len((getattr(batch_autoscale, name).__doc__ or "").split()) >= 4, name
