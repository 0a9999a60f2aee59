"""Each preset is tried: a healthy day raises none, its cause raises it, and it is over when the cause is gone.

All causes are brought about in one account on one simulated day; the webhook that the spec names is called for real.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError

import azure_local
from reconciler.cloud import arm
from reconciler.kinds.monitoring.presets import PRESETS
from reconciler.model import Status
from tests.conftest import Azure, World, new_world
from tests.local.pools import MACHINE, SIZE, until
from tests.local.webhooks import webhook
from tests.monitoring.conftest import HOOK

STEP = 300
HOUR = 3600
LONG = "/bin/sleep 100000"
FORMULA = "$TargetDedicatedNodes = 1 / (1 - $CurrentDedicatedNodes);"
"""It makes a node, and cannot be evaluated as soon as that is there."""
CAUSING = ("idle", "hung", "broken", "unusable", "formula", "starved", "given-up", "greedy", "spot")
QUOTA = 14
"""Cores that the account may have; the six nodes that the causes need have twelve."""


@dataclass
class Day:
    """The account of a world on a day whose hours a test drives, and what its webhook was told."""

    world: World
    received: list[Any]
    healthy: tuple[str, ...] = ()
    short: frozenset[str] = frozenset()
    """The pools below their targets that nobody was told of as over, hours later."""
    causes: dict[str, datetime] = field(default_factory=dict)
    """Preset → when its cause came about."""

    @property
    def account(self) -> str:
        return str(self.world.text["batchAccount"]["name"])

    @property
    def batch(self) -> BatchClient:
        return self.world.cloud().batch()

    def told(self, condition: str) -> set[str]:
        """The presets of which the webhook was told this."""
        parts = [message["data"]["essentials"] for message in list(self.received)]
        return {str(one["alertRule"]).partition("-")[2] for one in parts if one["monitorCondition"] == condition}

    def pools(self, condition: str) -> set[str]:
        """The pools of which it was told this, that they are below their targets."""
        rules = (one["data"] for one in list(self.received))
        about = (one for one in rules if one["essentials"]["alertRule"].endswith("-poolBelowTarget"))
        met = (one["alertContext"] for one in about if one["essentials"]["monitorCondition"] == condition)
        return {one["value"] for context in met for part in context["condition"]["allOf"] for one in part["dimensions"]}

    def control(self, what: str, **body: Any) -> None:
        azure_local.ask(self.world.azure.folder, "POST", what, {"account": self.account, **body})

    def pass_by(self, hours: int, condition: str, wanted: Set[str]) -> None:
        """So many hours, or until the webhook was told this of all that are wanted."""
        for _ in range(hours):
            self.world.azure.advance(HOUR)
            until(lambda: all(one["status"] != "calling" for one in self._messages()))
            if wanted <= self.told(condition):
                return

    def seconds(self, preset: str) -> float:
        """Simulated seconds from its cause to the alert."""
        parts = (message["data"]["essentials"] for message in self.received)
        fired = (one["firedDateTime"] for one in parts if one["alertRule"].endswith(f"-{preset}"))
        return (datetime.fromisoformat(min(fired)) - self.causes[preset]).total_seconds()

    def caused(self, *presets: str) -> None:
        """Note that what these are about has come about by now."""
        now = azure_local.ask(self.world.azure.folder, "POST", "clock", {"advance": 0})["time"]
        self.causes |= dict.fromkeys(presets, datetime.fromisoformat(now))

    def _messages(self) -> list[Any]:
        found: list[Any] = azure_local.ask(self.world.azure.folder, "GET", "notifications", None)
        return found

    def pool(self, name: str, nodes: int = 1, **properties: Any) -> None:
        place = f"{self.world.cloud().account_id}/pools/{name}"
        machine = {"virtualMachineConfiguration": MACHINE}
        scale = {"fixedScale": {"targetDedicatedNodes": nodes}}
        whole = {"vmSize": SIZE, "deploymentConfiguration": machine, "scaleSettings": scale, **properties}
        arm.put(self.world.cloud(), place, {"properties": whole}, "2025-06-01")

    def drop(self, *names: str) -> None:
        for name in names:
            arm.delete(self.world.cloud(), f"{self.world.cloud().account_id}/pools/{name}", "2025-06-01")

    def steady(self, name: str) -> list[models.BatchNode]:
        """The nodes of a pool when it has them all and they have booted."""
        found: list[models.BatchNode] = until(lambda: self._booted(name))
        return found

    def _booted(self, name: str) -> list[models.BatchNode]:
        self.world.azure.advance(60)
        nodes = list(self.batch.list_nodes(name))
        return nodes if nodes and all(node.state not in ("creating", "starting") for node in nodes) else []

    def job(self, name: str, pool: str, *lines: str) -> None:
        """A job with these tasks."""
        self.batch.create_job(models.BatchJobCreateOptions({"id": name, "poolInfo": {"poolId": pool}}))
        for number, line in enumerate(lines):
            self.batch.create_task(name, models.BatchTaskCreateOptions({"id": str(number), "commandLine": line}))

    def turn_away(self, times: int) -> None:
        """So many requests are answered with 429, as by a Batch that is asked too often."""
        turned = {"status": 429, "code": "TooManyRequests"}
        place = {"plane": "batch", "path": f"{self.account}/jobs/busy"}
        self.world.azure.fault(match=place, action=turned, times=times)
        for _ in range(times):
            with pytest.raises(HttpResponseError, match="TooManyRequests"):
                self.batch.get_job("busy", retry_total=0)

    def state(self, job: str, *states: str) -> None:
        until(lambda: all(task.state in states for task in self.batch.list_tasks(job)))


@pytest.fixture(scope="module")
def day(azure_server: Azure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    folder = tmp_path_factory.mktemp("presets")
    with (
        new_world(azure_server, folder) as world,
        webhook() as (address, received),
        pytest.MonkeyPatch.context() as env,
    ):
        env.setenv(HOOK, address)
        world.text = {key: part for key, part in world.text.items() if key not in ("storage", "identities", "jobs")}
        world.text["pools"] = {
            "sound": {
                "vmSize": SIZE,
                "image": "ubuntu-24.04",
                "nodes": {"autoscale": {"scenario": "pending-tasks", "max": 1}},
            }
        }
        world.text["monitoring"] = {
            "notify": {"ops": {"webhooks": [{"environmentVariable": HOOK}]}},
            "presets": {"spotEvictions": {"threshold": 0}},
        }
        assert {one.status for one in world.apply(poll_seconds=0.05).values()} == {Status.DONE}
        azure_server.run(0.001)
        made = Day(world, received)
        made.control("batch-quotas", dedicatedCoreQuota=QUOTA)
        assert {str(one.address).partition("-")[2] for one in world.plan().decisions if one.diff} == {"quotaUse"}
        assert {one.status for one in world.apply(poll_seconds=0.05).values()} == {Status.DONE}
        live_through(made)
        yield made
        made.drop(*CAUSING)


def live_through(day: Day) -> None:
    work(day)
    day.healthy = tuple(sorted(day.told("Fired")))
    cause(day)
    day.pass_by(9, "Fired", set(PRESETS))
    day.short = frozenset(day.pools("Fired") - day.pools("Resolved"))
    mend(day)
    cure(day)
    day.pass_by(9, "Resolved", set(PRESETS))


def work(day: Day) -> None:
    """A day on which tasks come every eight hours, for which a node is made that goes again."""
    for number in range(3):
        day.job(name := f"sound{number}", "sound", "/bin/true")
        while any(task.state != "completed" for task in day.batch.list_tasks(name)) or list(
            day.batch.list_nodes("sound")
        ):
            day.world.azure.advance(STEP)  # less than a resize may take
        day.pass_by(7, "Fired", {"nothing"})


def cause(day: Day) -> None:
    day.caused("startTaskFailedNodes", "formulaErrors", "poolBelowTarget", "idleCost", "quotaUse")
    for name in ("starved", "given-up"):
        day.control("allocations", pool=name, times=100)
        day.pool(name)
    day.pool("idle", 2)
    day.pool("hung")
    day.pool("broken", startTask={"commandLine": "/bin/false", "waitForSuccess": True})
    day.pool("unusable")
    day.pool("formula", scaleSettings={"autoScale": {"formula": FORMULA, "evaluationInterval": "PT5M"}})
    day.pool("spot", scaleSettings={"fixedScale": {"targetLowPriorityNodes": 1}})
    for name in ("idle", "hung", "broken", "unusable", "formula", "spot"):
        day.steady(name)
    day.pool("greedy", 2)  # there are cores for one of its nodes
    day.control("nodes", pool="unusable", state="unusable", lasting=True)
    day.caused("unusableNodes")
    day.job("failing", "idle", *["/bin/false"] * 6)
    day.job("hanging", "hung", LONG)
    day.job("evicted", "spot", LONG)
    day.state("failing", "completed")
    day.caused("taskFailures")
    day.state("hanging", "running")
    day.caused("noProgress")
    day.state("evicted", "running")
    day.control("nodes", pool="spot", state="preempted", seconds=10**7)
    day.caused("spotEvictions")
    day.turn_away(51)
    day.caused("throttling")


def mend(day: Day) -> None:
    """One pool gets its node, one asks for no more than it has, and one is deleted."""
    day.control("allocations", pool="starved", times=0)
    for name in ("starved", "greedy"):
        day.batch.begin_resize_pool(name, models.BatchPoolResizeOptions({"targetDedicatedNodes": 1}))
    day.drop("given-up")
    day.pass_by(1, "Resolved", {"poolBelowTarget"})


def cure(day: Day) -> None:
    for job in ("hanging", "evicted"):
        day.batch.terminate_task(job, "0")
    day.drop(*CAUSING)


def test_a_healthy_day_of_work_raises_nothing(day: Day) -> None:
    assert day.healthy == ()


WITHIN = {"idleCost": 3 * HOUR, "noProgress": 2.5 * HOUR}
"""Seconds from a cause to the webhook, where they are more than half an hour."""


@pytest.mark.parametrize("preset", PRESETS)
def test_its_cause_calls_the_webhook_which_is_told_when_it_is_over(day: Day, preset: str) -> None:
    assert preset in day.told("Fired")
    assert preset in day.told("Resolved")
    assert day.seconds(preset) <= WITHIN.get(preset, 0.5 * HOUR)


def test_a_pool_below_its_target_is_told_of_until_it_has_its_nodes_or_asks_for_no_more_or_is_gone(day: Day) -> None:
    assert day.short == {"starved", "greedy", "given-up"} <= day.pools("Resolved")


def test_nothing_else_was_told(day: Day) -> None:
    assert day.told("Fired") == set(PRESETS)
