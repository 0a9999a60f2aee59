"""The Batch service at work, in the background: pools resize node by node, nodes boot and take tasks, jobs stop.

State is in the store at every step, so that a restart continues there; tasks that were running run again.
"""

from __future__ import annotations

import asyncio
import time

from azure_local import log, operations
from azure_local.azure import Azure, Service
from azure_local.batch.data.common import nodes_of
from azure_local.nodes import jobs, nodes, troubles
from azure_local.nodes.jobs import Jobs
from azure_local.nodes.leftovers import Leftovers
from azure_local.nodes.machine import Machine
from azure_local.nodes.nodes import Nodes
from azure_local.nodes.pools import Pools
from azure_local.nodes.scaling import Scaling
from azure_local.nodes.schedules import Schedules
from azure_local.nodes.scheduling import Scheduling
from azure_local.nodes.task_index import TaskIndex
from azure_local.nodes.tasks import Tasks
from azure_local.store import Unwritten

LONGEST = 0.05
"""Seconds of the longest pause after a round; a pause is as long as its round, to leave time for other work."""
AGAIN = 0.5
"""Seconds until the disk is tried again that did not take what was done."""


class Batch:
    def __init__(self, azure: Azure) -> None:
        self.azure = azure
        self.index = TaskIndex()
        azure.store.watch("task", self.index)
        self.machine = Machine(azure)
        self.tasks = Tasks(azure, self.machine)
        self.nodes = Nodes(azure, self.machine, self.tasks)
        self.pools = Pools(azure, self.nodes)
        self.scaling = Scaling(azure, self.index)
        self.jobs = Jobs(azure, self.tasks, self.index)
        self.schedules = Schedules(azure, self.jobs)
        self.scheduling = Scheduling(azure, self.tasks, self.index)
        self.leftovers = Leftovers(azure)
        self._lost = azure.store.lost
        self._recover()

    def _recover(self) -> None:
        self.pools.recover()
        self.nodes.recover()
        self.tasks.recover()
        self.jobs.recover()

    async def forever(self) -> None:
        """Run a round whenever something has changed or is due, and let other work run in between."""
        while True:
            try:
                await self._round()
                await self.azure.clock.end_round()
            except Unwritten:
                await asyncio.sleep(AGAIN)

    async def _round(self) -> None:
        """Do what is to be done now. Unwritten if the disk does not take it."""
        begun, store = time.monotonic(), self.azure.store
        self.azure.clock.begin_round()
        try:
            if store.lost != self._lost:
                await self._begin_again()
            await operations.settle(self.azure)
            self.step()
            self.leftovers.step()
            self.azure.step()
            store.commit()
        except Unwritten:
            raise
        except Exception:  # one bad resource must not stop the service; the log has the error
            log.report()
        await asyncio.sleep(min(time.monotonic() - begun, LONGEST))

    async def _begin_again(self) -> None:
        """Go on from what the disk has, as after a restart. Unwritten while the disk takes nothing."""
        lost = self.azure.store.lost
        await self.azure.cease()
        self.close()
        self._recover()
        self.azure.store.commit()
        self._lost = lost

    def step(self) -> None:
        pools = {}
        for document in self.azure.store.list("pool"):
            pools[document["account"], document["resource"]["name"].lower()] = document
            self.scaling.step(document)
            self.pools.step(document)
            for node in nodes_of(self.azure, document):
                self.nodes.step(document, node)
        self.jobs.step()
        self.schedules.step()
        self.scheduling.step(pools)

    async def forget(self, account: str) -> None:
        """Delete all that was in an account that is gone."""
        for key, document in self.azure.store.items("pool"):
            if document["account"] == account:
                await self.pools.gone(key)
        for kind in ("job", "task", "schedule", "preparation", "trouble"):
            for key, _ in self.azure.store.items(kind, f"{account}/"):
                self.azure.store.delete(kind, key)
        for kind in ("application", "package"):
            for key, _ in self.azure.store.items(kind):
                if f"/batchaccounts/{account.lower()}/" in key:
                    self.azure.store.delete(kind, key)

    def close(self) -> None:
        """Stop all that runs, as the server ends."""
        self.tasks.close()
        self.machine.close()


SERVICE = Service(seconds={**nodes.SECONDS, **jobs.SECONDS}, settings=troubles.SETTINGS)
