"""What of a plan is done without anybody there, and what is held, and why: functions of the plan and the moment. Pure.

A changed spec is carried out. Drift is put right or told, as the spec says, in its windows. Nothing is deleted that was
not seen to leave the spec, and only where the spec lets that be done; nothing is deleted for drift alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reconciler.cloud.pauses import Pauses
from reconciler.engine.law import Choice
from reconciler.kind import windows
from reconciler.model import STAGE, Action, Address, Decision, Plan, Why
from reconciler.spec.watch import Watch
from reconciler.watch.memory import Memory
from reconciler.words import duration


class Hold(StrEnum):
    """Why something is left as it is: the set is closed, and metrics and logs name its members."""

    PAUSED = "paused"
    REFUSED = "refused"
    """The plan refuses it, whoever applies."""
    LEFT = "left"
    """It left the spec and is not deleted by a watcher."""
    DRIFTED = "drifted"
    """It was changed outside the spec, which is told only."""
    WINDOW = "window"
    """It was changed outside the spec, and is put right in a window."""
    FAILING = "failing"
    """It has failed, and is tried again later."""


@dataclass(frozen=True, slots=True)
class Held:
    """A resource that is left as it is. `usable`: what needs it may go on."""

    address: Address
    hold: Hold
    reason: str
    usable: bool = False


@dataclass(frozen=True, slots=True)
class Ground:
    """What is judged by. `asked` has the digest of what the spec asks for, `ended` is what has come to its end by
    itself, which is no drift; `now` is Azure's time, and `clock` the watcher's, by which failures wait."""

    watch: Watch
    pauses: Pauses
    memory: Memory
    asked: Mapping[Address, str]
    ended: Collection[Address]
    now: datetime
    clock: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is held of a plan, and what of it has drifted, be it held or not."""

    held: tuple[Held, ...]
    drifted: tuple[Address, ...]

    @property
    def choice(self) -> Choice:
        """The limits of the plan without what is held."""
        still = tuple(one.address for one in self.held if one.usable)
        return Choice(excludes=tuple(one.address for one in self.held if not one.usable), still=still)


MAKING = (Action.CREATE, Action.UPDATE, Action.REPLACE)


def judge(plan: Plan, ground: Ground) -> Judgement:
    """What of the plan is held."""
    drifted = frozenset(decision.address for decision in plan.decisions if _drifted(decision, ground))
    held = (_held(decision, ground, drifted) for decision in plan.decisions)
    return Judgement(tuple(one for one in held if one), tuple(sorted(drifted)))


def paused(plan: Plan, pauses: Pauses) -> Iterator[Held]:
    """What is paused, also where there is nothing to do."""
    for decision in plan.decisions:
        if reasons := [pause.words() for pause in pauses if pause.of(decision.address)]:
            yield Held(decision.address, Hold.PAUSED, reasons[0])


def working(plan: Plan) -> bool:
    """Whether there is something to do but to wait for what is under way already."""
    return any(step.action is not Action.WAIT for step in plan.steps)


def unknown(watch: Watch, plan: Plan) -> list[str]:
    """Addresses of the section `watch` that the plan has nothing of."""
    known = {str(decision.address) for decision in plan.decisions}
    return sorted(set(watch["resources"]) - known)


def _held(decision: Decision, ground: Ground, drifted: Collection[Address]) -> Held | None:
    address, action = decision.address, decision.action
    if action not in (*MAKING, Action.DELETE, Action.WAIT, Action.REFUSE):
        return None
    for pause in ground.pauses:
        if pause.of(address):
            return Held(address, Hold.PAUSED, pause.words())
    if action is Action.REFUSE:
        return Held(address, Hold.REFUSED, decision.reason)
    if action is Action.DELETE and decision.why is not Why.SURPLUS and (reason := _stays(address, ground)):
        return Held(address, Hold.LEFT, reason)
    if address in drifted and (held := _drift(decision, ground)):
        return held
    return _failing(address, ground)


def _stays(address: Address, ground: Ground) -> str:
    """Why something that the spec does not ask for is not deleted; empty if it is."""
    if ground.watch["onLeave"] != "delete":
        return "is not asked for by the spec; apply deletes it, or watch does with onLeave: delete"
    if address not in ground.memory.left:
        return "is not asked for by the spec, and did not leave it while this watch looked on; apply deletes it"
    return ""


def _drifted(decision: Decision, ground: Ground) -> bool:
    """Whether a resource differs although the spec does not ask for anything else than before.

    Work that goes on by itself, and what has ended by itself, is none.
    """
    address = decision.address
    if decision.summarised or address in ground.ended:
        return False
    if decision.action is Action.CREATE:
        return ground.memory.present.get(address, "") == ground.asked.get(address)
    if decision.action not in (Action.UPDATE, Action.REPLACE) or decision.why is not Why.DRIFTED:
        return False
    return any(change.path != STAGE for change in decision.diff.changes)


def _drift(decision: Decision, ground: Ground) -> Held | None:
    """What keeps drift from being put right now."""
    address, usable = decision.address, decision.action is not Action.CREATE
    what = "was deleted outside the spec" if decision.action is Action.CREATE else "was changed outside the spec"
    own = ground.watch["resources"].get(str(address))
    if (own or ground.watch)["onDrift"] == "report":
        return Held(address, Hold.DRIFTED, f"{what}; told only, as onDrift says", usable)
    if decision.action is Action.REPLACE:
        reason = f"{what}, and would have to be deleted and made anew, which only apply does"
        return Held(address, Hold.DRIFTED, reason, usable)
    if closed := windows.closed(ground.watch.get("windows", ()), ground.now):
        return Held(address, Hold.WINDOW, f"{what}; {closed}", usable)
    return None


def _failing(address: Address, ground: Ground) -> Held | None:
    failure = ground.memory.failures.get(address)
    if failure is None or failure.digest != ground.asked.get(address, "") or failure.again <= ground.clock:
        return None
    left = duration(failure.again - ground.clock)
    times = "once" if failure.times == 1 else f"{failure.times} times in a row"
    return Held(address, Hold.FAILING, f"has failed {times}, and is tried again in {left}: {failure.error}")


def counts(plan: Plan, judgement: Judgement) -> dict[str, int]:
    """How many resources are in each state, by the name of the hold, or else by the action that is due."""
    holds = {one.address: str(one.hold) for one in judgement.held}
    told: dict[str, int] = dict.fromkeys(STATES, 0)
    for decision in plan.decisions:
        told[holds.get(decision.address) or _STATE.get(decision.action, PENDING)] += 1
    return told


AS_DESIRED, PENDING, BUSY, WAITING, UNREAD = "as_desired", "pending", "busy", "waiting", "unread"
_STATE = {
    Action.NONE: AS_DESIRED,
    Action.KEEP: WAITING,
    Action.WAIT: BUSY,
    Action.DEFER: WAITING,
    Action.UNKNOWN: UNREAD,
}
STATES = (AS_DESIRED, PENDING, BUSY, WAITING, UNREAD, *map(str, Hold))
"""All states of resources: those that are pending are made or changed in this round."""


def news(before: Iterable[Held], now: Iterable[Held]) -> tuple[list[Held], list[Address]]:
    """What is held now and was not, or for another reason, and what is not held any more: told once each."""
    known = {one.address: one.hold for one in before}
    there = {one.address for one in now}
    fresh = [one for one in now if known.get(one.address) is not one.hold]
    return fresh, sorted(known.keys() - there)
