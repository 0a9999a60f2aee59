"""The house keeps its shape: every kind has its twin and its schema, files stay short, SDKs load late."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import reconciler
from reconciler.engine import loop
from reconciler.kinds import KINDS, load
from reconciler.model import Action
from tests.conftest import Azure

CHECKOUT = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_schema_and_a_docstring(kind: str) -> None:
    assert kind in json.loads((CHECKOUT / "schemas/spec.schema.json").read_text())["$defs"]
    module = sys.modules[KINDS[kind].expand.__module__]
    assert len((module.__doc__ or "").split()) > 20


def test_files_stay_short() -> None:
    for folder in ("reconciler", "azure_local", "batch_autoscale", "worker", "tests", "demo", "bench"):
        for path in (CHECKOUT / folder).rglob("*.py"):
            lines = len(path.read_text().splitlines())
            assert lines <= (450 if folder == "tests" else 320), path


def test_the_version_is_said_once_and_the_same() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    assert project["version"] == reconciler.__version__


def test_the_command_line_loads_no_sdk_before_it_needs_one() -> None:
    program = (
        "import sys, reconciler.cli; print([n for n in sys.modules if n.split('.')[0] in ('azure', 'yaml', 'rich')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=CHECKOUT)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", sorted((CHECKOUT / "specs").glob("*.yaml")), ids=lambda path: path.name)
def test_every_example_is_planned(path: Path, azure: Azure) -> None:
    from reconciler.cloud.cloud import connect

    spec = load(path, os.environ, "local")
    made = loop.read(spec, connect(spec, os.environ), KINDS).plan
    refused = {str(one.address): one.reason for one in made.of(Action.REFUSE)}
    assert {one.action for one in made.decisions} - {Action.REFUSE} == {Action.CREATE}
    told = "the gallery batchImageGallery has no version of an image batchGpuImage; its images: none"
    assert refused == (dict.fromkeys(("pool/dev", "pool/prod"), told) if path.name == "team-pool.yaml" else {})
