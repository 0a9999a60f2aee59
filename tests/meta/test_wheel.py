"""What is published is whole: every file of the packages, and what travels with them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import reconciler

CHECKOUT = Path(__file__).parents[2]
PLACES = {
    "reconciler": "reconciler",
    "azure_local": "azure_local",
    "batch_autoscale": "batch_autoscale",
    "schemas": "reconciler/assets/schemas",
    "worker": "reconciler/assets/worker",
}
"""Folder of the checkout → where it is in the wheel."""
FOREIGN = ("PYTHONPATH", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
"""The checkout, and the local Azure's certificates where one runs for other tests."""


def build(checkout: Path, folder: Path) -> Path:
    """The wheel of a checkout, made in `folder`."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(CHECKOUT, tmp_path_factory.mktemp("wheel"))


def files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield str(path.relative_to(folder))


def test_the_wheel_holds_every_file(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = {f"{place}/{name}" for folder, place in PLACES.items() for name in files(CHECKOUT / folder)}
    assert wanted - held == set()
    assert {f"{name}/py.typed" for name in ("reconciler", "azure_local", "batch_autoscale")} <= held
    assert wheel.name.startswith(f"reconcile_batch-{reconciler.__version__}-")


def test_what_travels_along_is_where_the_wheel_puts_it(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    program = "from reconciler import files; print(files.folder('schemas'), files.folder('worker'))"
    environ = {name: value for name, value in os.environ.items() if name not in FOREIGN} | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=tmp_path, env=environ
    )
    assets = tmp_path / "reconciler/assets"
    assert done.stdout == f"{assets / 'schemas'} {assets / 'worker'}\n"


def test_the_wheel_is_the_same_wherever_and_whenever_it_is_made(wheel: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    shutil.copytree(CHECKOUT, other, copy_function=shutil.copy, ignore=shutil.ignore_patterns(".?*", "docs", "tests"))
    shutil.copyfile(CHECKOUT / ".gitignore", other / ".gitignore")
    for path in other.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
        path.chmod(path.stat().st_mode & 0o700)
    assert build(other, tmp_path).read_bytes() == wheel.read_bytes()


@pytest.mark.slow
def test_the_locked_packages_and_the_wheel_are_a_client_in_any_folder(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    programs = tmp_path / "venv/bin"
    environ = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    pip = [str(programs / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(CHECKOUT / "requirements.lock")], check=True, env=environ)
    subprocess.run([*pip, str(wheel)], check=True, env=environ)
    for arguments, code, says in (
        (["--version"], 0, f"reconcile, version {reconciler.__version__}"),
        (["--help"], 0, "Plan and apply for Azure Batch"),
        (["validate", str(CHECKOUT / "specs/local.yaml")], 0, "is valid"),
        (["schema"], 0, "reconcile spec"),
        (["local", "up"], 1, "pip install 'reconcile-batch[local]'"),
    ):
        command = [str(programs / "reconcile"), *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        assert says in done.stdout + done.stderr
