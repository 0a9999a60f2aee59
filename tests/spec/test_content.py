"""A spec's content changes with what it asks for and with the files that it brings, and with nothing else."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from reconciler.kinds import SECTIONS, load
from reconciler.spec.content import contents

SPECS = Path(__file__).parents[2] / "specs"


def of(folder: Path, name: str) -> dict[str, str]:
    environ = {**os.environ, "AZURE_SUBSCRIPTION_ID": "00000000-0000-0000-0000-000000000000"}
    return contents(load(folder / name, environ), SECTIONS)


def differing(one: dict[str, str], other: dict[str, str]) -> set[str]:
    return {key for key in {*one, *other} if one.get(key) != other.get(key)}


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SPECS, tmp_path / "elsewhere"))


@pytest.mark.parametrize("name", sorted(path.name for path in SPECS.glob("*.yaml")))
def test_it_is_the_same_wherever_the_spec_lies(specs: Path, name: str) -> None:
    text = (specs / name).read_text()
    (specs / name).write_text(f"# a comment\n{text}")
    assert differing(of(SPECS, name), of(specs, name)) == set()


@pytest.mark.parametrize(
    ("name", "file", "section"),
    [
        ("sweep.yaml", "sweep/points.py", "jobs"),
        ("packages.yaml", "hello-tool/hello.sh", "applications"),
        ("images.yaml", "docker/Dockerfile", "registries"),
    ],
)
def test_a_file_that_a_spec_brings_is_part_of_its_section(specs: Path, name: str, file: str, section: str) -> None:
    before = of(specs, name)
    with (specs / file).open("a") as stream:
        stream.write("\n")
    changed = of(specs, name)
    (specs / file).chmod(0o755 if not (specs / file).stat().st_mode & 0o100 else 0o644)
    assert differing(before, changed) == {section}
    assert differing(changed, of(specs, name)) == {section}


def test_rows_of_a_sweep_are_part_of_it(specs: Path) -> None:
    (specs / "rows.csv").write_text("seed\n1\n2\n")
    text = (specs / "sweep.yaml").read_text().replace("sweep: {seed: {from: 1, to: 100}}", "sweep: rows.csv")
    (specs / "sweep.yaml").write_text(text)
    before = of(specs, "sweep.yaml")
    (specs / "rows.csv").write_text("seed\n1\n3\n")
    assert differing(before, of(specs, "sweep.yaml")) == {"jobs"}


def test_a_value_changes_its_section(specs: Path) -> None:
    before = of(specs, "sweep.yaml")
    text = (specs / "sweep.yaml").read_text()
    (specs / "sweep.yaml").write_text(text.replace("nodes: 2", "nodes: 3").replace("name: sweep\n", "name: other\n"))
    assert differing(before, of(specs, "sweep.yaml")) == {"pools", "azure", "name"}
