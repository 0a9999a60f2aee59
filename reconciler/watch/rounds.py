"""One spec, round after round: look, judge, and carry out what is not held, as the one leader and under the lock.

A round raises nothing: whatever it cannot do it tells, and the next one tries again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from reconciler.cloud import pauses as pausing
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.lock import Lock
from reconciler.cloud.lock_blob import Answer, Holder, LockBlob
from reconciler.digest import digest
from reconciler.engine import loop
from reconciler.engine.loop import Reading
from reconciler.errors import ReconcileError, SpecError
from reconciler.events import Event, Listener, StepFinished, StepStarted
from reconciler.kind import Kinds
from reconciler.model import Action, Address, Outcome, Status
from reconciler.spec.spec import Spec
from reconciler.watch import judging, memory
from reconciler.watch.judging import Ground, Held, Judgement
from reconciler.watch.leading import Leadership
from reconciler.watch.memory import Memory
from reconciler.watch.result import End, Result
from reconciler.watch.told import Said, Say, What
from reconciler.words import count, duration


class Recording(Protocol):
    """Hears of a run that changes something, for its record."""

    def begin(self) -> None: ...

    def listening(self, listen: Listener) -> Listener: ...

    def ended(self, code: int) -> int:
        """`code` is as an apply would exit with."""


class Unrecorded:
    """Keeps no record."""

    def begin(self) -> None:
        """Nothing."""

    def listening(self, listen: Listener) -> Listener:
        return listen

    def ended(self, code: int) -> int:
        return code


Finish = Callable[[Reading, Cloud, tuple[Outcome, ...]], Iterable[Said]]


@dataclass(frozen=True, slots=True)
class Around:
    """What rounds use of the world.

    load      the spec in a file
    connect   the cloud of a spec; it is signed in there once, for all rounds
    finish    what each round that could look ends with, also one that has changed nothing; what there is to tell of it
    recording while it lasts, a plan is carried out, which is recorded
    drift     is told of drift each time that it is another, with the plan of that alone; without any, that it has gone
    seen      is given each reading, whole, by the name of its watch, with what is held or paused; it does not wait
    clock     seconds that only go on
    owners    where a spec's resources are and whose → which file says so: two would each delete what the other makes
    """

    load: Callable[[Path], Spec]
    connect: Callable[[Spec], Cloud]
    kinds: Kinds
    say: Say
    who: str
    run: str
    interval: float
    clock: Callable[[], float]
    finish: Finish = lambda reading, cloud, outcomes: ()
    recording: Callable[[Reading, Cloud], AbstractContextManager[Recording]] = lambda reading, cloud: nullcontext(
        Unrecorded()
    )
    drift: Callable[[Reading, Cloud], None] = lambda reading, cloud: None
    seen: Callable[[str, Reading, Cloud, tuple[Held, ...]], None] = lambda name, reading, cloud, held: None
    owners: dict[tuple[str, str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sight:
    """What a look has shown: `whole` is the plan of all, `reading` that without what is held."""

    whole: Reading
    reading: Reading
    judgement: Judgement
    asked: dict[Address, str]


class Watched:
    """One spec under the `name` that the source gives it; only one round of it at a time."""

    def __init__(self, name: str, around: Around) -> None:
        self.name, self.around = name, around
        self.memory = Memory()
        self.last: Result | None = None
        self._base: Cloud | None = None
        self._of: object = None
        self._leadership: Leadership | None = None
        self._judgement = Judgement((), ())
        self._drifted: tuple[Address, ...] = ()
        self._said: dict[What, str] = {}

    def round(self, file: Path, stop: threading.Event, leave: threading.Event) -> Result:
        """Make one round with the spec as it is in `file`; `stop` and `leave` are those of the engine."""
        begun = self.around.clock()
        try:
            result = self._round(file, stop, leave)
        except SpecError as error:
            why = f"the spec is invalid, so nothing is done: {'; '.join(map(str, error.problems))}"
            self._once(What.SPEC_INVALID, why)
            result = replace(self._ended(End.INVALID), why=why)
        except ReconcileError as error:
            result = self._failed(f"the round could not be made: {error}")
        except Exception as error:  # a fault of our own must not end the rounds of other specs
            result = self._failed(f"this is a bug in reconcile: {type(error).__name__}: {error}")
        self.last = replace(result, seconds=self.around.clock() - begun)
        return self.last

    def _failed(self, why: str) -> Result:
        self._say(What.ROUND_FAILED, why)
        return replace(self._ended(End.FAILED), why=why)

    def release(self) -> None:
        """Let another lead, at once."""
        if self._leadership:
            self._leadership.release()
        for key in [key for key, name in self.around.owners.items() if name == self.name]:
            del self.around.owners[key]

    def _round(self, file: Path, stop: threading.Event, leave: threading.Event) -> Result:
        spec = self.around.load(file)
        self._said.pop(What.SPEC_INVALID, None)
        base = self._reached(spec)
        if not self._leads(base):
            return replace(self._ended(End.STANDBY), why=self._said[What.STANDBY])
        cloud = base.unguarded(base.account)
        sight = self._look(spec, cloud)
        self._tell_held(sight)
        if sight.judgement.drifted != self._drifted:
            self.around.drift(_only(sight.whole, sight.judgement.drifted), cloud)
            self._drifted = sight.judgement.drifted
        if stop.is_set() or not judging.working(sight.reading.plan):
            return self._finished(sight, cloud, ())
        if not spec.lock:
            return self._carried_out(sight, cloud, stop, leave)
        lock = Lock(LockBlob(base, spec.lock), self._holder(), base.endpoints.lease_seconds)
        try:
            if lock.take() is Answer.DENIED:
                self._once(What.LOCKED, why := self._locked(lock))
                return replace(self._ended(End.LOCKED, sight, requests=cloud.guarding.sent), why=why)
            self._said.pop(What.LOCKED, None)
            locked = base.unguarded(base.account)
            locked.guarding.lock = lock
            return self._carried_out(self._look(spec, locked), locked, stop, leave, cloud.guarding.sent)
        finally:
            lock.release()

    def _reached(self, spec: Spec) -> Cloud:
        """The cloud of a spec, connected to once; another one if it is for another place now."""
        of = (spec.azure, spec.name, spec.batch_account["name"] if spec.batch_account else None, spec.lock)
        if self._base is None or of != self._of:
            self.release()
            self._own(spec)
            self._base, self._of = self.around.connect(spec), of
            self._leadership = Leadership(self._base.unguarded(), spec.lock, self._holder())
            if not spec.lock:
                text = "the spec has no lock, so nothing keeps a second watch or an apply from working beside this one"
                self._say(What.WARNED, f"{text}; see docs/lock.md")
        return self._base

    def _own(self, spec: Spec) -> None:
        key = (spec.azure.subscription.lower(), spec.azure.resource_group.lower(), spec.name)
        if (other := self.around.owners.setdefault(key, self.name)) != self.name:
            raise ReconcileError(f"{other} has the same name and resource group; one of them must have another name")

    def _leads(self, base: Cloud) -> bool:
        assert self._leadership is not None
        leads = self._leadership.leads()
        if self._leadership.lost:
            self._say(What.LEADERSHIP_LOST, f"leads no more: {self._leadership.lost}")
        if leads:
            self._said.pop(What.STANDBY, None)
            self._once(What.LEADING, "leads")
        else:
            self._said.pop(What.LEADING, None)
            self._once(What.STANDBY, f"stands by; led by {self._leadership.leader() or 'somebody else'}")
            self.memory = Memory()  # what another leader does meanwhile is not known here
        return leads

    def _look(self, spec: Spec, cloud: Cloud) -> Sight:
        """Read and judge; remembers what was seen."""
        pauses = pausing.valid(*pausing.read(cloud.unguarded(), spec.lock)) if spec.lock else ()
        whole = loop.read(spec, cloud, self.around.kinds)
        asked = {address: digest(want.body) for address, want in whole.desired.items()}
        live = {seen.address for seen in whole.observed}
        strays = {seen.address for seen in whole.observed if seen.of(spec.name) and seen.address not in asked}
        well = {decision.address for decision in whole.plan.of(Action.NONE)}
        self.memory = memory.healed(memory.looked(self.memory, asked, live, strays), well)
        ended = {seen.address for seen in whole.observed if seen.ended}
        ground = Ground(spec.watch, pauses, self.memory, asked, ended, cloud.time, self.around.clock())
        judgement = judging.judge(whole.plan, ground)
        held = judgement.held
        self.around.seen(self.name, whole, cloud, (*judging.paused(whole.plan, pauses), *held))
        reading = loop.narrowed(whole, cloud, self.around.kinds, judgement.choice) if held else whole
        return Sight(whole, reading, judgement, asked)

    def _carried_out(
        self, sight: Sight, cloud: Cloud, stop: threading.Event, leave: threading.Event, before: int = 0
    ) -> Result:
        with self.around.recording(sight.reading, cloud) as recorder:
            recorder.begin()
            listen = recorder.listening(self._listen)
            outcomes = loop.carry_out(sight.reading, cloud, self.around.kinds, listen=listen, stop=stop, leave=leave)
            recorder.ended(CODES[_end(outcomes)])
        self.memory = memory.ended(self.memory, outcomes, sight.asked, self.around.clock(), self.around.interval)
        return self._finished(sight, cloud, outcomes, before)

    def _finished(self, sight: Sight, cloud: Cloud, outcomes: tuple[Outcome, ...], before: int = 0) -> Result:
        for said in self.around.finish(sight.reading, cloud, outcomes):
            self.around.say(replace(said, spec=self.name))
        return self._ended(_end(outcomes), sight, outcomes, before + cloud.guarding.sent)

    def _ended(
        self, end: End, sight: Sight | None = None, outcomes: tuple[Outcome, ...] = (), requests: int = 0
    ) -> Result:
        failing = tuple(sorted(self.memory.failures))
        if sight is None:
            return Result(self.name, end, failing=failing)
        judgement = sight.judgement
        counts = judging.counts(sight.whole.plan, judgement)
        held, drifted = judgement.held, judgement.drifted
        return Result(self.name, end, 0.0, sight.whole.plan, held, drifted, failing, counts, outcomes, requests)

    def _tell_held(self, sight: Sight) -> None:
        """Say once of each resource that it is held, and that it is not any more."""
        fresh, gone = judging.news(self._judgement.held, sight.judgement.held)
        for one in fresh:
            more = {"address": str(one.address), "hold": str(one.hold)}
            self._say(What.HELD, f"{one.address} is left as it is ({one.hold}): {one.reason}", more)
        for address in gone:
            self._say(What.RELEASED, f"{address} is not held any more", {"address": str(address)})
        self._judgement = sight.judgement
        if unknown := judging.unknown(sight.whole.spec.watch, sight.whole.plan):
            self._once(What.WARNED, f"watch.resources names what the spec does not have: {', '.join(unknown)}")

    def _listen(self, event: Event) -> None:
        if isinstance(event, StepStarted):
            step = event.step
            more = {"address": str(step.address), "action": str(step.action)}
            self._say(What.STEP_STARTED, f"{step.action} {step.address}", more)
        elif isinstance(event, StepFinished):
            outcome, step = event.outcome, event.outcome.step
            why = f": {outcome.error}" if outcome.error else ""
            more = {"address": str(step.address), "action": str(step.action), "status": str(outcome.status)}
            text = f"{step.action} {step.address} {outcome.status} after {duration(outcome.seconds)}{why}"
            self._say(What.STEP_FINISHED, text, more, bad=outcome.status is Status.FAILED)

    def _locked(self, lock: Lock) -> str:
        seen = lock.blob.look()
        words = f"held by {seen.holder.words()}" if seen and seen.held else "held by another run"
        return f"the spec is locked, so nothing is changed in this round: {words}"

    def _holder(self) -> Holder:
        return Holder(self.around.who, f"watch {self.name}", self.around.run)

    def _say(self, what: What, text: str, more: Mapping[str, str] | None = None, *, bad: bool = False) -> None:
        self.around.say(Said(what, text, self.name, bad, more or {}))

    def _once(self, what: What, text: str) -> None:
        """Say something as long as it is not what was said last of this."""
        if self._said.get(what) != text:
            self._said[what] = text
            self._say(what, text)


CODES = {End.FAILED: 1, End.LEFT: 2, End.CHANGED: 0, End.UNCHANGED: 0}
"""How an apply would have exited that ended so."""


def _end(outcomes: tuple[Outcome, ...]) -> End:
    statuses = {outcome.status for outcome in outcomes}
    if Status.FAILED in statuses:
        return End.FAILED
    if Status.STOPPED in statuses:
        return End.LEFT
    return End.CHANGED if outcomes else End.UNCHANGED


def _only(reading: Reading, addresses: Collection[Address]) -> Reading:
    """The reading with what the plan decides of these resources."""
    decisions = tuple(decision for decision in reading.plan.decisions if decision.address in addresses)
    return replace(reading, plan=replace(reading.plan, decisions=decisions, steps=(), notes=()))


def summary(result: Result) -> Said:
    """The line about a round that has ended."""
    told = [f"{number} {state.replace('_', ' ')}" for state, number in result.counts.items() if number]
    used = f"{count(result.requests, 'request')}, {result.seconds:.1f} s"
    text = f"round {result.end} ({used}){': ' if told else ''}{', '.join(told)}"
    more = {"end": str(result.end), "seconds": round(result.seconds, 3), "requests": result.requests}
    return Said(What.ROUND_ENDED, text, result.spec, result.end is End.FAILED, {**more, "resources": result.counts})
