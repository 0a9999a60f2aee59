"""A world to import from: what is in it is read, written as a spec, and that spec planned."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from reconciler import importing
from reconciler.cloud.cloud import connect
from reconciler.engine import loop
from reconciler.importing import Draft
from reconciler.importing import live as reading
from reconciler.kinds import load
from reconciler.model import Action, Plan, Status
from reconciler.render import as_yaml
from reconciler.spec.spec import Spec
from tests.bodies import CHECKED
from tests.conftest import World
from tests.importing.plain import Plain


class Imported(World):
    """A world whose spec is a file as it was written."""

    def spec(self) -> Spec:
        return load(self.file, os.environ)


@dataclass
class Imports:
    """What the tests do: apply the world's spec, import it, plan what was imported."""

    world: World

    def done(self) -> None:
        outcomes = self.world.apply(poll_seconds=0.05)
        assert {one.status for one in outcomes.values()} <= {Status.DONE}, [one.error for one in outcomes.values()]

    @property
    def file(self) -> Path:
        return self.world.file.with_name("imported.yaml")

    def draft(
        self, name: str | None = None, account: str | None = None, only: tuple[str, ...] = (), *, again: bool = False
    ) -> Draft:
        """What import makes of the world's resource group."""
        spec = self.world.spec()
        sections = {key: section for key, section in spec.sections.items() if key != "batchAccount"}
        spec = replace(spec, name=name or self.world.text["name"], sections=sections)
        cloud = connect(spec, os.environ)
        live = importing.read(cloud, reading.group(cloud), account)
        return importing.draft(live, spec.azure, spec.name, only, again=again)

    def written(self, draft: Draft) -> Spec:
        """The draft as a file, read back as `plan` reads it."""
        self.file.write_text(as_yaml.spec(draft.value))
        return load(self.file, os.environ)

    def plan(self, draft: Draft) -> Plan:
        spec = self.written(draft)
        return loop.read(spec, connect(spec, os.environ), CHECKED).plan

    def imported(self, name: str | None = None) -> World:
        """The imported spec as a world of its own."""
        self.written(self.draft(name))
        return Imported(self.world.azure, self.file, {}, self.world.account)


def changes(plan: Plan) -> dict[str, list[str]]:
    """Address → paths of what the plan is about."""
    return {str(d.address): [c.path for c in d.diff.changes] for d in plan.decisions if d.action is not Action.NONE}


@pytest.fixture
def imports(world: World) -> Imports:
    world.text["pools"]["pool"]["nodes"] = 0
    del world.text["jobs"]["job"]["convert"]
    return Imports(world)


@pytest.fixture
def plain(imports: Imports) -> Iterator[Plain]:
    """The world's resource group without anything in it, made by hand."""
    made = Plain(imports.world)
    made.make_group()
    yield made
    made.clear()


def pool(imports: Imports) -> dict[str, Any]:
    found: dict[str, Any] = imports.world.text["pools"]["pool"]
    return found
