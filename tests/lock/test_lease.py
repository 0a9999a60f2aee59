"""Never two writers: what a process may conclude about its lease, tried in thousands of tenures and by properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cloud.lease import Lease
from tests.lock.simulation import World, Write, overlaps

MOMENTS = st.floats(0, 1e6)


class FromTheAnswer(Lease):
    """Counts its time from when it looks, as one does that takes the time of the answer."""

    def renewed(self, sent: float) -> None:
        Lease.renewed(self, sent + 14)


class WithoutEnd(Lease):
    """Writes until it is told that the lease is lost, as one does that does not look at the clock."""

    def room(self, now: float) -> float:
        return 0.0 if self.lost else 25.0


class WithoutBound(Lease):
    """Begins in time, and lets a request take as long as HTTP clients do."""

    def room(self, now: float) -> float:
        return 90.0 if Lease.room(self, now) else 0.0


def check(rounds: int, seed: int) -> None:
    world = World(seed)
    history = world.run(rounds)
    assert overlaps(history) == []
    assert len(history) > 5 * rounds
    for event in ("killed", "paused", "answers lost", "broken", "stopped", "finished"):
        assert world.seen[event] > rounds / 50, event


@pytest.mark.parametrize("seed", range(3))
def test_two_processes_never_write_at_once(seed: int) -> None:
    check(500, seed)


@pytest.mark.slow
def test_two_processes_never_write_at_once_in_ten_thousand_tenures() -> None:
    check(10_000, 16)


@pytest.mark.parametrize("faulty", [FromTheAnswer, WithoutEnd, WithoutBound])
def test_the_checker_finds_what_is_wrong(faulty: type[Lease]) -> None:
    assert overlaps(World(1, faulty).run(300))


def test_writes_at_once_are_found_and_writes_in_turn_are_not() -> None:
    long, inside, after = Write(1, 0, 10), Write(2, 4, 5), Write(2, 10, 12)
    assert overlaps([after, long]) == []
    assert overlaps([inside, after, long]) == [(long, inside)]
    assert overlaps([Write(1, 0, 10), Write(1, 2, 3), inside]) == [(Write(1, 0, 10), inside)]


@given(sent=MOMENTS, seconds=st.integers(15, 60), later=st.floats(0, 100))
def test_a_write_has_ended_before_the_lease_does(sent: float, seconds: int, later: float) -> None:
    lease = Lease(seconds, sent)
    room = lease.room(sent + later)
    assert room == 0 or later + room <= seconds * 11 / 12 + 1e-6
    assert bool(room) == (later < seconds / 2) or abs(later - seconds / 2) < 1e-6


@given(sent=MOMENTS, tries=st.lists(st.tuples(st.floats(0, 100), st.booleans())))
def test_only_a_renewal_that_was_granted_gives_more_time(sent: float, tries: list[tuple[float, bool]]) -> None:
    lease, granted = Lease(60, sent), sent
    for step, answered in tries:
        asked = max(granted, lease.asked) + step
        if answered:
            lease.renewed(asked)
            granted = asked
        else:
            lease.unanswered(asked)
        assert lease.sent == granted
        assert asked < lease.due() <= asked + 60 / 4
    lease.refused()
    assert lease.room(granted) == 0
