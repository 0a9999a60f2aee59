"""The house keeps its shape: every kind has its twin and its schema, files stay short, SDKs load late."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from reconciler import cli
from reconciler.engine import loop
from reconciler.kinds import KINDS, load
from reconciler.model import Action
from reconciler.spec.load import LOCAL_SUBSCRIPTION
from tests.conftest import Azure

CHECKOUT = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_schema_and_a_docstring(kind: str) -> None:
    assert kind in json.loads((CHECKOUT / "schemas/spec.schema.json").read_text())["$defs"]
    module = sys.modules[KINDS[kind].expand.__module__]
    assert len((module.__doc__ or "").split()) > 20


@pytest.mark.parametrize("path", sorted((CHECKOUT / "specs").glob("*.yaml")), ids=lambda path: path.name)
def test_every_kind_stands_after_those_that_it_refers_to(path: Path) -> None:
    spec = load(path, {"AZURE_SUBSCRIPTION_ID": LOCAL_SUBSCRIPTION}, "local")
    order = list(KINDS)
    for desired in (one for kind in KINDS.values() for one in kind.expand(spec)):
        for ref in set(desired.refs) - set(desired.follows):  # work of either kind may follow that of the other
            assert order.index(ref.kind) <= order.index(desired.address.kind), (desired.address, ref)


def test_files_stay_short() -> None:
    for folder in ("reconciler", "azure_local", "batch_autoscale", "worker", "tests", "demo", "bench"):
        for path in (CHECKOUT / folder).rglob("*.py"):
            lines = len(path.read_text().splitlines())
            assert lines <= (450 if folder == "tests" else 320), path


LATE = ("azure", "batch_autoscale", "azure_local", "httpx", "jsonschema", "rich", "yaml")
"""What takes long to load, and no list of commands needs."""


def test_the_list_of_commands_loads_no_command_and_nothing_that_takes_long() -> None:
    program = (
        "import sys, reconciler.cli\n"
        "try: reconciler.cli.commands(['--help'])\n"
        f"finally: print('loaded', [n for n in sys.modules if n.partition('.')[0] in {LATE}"
        " or n.startswith('reconciler.cli.') and n not in ('reconciler.cli.lazy', 'reconciler.cli.codes')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=CHECKOUT)
    assert done.stdout.splitlines()[-1] == "loaded []"


def test_no_command_loads_an_sdk_before_it_needs_one() -> None:
    modules = ", ".join(sorted({f"reconciler.cli.{place.module}" for place in cli.COMMANDS.values()}))
    program = f"import sys, {modules}; print([n for n in sys.modules if n.split('.')[0] in ('azure', 'yaml', 'rich')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=CHECKOUT)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_the_list_of_commands_says_what_each_says_of_itself(name: str) -> None:
    command = cli.commands.get_command(click.Context(cli.commands), name)
    assert command is not None
    assert command.name == name
    assert command.get_short_help_str(500) == cli.COMMANDS[name].shortened(500)


@pytest.mark.parametrize("path", sorted((CHECKOUT / "specs").glob("*.yaml")), ids=lambda path: path.name)
def test_every_example_is_planned(path: Path, azure: Azure) -> None:
    from reconciler.cloud.cloud import connect

    spec = load(path, os.environ, "local")
    made = loop.read(spec, connect(spec, os.environ), KINDS).plan
    refused = {str(one.address): one.reason for one in made.of(Action.REFUSE)}
    waiting = {Action.DEFER} if path.name in ("prod.yaml", "secret.yaml") else set()
    assert {one.action for one in made.decisions} - {Action.REFUSE} == {Action.CREATE} | waiting
    told = "the gallery batchImageGallery has no version of an image batchGpuImage; its images: none"
    assert refused == (dict.fromkeys(("pool/dev", "pool/prod"), told) if path.name == "team-pool.yaml" else {})
