"""What a watcher remembers of a spec from round to round: pure values, of the size of the spec.

It is no state that anything depends on: a new watcher begins without it, and errs on the side of leaving things alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from reconciler.model import Action, Address, Outcome, Status

MOST = 32
"""How many intervals lie between two tries of what keeps failing, at most."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A resource that has failed so many `times` in a row as the spec asks for it with this `digest`.

    `again` is from when on it may be tried again, by the clock of the watcher.
    """

    times: int
    again: float
    digest: str
    error: str


@dataclass(frozen=True, slots=True)
class Memory:
    """named    what the spec asked for when it was looked at last
    left     what it has ceased to ask for since we look, and is still there
    present  what was there, and the digest of what was asked of it then
    """

    named: frozenset[Address] = frozenset()
    left: frozenset[Address] = frozenset()
    present: Mapping[Address, str] = field(default_factory=dict)
    failures: Mapping[Address, Failure] = field(default_factory=dict)


def looked(
    memory: Memory, asked: Mapping[Address, str], live: Collection[Address], strays: Collection[Address]
) -> Memory:
    """After a look: `asked` has the digest of all that the spec asks for, `strays` is what of ours it does not.

    What is there now is remembered by what is asked of it now; what is not there is remembered as it was.
    """
    left = (memory.left | (memory.named - asked.keys())) & frozenset(strays)
    before = {address: known for address, known in memory.present.items() if address in asked}
    present = before | {address: digest for address, digest in asked.items() if address in live}
    failures = {address: failure for address, failure in memory.failures.items() if address in {*asked, *strays}}
    return Memory(frozenset(asked), left, present, failures)


def ended(
    memory: Memory, outcomes: Iterable[Outcome], asked: Mapping[Address, str], now: float, interval: float
) -> Memory:
    """After steps: what has failed waits longer each time, what is done is forgotten, the rest says nothing.

    What was to be made anew may be gone now through ourselves, so it is not remembered as having been there.
    """
    failures, outcomes = dict(memory.failures), tuple(outcomes)
    broken = {o.step.address for o in outcomes if o.step.action is Action.REPLACE and o.status is not Status.DONE}
    present = {address: digest for address, digest in memory.present.items() if address not in broken}
    for outcome in outcomes:
        address = outcome.step.address
        if outcome.status is Status.FAILED:
            digest = asked.get(address, "")
            before = failures.get(address)
            times = before.times + 1 if before and before.digest == digest else 1
            failures[address] = Failure(times, now + pause(times, interval), digest, outcome.error or "")
        elif outcome.status in (Status.DONE, Status.DEFERRED):
            failures.pop(address, None)
    return replace(memory, failures=failures, present=present)


def healed(memory: Memory, well: Collection[Address]) -> Memory:
    """Without the failures of what is as desired by now, whoever has done that."""
    failures = {address: failure for address, failure in memory.failures.items() if address not in well}
    return replace(memory, failures=failures)


def pause(times: int, interval: float) -> float:
    """Seconds until what has failed so many times is tried again: 1, 2, 4 ... intervals, less half a one, as rounds
    come a little earlier or later."""
    return float(interval * (min(2 ** min(times - 1, 30), MOST) - 0.5))
