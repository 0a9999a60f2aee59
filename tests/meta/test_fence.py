"""The fence between the rooms of the house holds: what must not be imported fails the linter."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
HOUSES = ("reconciler", "azure_local", "batch_autoscale", "worker")
VIOLATIONS = {
    "the local Azure takes from the client": ("azure_local/faults.py", "from reconciler import digest, marks"),
    "a leaf takes from the command line": ("reconciler/events.py", "import reconciler.cli"),
    "a circle of files in the local Azure, for a type": (
        "azure_local/http.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from azure_local.azure import Azure",
    ),
    "a circle of folders in the local Azure": ("azure_local/compute/sizes.py", "from azure_local.batch import offers"),
    "a room without a floor": ("reconciler/newroom.py", "import azure_local, reconciler.cli"),
    "an SDK outside cloud and kinds": ("reconciler/preflight/checks.py", "import azure.batch"),
    "a family takes from another": ("reconciler/kinds/storage/container.py", "from reconciler.kinds.pool import body"),
    "the autoscale language takes from the client": (
        "batch_autoscale/times.py",
        "from reconciler import digest, marks",
    ),
    "a stage takes from the local Azure": ("reconciler/engine/plan.py", "import azure_local"),
    "the worker takes from the client": ("worker/png.py", "import reconciler.digest"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--config", "pyproject.toml"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fence")
    shutil.copy(CHECKOUT / "pyproject.toml", folder)
    for house in HOUSES:
        shutil.copytree(CHECKOUT / house, folder / house, ignore=shutil.ignore_patterns("__pycache__", "*.json"))
    (folder / "worker" / "__init__.py").touch()  # or it would be one namespace with the worker of the checkout
    return folder


def test_the_house_as_it_is_keeps_every_contract(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("violation", VIOLATIONS)
def test_what_must_not_be_imported_fails(copy: Path, violation: str) -> None:
    name, line = VIOLATIONS[violation]
    path = copy / name
    before = path.read_text() if path.exists() else None
    path.write_text(f"{before or ''}\n\n{line}\n")
    try:
        done = lint(copy)
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before)
    assert done.returncode == 1, done.stdout
    assert "BROKEN" in done.stdout or "exhaustive" in done.stdout.lower(), done.stdout
