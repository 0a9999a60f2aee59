"""The examples of specs/examples: each is valid, can be planned, has a check for its run, and a page in the docs."""

from __future__ import annotations

import ast
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from reconciler.cloud.cloud import connect
from reconciler.engine import loop
from reconciler.kinds import KINDS, load
from reconciler.model import Action
from reconciler.spec.load import LOCAL_SUBSCRIPTION
from tests.conftest import Azure

CHECKOUT = Path(__file__).parents[2]
EXAMPLES = sorted((CHECKOUT / "specs/examples").iterdir())
PAGES = CHECKOUT / "docs/uses"
PICTURES = (".png", ".svg")
each = pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)


@each
def test_an_example_is_valid_without_a_warning_and_all_of_it_is_planned(example: Path, azure: Azure) -> None:
    spec = load(example / "spec.yaml", os.environ, "local")
    assert spec.warnings == ()
    plan = loop.read(spec, connect(spec, os.environ), KINDS).plan
    assert {one.action for one in plan.decisions} == {Action.CREATE}
    assert all(job["wait"] for job in spec.jobs.values()), "its end is what is checked"


@each
def test_an_example_has_all_that_makes_it_one(example: Path) -> None:
    for name in ("check.py", "inputs.py"):
        if name == "check.py" or (example / name).exists():
            assert ast.get_docstring(ast.parse((example / name).read_text()))
    head, said, *_ = (example / "spec.yaml").read_text().splitlines()
    assert head == "# yaml-language-server: $schema=../../../schemas/spec.schema.json"
    assert said.startswith("# ")
    spec = load(example / "spec.yaml", {"AZURE_SUBSCRIPTION_ID": LOCAL_SUBSCRIPTION}, "local")
    assert any(name not in ("inputs", "staging") for body in spec.storage.values() for name in body["containers"])


@each
def test_an_example_has_a_page_with_a_picture(example: Path) -> None:
    page = (PAGES / f"{example.name}.md").read_text()
    assert f"specs/examples/{example.name}" in page
    assert f"({example.name}.md)" in (PAGES / "README.md").read_text()
    links = re.findall(r"\]\(([^)]+)\)", page)
    pictures = [PAGES / link for link in links if link.endswith(PICTURES)]
    assert pictures
    assert all(picture.stat().st_size < 60_000 for picture in pictures)


def test_no_two_examples_have_an_account_in_common() -> None:
    names: Counter[str] = Counter()
    for example in EXAMPLES:
        spec = load(example / "spec.yaml", {"AZURE_SUBSCRIPTION_ID": LOCAL_SUBSCRIPTION}, "local")
        assert spec.batch_account is not None
        names.update([*spec.storage, f"Batch {spec.batch_account['name']}", f"group {spec.azure.resource_group}"])
    assert [name for name, number in names.items() if number > 1] == []


def test_every_page_is_of_an_example() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} - {"README"} == {example.name for example in EXAMPLES}
