"""A spec that was imported asks for nothing but to own what is there."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.importing.conftest import Imports, changes, pool

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases/pool/properties.yaml").read_text())


def test_what_is_ours_is_planned_as_nothing_to_do(imports: Imports) -> None:
    imports.world.text["azure"]["tags"] = {"env": "demo"}
    imports.world.text["storage"][imports.world.account]["tags"] = {"env": "prod", "more": "x"}
    imports.done()
    made = imports.draft()
    assert changes(imports.plan(made)) == {}
    assert (made.left, made.lost) == ({}, frozenset())
    assert made.value["azure"]["tags"] == {"env": "demo"}


def test_a_pool_with_every_property_is_planned_as_nothing_to_do(imports: Imports) -> None:
    pool(imports).update({case["key"]: case["set"] for case in CASES if "only" not in case})
    imports.done()
    made = imports.draft()
    assert changes(imports.plan(made)) == {}
    assert made.left == {}
