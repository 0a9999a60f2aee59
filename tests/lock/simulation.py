"""Many processes that want one lock, in virtual time: killed, paused, slow, with wrong clocks, and with answers lost.

The service grants leases as storage does; what a process concludes is the real `Lease`. What comes of it is a history
of writes, and `overlaps` finds where two processes wrote at once.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from reconciler.cloud.lease import Lease

SECONDS = 60.0
TIME_OUT = 15.0
"""How long a process waits for an answer about its lease."""


@dataclass(frozen=True, slots=True)
class Write:
    """A write of one process, from when it begins until nothing of it can arrive any more, in true time."""

    writer: int
    start: float
    end: float


def overlaps(history: Iterable[Write]) -> list[tuple[Write, Write]]:
    """Pairs of writes by two processes at once."""
    found, last = [], dict[int, Write]()
    for write in sorted(history, key=lambda write: write.start):
        found += [(other, write) for other in last.values() if other.writer != write.writer and other.end > write.start]
        last = {writer: other for writer, other in last.items() if other.end > write.start}
        if write.writer not in last or last[write.writer].end < write.end:
            last[write.writer] = write
    return found


@dataclass
class Service:
    """A blob's lease, by the service's clock. A renewal of an expired lease is granted if nobody had it since."""

    holder: int | None = None
    ends: float = 0.0
    broken: bool = False

    def acquire(self, who: int, now: float) -> bool:
        if now < self.ends and (self.holder != who or self.broken):
            return False
        self.holder, self.ends, self.broken = who, now + SECONDS, False
        return True

    def renew(self, who: int, now: float) -> bool:
        if self.holder != who or self.broken:
            return False
        self.ends = now + SECONDS
        return True

    def release(self, who: int, now: float) -> bool:
        if self.holder == who:
            self.holder, self.ends = None, now
        return True

    def break_(self) -> None:
        self.broken = self.holder is not None


@dataclass
class World:
    """So many tenures of one lock among a few processes. `lease` makes what a process knows of its lease."""

    seed: int
    lease: Callable[[float, float], Lease] = Lease
    rivals: int = 3
    now: float = 0.0
    service: Service = field(default_factory=Service)
    history: list[Write] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    queue: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.luck = random.Random(self.seed)

    def run(self, rounds: int) -> list[Write]:
        """The writes of so many tenures."""
        for _ in range(self.rivals):
            self.after(self.luck.uniform(0, 5), self.begin)
        self.after(300, self.unlock)
        while self.seen["granted"] < rounds:
            self.now, _, event = heapq.heappop(self.queue)
            event()
        return self.history

    def after(self, seconds: float, event: Callable[[], None]) -> None:
        heapq.heappush(self.queue, (self.now + seconds, next(self.numbers), event))

    def begin(self) -> None:
        Process(self, next(self.numbers)).ask()

    def unlock(self) -> None:
        self.service.break_()
        self.seen["broken"] += 1
        self.after(self.luck.expovariate(1 / 400), self.unlock)

    def delay(self) -> float:
        """Of a request or an answer on its way: mostly short, at times long."""
        return self.luck.uniform(0, 0.2) if self.luck.random() < 0.9 else self.luck.uniform(0, 14)


@dataclass
class Process:
    """One run: its clock, what it believes, and what happens to it."""

    world: World
    id: int
    known: Lease | None = None
    dead: bool = False
    paused_until: float = 0.0
    writing_until: float = 0.0

    def __post_init__(self) -> None:
        luck = self.world.luck
        self.offset, self.rate = luck.uniform(-1e6, 1e6), luck.uniform(0.98, 1.02)

    @property
    def clock(self) -> float:
        return self.offset + self.rate * self.world.now

    def after(self, seconds: float, event: Callable[[], None]) -> None:
        """Do something later by our own clock, if we live by then, and not while we are paused."""

        def awake() -> None:
            if self.dead:
                return
            if self.world.now < self.paused_until:
                self.world.after(self.paused_until - self.world.now, awake)
            else:
                event()

        self.world.after(max(0.0, seconds) / self.rate, awake)

    def send(self, ask: Callable[[int, float], bool], take: Callable[[float, bool | None], None]) -> None:
        """One request; `take` gets when it was sent and the answer, None for one that is lost or late."""
        world, sent = self.world, self.clock
        lost_there, lost_back = world.luck.random() < 0.05, world.luck.random() < 0.05
        answered = False

        def late() -> None:
            nonlocal answered
            if not answered:
                answered = True
                world.seen["answers lost"] += 1
                take(sent, None)

        def arrive() -> None:
            granted = ask(self.id, world.now)
            if not lost_back:
                self.after(world.delay() * self.rate, lambda: back(granted))

        def back(granted: bool) -> None:
            nonlocal answered
            if not answered:
                answered = True
                take(sent, granted)

        if not lost_there:
            world.after(world.delay(), arrive)
        self.after(TIME_OUT, late)

    def ask(self) -> None:
        self.send(self.world.service.acquire, self.asked)

    def asked(self, sent: float, granted: bool | None) -> None:
        if not granted:
            self.after(self.world.luck.uniform(0.1, 6), self.ask)
            return
        self.world.seen["granted"] += 1
        self.known = self.world.lease(SECONDS, sent)
        self.after(self.known.due() - self.clock, self.beat)
        self.after(0, self.write)
        fate = self.world.luck.random()
        if fate < 0.3:
            self.world.after(self.world.luck.uniform(0, 200), self.kill)
        elif fate < 0.8:
            self.world.after(self.world.luck.uniform(0, 200), self.pause)
        self.after(self.world.luck.uniform(10, 400), self.finish)

    def beat(self) -> None:
        assert self.known is not None
        if not self.known.lost:
            self.send(self.world.service.renew, self.beaten)

    def beaten(self, sent: float, granted: bool | None) -> None:
        assert self.known is not None
        if granted is None:
            self.known.unanswered(sent)
        elif granted:
            self.known.renewed(sent)
        else:
            self.known.refused()
        self.after(self.known.due() - self.clock, self.beat)

    def write(self) -> None:
        world, lease = self.world, self.known
        assert lease is not None
        if lease.lost:
            world.seen["stopped"] += 1
            self.leave()
            return
        if room := lease.room(self.clock):
            takes = room if world.luck.random() < 0.2 else world.luck.uniform(0, min(room, 3))
            write = Write(self.id, world.now, world.now + takes / self.rate)
            self.writing_until = max(self.writing_until, write.end)
            world.history.append(write)
        self.after(world.luck.uniform(0, 4), self.write)

    def finish(self) -> None:
        """Release it, once all writes have ended."""
        if self.world.now < self.writing_until:
            self.after((self.writing_until - self.world.now) * self.rate + 0.001, self.finish)
            return
        self.send(self.world.service.release, lambda sent, answer: None)
        self.world.seen["finished"] += 1
        self.leave()

    def kill(self) -> None:
        if not self.dead:
            self.world.seen["killed"] += 1
            self.leave()

    def pause(self) -> None:
        self.world.seen["paused"] += 1
        self.paused_until = self.world.now + self.world.luck.uniform(1, 200)

    def leave(self) -> None:
        """Another run comes in its place."""
        self.dead = True
        self.world.after(self.world.luck.uniform(0, 5), self.world.begin)
