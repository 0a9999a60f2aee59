"""The client runs with its core packages alone; what needs more says the command that installs it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from reconciler.cli.extras import EXTRAS
from tests.conftest import World

CHECKOUT = Path(__file__).parents[2]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
SIMULATE = ("autoscale", "simulate", "--scenario", "pending-tasks", "--max", "2", "--burst", "2", "PT10M")


def needed(requirements: list[str], extras: frozenset[str] = frozenset()) -> Iterator[Distribution]:
    """The distributions here that requirements lead to, some of them more than once."""
    for text in requirements:
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras | {""}):
            found = distribution(requirement.name)
            yield found
            yield from needed(found.requires or [], frozenset(requirement.extras))


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of a core install, as links to those here."""
    folder = tmp_path_factory.mktemp("core")
    for found in needed(PROJECT["dependencies"]):
        for name in {Path(file).parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
            link = folder / name
            if not link.exists():
                link.symlink_to(str(found.locate_file(name)))
    return folder


def reconcile(core: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command with the standard library, the checkout and the core packages, and nothing else."""
    env = {**os.environ, "PYTHONPATH": f"{core}{os.pathsep}{CHECKOUT}"}
    command = [sys.executable, "-S", "-m", "reconciler", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env, check=False, timeout=100)


@pytest.mark.parametrize(
    ("arguments", "what", "extra"),
    [
        (("local", "up"), "the local Azure", "local"),
        (("serve", "x.yaml"), "serve", "serve"),
        ((*SIMULATE, "--plot", "picture.svg"), "--plot", "plot"),
        (("plan", "x.yaml", "--policy", str(CHECKOUT / "tests/cases/policy/cel.yaml")), "a rule in CEL", "policy"),
        (("watch", str(CHECKOUT / "specs")), "watch", "watch"),
        (("images", "generate", "--count", "1", "--spec", "x.yaml"), "images generate", "images"),
    ],
)
def test_what_needs_an_extra_says_how_to_install_it(
    core: Path, tmp_path: Path, arguments: tuple[str, ...], what: str, extra: str
) -> None:
    done = reconcile(core, *arguments, cwd=tmp_path)
    assert done.stderr == f"Error: {what} needs more packages; run: pip install 'reconcile-batch[{extra}]'\n"
    assert (done.returncode, done.stdout) == (1, "")
    assert list(tmp_path.iterdir()) == []


def test_the_rest_does_without(core: Path, tmp_path: Path, world: World) -> None:
    for arguments, code in (
        (("--help",), 0),
        (("validate", str(CHECKOUT / "specs/local.yaml")), 0),
        (("schema", "plan"), 0),
        (("local", "status"), 1),
        (SIMULATE, 0),
    ):
        done = reconcile(core, *arguments, cwd=tmp_path)
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    del world.text["jobs"]
    world.spec()
    done = reconcile(core, "plan", str(world.file), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"storage_account/{world.account}" in done.stdout


def test_every_extra_is_known_by_what_it_brings() -> None:
    modules = packages_distributions()
    brought = {
        extra: {canonicalize_name(name) for module in names for name in modules[module]}
        for extra, (_, names) in EXTRAS.items()
    }
    published = {
        extra: {canonicalize_name(Requirement(text).name) for text in texts}
        for extra, texts in PROJECT["optional-dependencies"].items()
    }
    assert brought == published
