"""A spec with an account and one pool, and nothing that takes long."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from reconciler.events import Event, Listener, StepWaiting
from reconciler.model import Status
from tests.conftest import World


class Pools:
    """What the tests of pools do with a world."""

    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def pool(self) -> dict[str, Any]:
        found: dict[str, Any] = self.world.text["pools"]["pool"]
        return found

    def done(self, listen: Listener = lambda event: None) -> None:
        """Apply, and see that all went well and nothing is left to do."""
        outcomes = self.world.apply(poll_seconds=0.05, listen=listen)
        assert {one.status for one in outcomes.values()} <= {Status.DONE}, [one.error for one in outcomes.values()]
        plan = self.world.plan()
        assert [(str(d.address), d.diff.changes) for d in plan.decisions if d.diff] == []
        assert plan.steps == ()

    def live(self) -> dict[str, Any]:
        where = (self.world.text["azure"]["resourceGroup"], self.world.text["batchAccount"]["name"], "pool")
        found: dict[str, Any] = self.world.cloud().batch_management.pool.get(*where).as_dict()
        return found


def releasing(file: Path, stage: str) -> Listener:
    """Lets tasks that wait for a file end, once an apply tells of a stage."""

    def listen(event: Event) -> None:
        if isinstance(event, StepWaiting) and stage in event.detail:
            file.touch()

    return listen


def lagging(events: Iterable[Event]) -> list[Event]:
    """The events of waits for a change to be shown."""
    return [event for event in events if isinstance(event, StepWaiting) and "not visible yet" in event.detail]


@pytest.fixture
def pools(world: World) -> Pools:
    for section in ("jobs", "storage", "identities"):
        del world.text[section]
    world.text["pools"]["pool"] = {"vmSize": "Standard_D2s_v3", "image": "ubuntu-22.04", "nodes": 0}
    return Pools(world)
