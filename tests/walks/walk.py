"""A walk of a spec: change by change, each planned and applied against the local Azure, and planned once more."""

from __future__ import annotations

import json
import os
import random
import re
import threading
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.cloud.cloud import Cloud
from reconciler.engine import loop
from reconciler.errors import ReconcileError, SpecError
from reconciler.model import Action, Address, Outcome, Plan, Status
from tests.bodies import CHECKED
from tests.conftest import Azure, World
from tests.crash import luck, workloads
from tests.documents import dumped, loaded
from tests.walks import afresh, changes
from tests.walks.changes import Change
from tests.walks.drawing import HERE, Drawing, Text, Undrawn, named
from tests.walks.others import KEY, Others

STARTS: dict[str, Text] = loaded((HERE / "starts.yaml").read_text())
SEED = os.environ.get("WALKS_SEED") or luck.SEED
"""What walks are drawn by."""
POLL = 0.005
ASKING = re.compile(r"/(checkNameAvailability|listKeys|listLogSasUrl)$", re.IGNORECASE)
"""POSTs that only ask."""
SAID = (Action.REFUSE, Action.DEFER, Action.UNKNOWN, Action.KEEP)
"""What a plan may say again after it was applied, if it said so before."""
SHUT = "network rules keep this machine out"
"""What can be neither done nor taken back from here."""
TOLD = re.compile(r"\b[a-z_]+/\S")
"""An error that names an address."""


@dataclass
class Watch:
    """Connections that count what is written over them."""

    inner: Any
    writes: list[str] = field(default_factory=list)

    def send(self, request: Any, **options: Any) -> Any:
        path = request.url.partition("?")[0]
        if request.method not in ("GET", "HEAD") and not ASKING.search(path):
            self.writes.append(f"{request.method} {path}")
        return self.inner.send(request, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *error: object) -> None:
        """The connections stay open for the next apply."""


