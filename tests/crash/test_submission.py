"""A submission of 10,000 tasks that is killed at any of its requests: the next apply adds each of the others, once."""

from __future__ import annotations

import random

import pytest

from tests.conftest import World
from tests.crash import trial
from tests.crash.luck import SEED, Died, Kill

TASKS, REQUESTS, KILLS = 10_000, 100, 10
"""Tasks of a job, requests that they take, and how many of those are the last of a process, by seed."""


@pytest.mark.slow
def test_a_submission_is_killed_at_any_request(world: World) -> None:
    world.text["pools"]["pool"]["nodes"] = 0
    world.apply()
    dice = random.Random(f"{SEED} submission")
    for at in [0, REQUESTS - 1, *dice.sample(range(1, REQUESTS - 1), KILLS - 2)]:
        after, name = dice.random() < 0.5, f"job{at}"
        tasks = {"many": {"sweep": {"n": {"from": 1, "to": TASKS}}, "command": "echo {{n}}"}}
        world.text["jobs"] = {name: {"pool": "pools/pool", "tasks": tasks}}
        luck = Kill("killed", at + 1, after)  # the first write makes the job
        luck.strike(world)
        outcomes = _until_killed(world)
        assert luck.lift(world), f"not killed at request {at}: {outcomes}"
        ids = [task.id for task in world.cloud().batch().list_tasks(name, select=["id"])]
        assert len(ids) < TASKS, f"seed {SEED}, request {at}"
        trial.fine(trial.applied(world))
        ids = [task.id for task in world.cloud().batch().list_tasks(name, select=["id"])]
        assert (len(ids), len(set(ids))) == (TASKS, TASKS), f"seed {SEED}, request {at}"
        assert world.plan().steps == ()
        world.text["jobs"] = {}
        world.apply()


def _until_killed(world: World) -> object:
    try:
        return trial.applied(world)
    except Died:
        return None
