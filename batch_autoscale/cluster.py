"""A pool's nodes and the tasks on them: what starts where, and what becomes of tasks when nodes leave."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from batch_autoscale.traces import Task

Schedule = Callable[[float, str, int, int], None]
"""Schedules an event `(time, what, subject, run)`; `what` is `ready`, `done` or `gone`."""


@dataclass(slots=True)
class Node:
    """One machine. It is paid for from `since`, is ready after its boot, and takes no tasks once it is leaving."""

    number: int
    spot: bool
    since: float
    free: int
    ready: bool = False
    leaving: bool = False
    running: dict[int, int] = field(default_factory=dict)
    """Task to the number of its run."""
    used: bool = False
    """It has run a task, and may have to keep its data."""
    retains: bool = False
    """It leaves only when the data of its tasks may go."""


@dataclass(slots=True)
class Life:
    """What has happened to one task so far; times are seconds from the trace's start."""

    started: float | None = None
    """Its first start."""
    finished: float | None = None
    runs: int = 0
    outcome: str = "queued"
    """queued, running, succeeded or terminated."""
    latest: float = 0.0
    """When its current run began."""


class Cluster:
    """Nodes, the queue, and the tasks' lives. Time comes from outside; what happens later goes to `schedule`."""

    def __init__(self, tasks: tuple[Task, ...], slots: int, boot: float, retention: float, schedule: Schedule) -> None:
        self.tasks, self.slots, self.boot, self.retention, self.schedule = tasks, slots, boot, retention, schedule
        self.lives = [Life() for _ in tasks]
        self.nodes: dict[int, Node] = {}
        self.where: dict[int, int] = {}
        self.queue: list[int] = []
        self.misfits: list[int] = []
        self.blocked: set[int] = set()
        """Submitted tasks that wait for others."""
        numbers = {task.id: index for index, task in enumerate(tasks) if task.id}
        self.needed = [len(set(task.after)) for task in tasks]
        """For each task, how many others must succeed first."""
        self.followers: dict[int, list[int]] = {}
        for index, task in enumerate(tasks):
            for before in set(task.after):
                self.followers.setdefault(numbers[before], []).append(index)
        self.free: list[dict[int, None]] = [{} for _ in range(slots + 1)]
        self.running = self.succeeded = self.terminated = 0
        self.busy = self.usable = 0
        self.current = {False: 0, True: 0}
        """Nodes by kind (Spot or not): starting, ready and leaving."""
        self.paid = {False: 0.0, True: 0.0}
        """Node-seconds by kind, of nodes that are gone."""
        self.wasted = 0.0
        self.peak = 0
        self.made = 0

    @property
    def active(self) -> int:
        return len(self.queue) + len(self.misfits) + len(self.blocked)

    def submit(self, index: int, now: float) -> None:
        fits = self.tasks[index].slots <= self.slots
        if fits and self.needed[index]:
            self.blocked.add(index)
        elif fits:
            heapq.heappush(self.queue, index)
        else:
            self.misfits.append(index)  # Batch keeps it active for ever, and counts it
        self.place(now)

    def place(self, now: float) -> None:
        """Start tasks in the order of their submission, each where most slots are free."""
        while self.queue:
            need = self.tasks[self.queue[0]].slots
            room = next((self.free[count] for count in range(self.slots, need - 1, -1) if self.free[count]), None)
            if room is None:
                return
            self.start(heapq.heappop(self.queue), self.nodes[next(iter(room))], now)

    def start(self, index: int, node: Node, now: float) -> None:
        task, life = self.tasks[index], self.lives[index]
        life.runs += 1
        life.outcome, life.latest = "running", now
        life.started = now if life.started is None else life.started
        node.running[index] = life.runs
        node.used = True
        self.running += 1
        self.take(node, -task.slots)
        self.schedule(now + task.duration, "done", index, life.runs)
        self.where[index] = node.number

    def take(self, node: Node, slots: int) -> None:
        """Give a node that many more free slots."""
        self.free[node.free].pop(node.number, None)
        node.free += slots
        self.busy -= slots
        if node.ready and not node.leaving:
            self.free[node.free][node.number] = None

    def done(self, index: int, run: int, now: float) -> None:
        """A run ends; ignored if that run has been interrupted before."""
        life = self.lives[index]
        if life.outcome != "running" or life.runs != run:
            return
        life.outcome, life.finished = "succeeded", now
        self.succeeded += 1
        self.free_followers(index)
        node = self.release(index)
        if node.leaving and not node.running:
            self.emptied(node, now)
        self.place(now)

    def free_followers(self, index: int) -> None:
        """Let tasks run that have waited for this one and for no other."""
        for follower in self.followers.get(index, ()):
            self.needed[follower] -= 1
            if not self.needed[follower] and follower in self.blocked:
                self.blocked.remove(follower)
                heapq.heappush(self.queue, follower)

    def release(self, index: int) -> Node:
        node = self.nodes[self.where.pop(index)]
        del node.running[index]
        self.running -= 1
        self.take(node, self.tasks[index].slots)
        return node

    def add(self, count: int, now: float, *, spot: bool, boot: float | None = None) -> None:
        """Ask for nodes; each is paid for at once and ready after its boot."""
        for _ in range(count):
            self.made += 1
            self.nodes[self.made] = Node(self.made, spot, now, self.slots)
            self.current[spot] += 1
            self.schedule(now + (self.boot if boot is None else boot), "ready", self.made, 0)
        self.peak = max(self.peak, len(self.nodes))

    def ready(self, number: int, now: float) -> None:
        node = self.nodes.get(number)
        if node is not None and not node.leaving:
            node.ready = True
            self.usable += 1
            self.take(node, 0)
            self.place(now)

    def resize(self, target: int, option: str, now: float, *, spot: bool) -> None:
        """Bring the nodes that stay to `target`: starting ones leave first, then those with the fewest tasks."""
        staying = [node for node in self.nodes.values() if node.spot is spot and not node.leaving]
        if target >= len(staying):
            self.add(target - len(staying), now, spot=spot)
            return
        staying.sort(key=lambda node: (node.ready, len(node.running), -node.number))
        leaving = staying[: len(staying) - target]
        for node in leaving:
            node.leaving = True
            self.free[node.free].pop(node.number, None)
        for node in leaving:
            self.leave(node, option, now)
        self.place(now)

    def leave(self, node: Node, option: str, now: float) -> None:
        """Let a node go, and do to its tasks what the deallocation option says."""
        node.retains = option == "retaineddata"
        if option in ("requeue", "terminate"):
            for index in list(node.running):
                self.interrupt(index, now, requeue=option == "requeue")
        if not node.running:
            self.emptied(node, now)

    def interrupt(self, index: int, now: float, *, requeue: bool) -> None:
        life = self.lives[index]
        self.wasted += (now - life.latest) * self.tasks[index].slots
        self.release(index)
        if requeue:
            life.outcome = "queued"
            heapq.heappush(self.queue, index)
        else:
            life.outcome, life.finished = "terminated", now
            self.terminated += 1

    def emptied(self, node: Node, now: float) -> None:
        """A leaving node has no tasks: it goes, or waits until the data of its tasks may go."""
        if node.retains and node.used:
            self.schedule(now + self.retention, "gone", node.number, 0)
        else:
            self.gone(node.number, now)

    def gone(self, number: int, now: float) -> None:
        node = self.nodes.pop(number)
        self.usable -= node.ready
        self.current[node.spot] -= 1
        self.paid[node.spot] += now - node.since

    def node_seconds(self, now: float, *, spot: bool) -> float:
        """The node-seconds of one kind that have been paid for by now."""
        return self.paid[spot] + sum(now - node.since for node in self.nodes.values() if node.spot is spot)
