"""Simulated time: it can be driven to what is due next, and jumps there by itself while nothing real happens."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import azure_local
from azure_local.clock import Clock, parsed, stamp
from tests.conftest import SPEED, Azure
from tests.local.pools import Bench, bench, until

__all__ = ["bench"]

START = datetime(2026, 1, 1, tzinfo=UTC)
STILL = 1e-6
"""A speed at which nothing comes about by itself."""


def rounds(clock: Clock, look: Callable[[], Any], seconds: float = 0.2) -> datetime:
    """The time after a background has had so many real seconds for its rounds, in each of which it looks."""

    async def forever() -> None:
        while True:
            clock.begin_round()
            look()
            await clock.end_round()

    async def some() -> datetime:
        task = asyncio.create_task(forever())
        await asyncio.sleep(seconds)
        task.cancel()
        return clock.now()

    return asyncio.run(some())


def later(seconds: float) -> str:
    return stamp(START + timedelta(seconds=seconds))


def test_time_goes_to_the_next_moment_that_anything_waits_for() -> None:
    clock = Clock(STILL, START)
    assert (clock.due(later(30)), clock.past(later(20)), clock.recurs(later(40)), clock.passed(later(10))) == (
        False,
    ) * 4
    moments = []
    while (moment := clock.next()) is not None:
        clock.to_next()
        clock.begin_round()
        clock.due(later(30))
        clock.recurs(later(40))
        moments.append(moment)
        assert stamp(clock.now()) >= moment
    assert moments == [later(20), later(30), later(40)]


@pytest.mark.parametrize("text", ["2026-01-01T00:00:05Z", "2026-01-01T00:00:05.1Z", "2026-01-01T00:00:05.1234567Z"])
def test_a_moment_may_have_any_number_of_digits(text: str) -> None:
    clock = Clock(STILL, START)
    assert not clock.due(text)
    clock.to_next()
    assert clock.due(text)
    assert clock.now() - parsed(text) < timedelta(seconds=0.001)


def test_time_never_runs_backwards() -> None:
    clock = Clock(SPEED, START)
    clock.past(later(0.001))
    time.sleep(0.01)
    before = clock.now()
    clock.to_next()
    assert clock.now() >= before


def test_time_jumps_over_all_that_is_awaited_and_stops_before_what_recurs_for_ever() -> None:
    clock = Clock(STILL, START)
    seen = []

    def look() -> None:
        seen.append(clock.now())
        clock.due(later(100))
        clock.recurs(stamp(clock.now() + timedelta(seconds=30)))

    assert rounds(clock, look) - START < timedelta(seconds=1)
    clock.jumps = True
    assert timedelta(seconds=100) <= rounds(clock, look) - START < timedelta(seconds=101)
    passed = [round((moment - START).total_seconds()) for moment in seen]
    assert {30, 60, 90, 100} <= set(passed), "what recurs is not jumped over"


def test_time_does_not_jump_while_something_real_happens() -> None:
    clock = Clock(STILL, START)
    clock.jumps = True
    with clock.working():
        assert rounds(clock, lambda: clock.due(later(100))) - START < timedelta(seconds=1)
    assert rounds(clock, lambda: clock.due(later(100))) - START >= timedelta(seconds=100)


@pytest.fixture
def still(bench: Bench) -> Iterator[Bench]:
    bench.azure.run(STILL)
    yield bench
    bench.azure.run(SPEED)


def now(azure: Azure) -> datetime:
    return parsed(azure_local.ask(azure.folder, "GET", "health")["time"])


def test_a_pool_comes_up_event_by_event(still: Bench) -> None:
    still.put("steps", still.body(1))
    began, states = now(still.azure), []
    for _ in range(2):
        still.azure.next()
        states += [node.state for node in still.nodes("steps")]
    assert [state == expected for state, expected in zip(states, ("starting", "idle"), strict=True)] == [True, True]
    assert timedelta(seconds=70) <= now(still.azure) - began < timedelta(seconds=72)
    still.drop("steps")


def test_a_pool_that_jumps_is_up_at_once_and_time_rests_then(still: Bench) -> None:
    still.azure.jump(STILL)
    began = now(still.azure)
    still.pool("jumps", 2)
    assert timedelta(seconds=70) <= now(still.azure) - began < timedelta(seconds=120)
    still.job("busy", "jumps")
    still.task("busy", "task", "/bin/sh -c 'while [ ! -e go ]; do sleep 0.05; done'")
    until(lambda: still.batch.get_task("busy", "task").state == "running")
    still.put("waits", still.body(1))
    assert [node.state for node in still.nodes("waits")] == ["creating"], "while a task runs, time does not jump"
    assert still.get("waits")["properties"]["allocationState"] == "Resizing"
    still.batch.terminate_task("busy", "task")
    until(lambda: [node.state for node in still.nodes("waits")] == ["idle"])
    for name in ("jumps", "waits"):
        still.drop(name)


def test_a_kill_sets_no_time_back_that_was_set_forward(tmp_path: Path) -> None:
    folder = tmp_path / "azure"
    try:
        profile = azure_local.up(folder, speed=1)
        told = azure_local.ask(folder, "POST", "clock", {"advance": 1_000_000})
        os.kill(profile["pid"], signal.SIGKILL)
        azure_local.up(folder, speed=1)
        assert azure_local.ask(folder, "GET", "health")["time"] >= told["time"][:19]
    finally:
        azure_local.down(folder)