@dataclass
class Walk:
    """`counts` says how many steps came to which end; `troubles` what was not as it should be, and what led there."""

    world: World
    dice: random.Random
    others: Others
    watch: Watch
    counts: Counter[str] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def begin(self) -> None:
        """Make what the walk starts from, with what somebody else has beside it."""
        self._made("the start")
        self.others.plant()

    def step(self) -> None:
        """One change, or the next one if it is refused."""
        change, before = self._drawn(), self.world.text
        self.path.append(change.words)
        self.counts["steps"] += 1
        self.world.text = change.text
        if not self._made(change.words, same=change.same):
            self.world.text = before
            self.counts["taken back"] += 1
            self.others.plant()
            known = len(self.errors)
            if not self._made(f"taking back: {change.words}") and not any(SHUT in one for one in self.errors[known:]):
                self._trouble("what was refused cannot be taken back")
        self.others.plant()

    def compare(self, fresh: World) -> None:
        """What was walked to is what the spec makes at once, unless something of it waits; what is kept is more."""
        said_last = {decision.action for decision in self._read()[0].plan.decisions} & {*SAID}
        if said_last - {Action.KEEP}:
            return
        walked = afresh.inventory(self.world)
        fresh.text = json.loads(json.dumps(self.world.text).replace(self.world.account, fresh.account))
        fresh.transport, fresh.credential = self.world.transport, self.world.credential
        outcomes = fresh.apply(poll_seconds=POLL)
        if failed := [str(outcome.error) for outcome in outcomes.values() if outcome.status is not Status.DONE]:
            self.errors += [f"made at once: {words}" for words in failed]
        else:
            self.counts["compared"] += 1
            differing = afresh.differences(walked, afresh.inventory(fresh))
            if told := [words for words in differing if not (said_last and words.endswith(afresh.MORE))]:
                self._trouble("\n".join(["differs from what is made at once:", *told]))
        fresh.drop()

    def _drawn(self) -> Change:
        while True:
            try:
                change = changes.drawn(Drawing(self.dice, self.world.text, self.world.account))
                if change.text != self.world.text or change.same:
                    self._checked(change.text)
                    return change
            except (Undrawn, SpecError):
                pass
            self.counts["drawn again"] += 1

    def _checked(self, text: Text) -> None:
        before, self.world.text = self.world.text, text
        try:
            self.world.spec()
        finally:
            self.world.text = before

    def _made(self, words: str, *, same: bool = False) -> bool:
        """Whether the spec was applied as a whole; if not, it was told why."""
        try:
            reading, cloud = self._read()
            plan = reading.plan
            if same and plan.steps:
                self._trouble(f"another spelling makes {said(plan)}")
            if plan.of(Action.REFUSE):
                self.counts["refused by the plan"] += 1
                self.errors += [f"refused: {one.address}: {one.reason}" for one in plan.of(Action.REFUSE)]
                return False
            self.counts["applies"] += 1
            stop = threading.Event()
            outcomes = loop.carry_out(reading, cloud, CHECKED, listen=lambda event: None, stop=stop, poll_seconds=POLL)
            done = self._ended(outcomes)
            self._untouched(plan, outcomes)
            if done:
                self._settled(plan, {o.step.address for o in outcomes if o.status is Status.DEFERRED})
            return done
        except ReconcileError as error:
            self._trouble(f"{type(error).__name__}: {error}")
        except Exception as error:
            self._trouble(f"a bug: {type(error).__name__}: {error}")
        return False

    def _read(self) -> tuple[loop.Reading, Cloud]:
        spec = self.world.spec()
        cloud = self.world.cloud(spec)
        self.watch.writes.clear()
        reading = loop.read(spec, cloud, CHECKED)
        if self.watch.writes:
            self._trouble(f"the plan has written: {self.watch.writes}")
        return reading, cloud

    def _ended(self, outcomes: Iterable[Outcome]) -> bool:
        """Whether all was done; what was not must have been told with its address, by Azure or by the law."""
        ended = [outcome for outcome in outcomes if outcome.status not in (Status.DONE, Status.DEFERRED)]
        for outcome in ended:
            self.errors.append(f"{outcome.status}: {outcome.error} [{self.path[-1:]}]")
            if outcome.status is Status.SKIPPED:
                continue
            if not TOLD.search(outcome.error or "") or "bug" in str(outcome.error):
                self._trouble(f"{outcome.step.address} ended untold: {outcome.error}")
        self.counts["ended with an error"] += bool(ended)
        return not ended

    def _settled(self, before: Plan, deferred: Collection[Address]) -> None:
        """The second plan has no steps and says nothing that the first plan and its outcomes have not said."""
        after = self._read()[0].plan
        told = {(one.address, one.action) for one in before.decisions}
        told |= {(address, Action.DEFER) for address in deferred}
        if after.steps:
            self.counts["second plans with steps"] += 1
            self._trouble(f"the second plan: {said(after)}")
        saying = [one for one in after.decisions if one.action in SAID and SHUT not in one.reason]
        new = [one for one in saying if (one.address, one.action) not in told]
        if new:
            self._trouble(
                f"the second plan says for the first time: {[f'{o.address} {o.action} {o.reason}' for o in new]}"
            )

    def _untouched(self, plan: Plan, outcomes: Iterable[Outcome]) -> None:
        gone = {Action.DELETE, Action.REPLACE}
        names = {o.step.address.name.split("/")[-1] for o in outcomes if o.step.action in gone}
        names |= {o.step.address.name for o in outcomes if o.step.address.kind == "pool"}
        if missing := self.others.missing(names):
            self._trouble(f"{KEY} is missing on {missing} after {said(plan)}")

    def _trouble(self, words: str) -> None:
        path = "\n  ".join(self.path[-4:])
        self.troubles.append(f"step {self.counts['steps']}: {words}\n  {path}\n{dumped(self.world.text)}")


def said(plan: Plan) -> list[str]:
    """The steps of a plan, each with what differs."""
    steps = {step.address for step in plan.steps}
    return [
        f"{one.address} {one.action}: {one.reason} {[(c.path, c.before, c.after) for c in one.diff.changes]}"
        for one in plan.decisions
        if one.address in steps
    ]


def walk(azure: Azure, folder: Path, start: str, seed: str, steps: int) -> Walk:
    """So many steps from a start; the same for the same seed and code."""
    world = _world(azure, folder)
    world.text |= named(STARTS[start], world.account)
    world.cloud()
    watch = world.transport = Watch(world.transport)
    made = Walk(world, random.Random(f"{seed} {start}"), Others(world), watch)
    azure.jump()
    try:
        made.begin()
        while made.counts["steps"] < steps and not made.troubles:
            made.step()
        if not made.troubles:
            made.compare(_world(azure, folder))
    finally:
        world.drop()
    return made


def _world(azure: Azure, folder: Path) -> World:
    """An empty spec, beside which the folders of its packages are."""
    world = workloads.world(azure, folder)
    for name in ("tool", "other"):
        package = world.file.parent / name
        package.mkdir()
        (package / "run.sh").write_text(f"echo {name}\n")
    return world
