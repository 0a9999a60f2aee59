"""The status page of a watch: it shows what rounds read; none of them waits for it, pays for it, or fails with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from reconciler.cli.showing import Showing, looker, made, showing
from reconciler.errors import ReconcileError, WrongUsage
from reconciler.model import Action, Address, Outcome, Status, Step
from reconciler.render.status import Shown
from reconciler.serve.board import ROUNDS, Board
from reconciler.serve.gathering import Looker
from reconciler.serve.mirror import Mirror
from reconciler.watch.result import End, Result
from tests.cli.command import reconcile
from tests.local.pools import until
from tests.render.statuses import RICH
from tests.watch.test_rounds import Watching, drift, watching

__all__ = ["watching"]
NOW = datetime(2026, 11, 27, tzinfo=UTC)


@contextmanager
def shown_by(make: Callable[[], Looker]) -> Iterator[Showing]:
    """A page without a server."""
    board = Board((), 300.0)
    mirror = Mirror(board, make)
    thread = threading.Thread(target=mirror.work, daemon=True)
    thread.start()
    yield Showing("", board, mirror, (thread,))
    mirror.end()
    thread.join(20)
    assert not thread.is_alive()


def only(page: Showing) -> Shown:
    """What is shown of the one spec."""
    found = page.board.shown()
    return found[0] if found else Shown("none yet")


def test_what_rounds_read_is_shown_and_costs_them_nothing(watching: Watching) -> None:
    world = watching.world
    world.text["watch"] = {"onDrift": "report"}
    watching.round()
    drift(world)
    address, spec = f"container/{world.account}/locks", str(world.file)
    assert reconcile("pause", address, "--until", "2h", "--spec", spec, cwd=world.file.parent).returncode == 0
    alone = watching.round()
    with shown_by(looker) as page:
        watching.watched.around = replace(watching.watched.around, seen=page.seen)
        before = world.azure.exchanges()
        result = watching.round()
        assert result.requests == alone.requests
        page.ended(result)
        status = until(lambda: only(page).status)
        assert world.azure.exchanges() - before <= result.requests + 4, "what Azure says of itself takes two"
        held = {str(one.address): (one.standing, one.held) for one in status.resources if one.held}
        assert held[f"storage_account/{world.account}"] == (
            "drifted",
            "was changed outside the spec; told only, as onDrift says",
        )
        assert held[address][1].startswith("paused until ")
        assert [(one.end, one.told) for one in only(page).rounds] == [("unchanged", "2 as desired, 1 drifted")]

        world.azure.fault(match={"plane": "arm"}, action={"status": 403, "code": "AuthorizationFailed"})
        page.ended(watching.round())
        world.azure.clear_faults()
        assert "AuthorizationFailed" in until(lambda: only(page).error)
        assert only(page).status == status
        page.ended(watching.round())
        until(lambda: not only(page).error)


class Given(Looker):
    """A looker that shows what it is given, or fails with it."""

    def seen(self, spec: Any, cloud: Any, read: Any) -> Any:
        found = spec() if callable(spec) else spec
        if isinstance(found, Exception):
            raise found
        return found


def give(page: Showing, what: Any, name: str = "x") -> None:
    cloud: Any = SimpleNamespace(account=None, time=NOW, pools={}, jobs={})
    cloud.unguarded = lambda account: cloud
    reading: Any = SimpleNamespace(spec=what)
    page.seen(name, reading, cloud, ())


def given() -> Looker:
    return Given.__new__(Given)


@pytest.mark.parametrize(
    ("error", "said"),
    [(ReconcileError("no connection"), "no connection"), (KeyError("x"), "this is a bug in reconcile: KeyError: 'x'")],
)
def test_a_look_that_fails_ends_nothing_and_is_told(error: Exception, said: str) -> None:
    with shown_by(given) as page:
        give(page, RICH)
        until(lambda: only(page).status)
        give(page, error)
        assert until(lambda: only(page).error) == said
        assert only(page).status is not None
        give(page, RICH)
        until(lambda: not only(page).error)


def test_a_look_that_hangs_holds_up_nobody_and_of_what_comes_meanwhile_the_latest_is_shown() -> None:
    go_on, looks = threading.Event(), []

    def hanging() -> Any:
        go_on.wait(20)
        return RICH

    def counted() -> Any:
        looks.append(1)
        return replace(RICH, spec="latest")

    with shown_by(given) as page:
        give(page, hanging)
        for _ in range(5):
            give(page, counted)
        page.ended(Result("x", End.FAILED, why="the round could not be made: so"))
        go_on.set()
        assert until(lambda: only(page).error) == "the round could not be made: so"
        status = only(page).status
        assert (status.spec if status else "", len(looks)) == ("latest", 1)


def test_a_spec_that_goes_while_it_is_looked_at_is_not_shown_again() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> Any:
        begun.set()
        go_on.wait(20)
        return RICH

    with shown_by(given) as page:
        give(page, slow)
        assert begun.wait(20)
        page.mirror.gone("x")
        go_on.set()
        give(page, RICH, "y")
        until(lambda: page.board.shown())
        assert [one.name for one in page.board.shown()] == ["y"]


def test_a_standby_says_who_leads_and_the_leader_what_its_rounds_were() -> None:
    with shown_by(given) as page:
        page.ended(Result("x", End.STANDBY, why="stands by; led by bob"))
        assert (only(page).standby, only(page).rounds) == ("stands by; led by bob", ())
        for _ in range(ROUNDS + 3):
            page.ended(Result("x", End.LOCKED, why="the spec is locked", requests=3))
        assert (only(page).standby, only(page).error, len(only(page).rounds)) == ("", "", ROUNDS)
        page.ended(Result("x", End.STANDBY, why="stands by; led by bob"))
        assert only(page).standby


def test_a_round_tells_what_it_did_and_how_all_stands() -> None:
    steps = tuple(
        Outcome(Step(f"pool/p{n}", Address("pool", f"p{n}"), Action.CREATE), Status.DONE, 1.0) for n in range(7)
    )
    told = made(Result("x", End.CHANGED, 2.0, outcomes=steps, counts={"as_desired": 3, "left": 0}, requests=9), NOW)
    steps_told = "; ".join(f"create pool/p{n} done" for n in range(5))
    assert (told.end, told.ok, told.requests) == ("changed", True, 9)
    assert told.told == f"{steps_told}; and 2 more; 3 as desired"


@pytest.mark.parametrize(
    ("listen", "allowed", "said"),
    [
        (None, ("status.example.com",), "--allow-remote says who may see the page of --serve"),
        ("specs", (), "--serve takes an IP address and a port"),
        ("0.0.0.0:0", (), "can be reached by others"),
    ],
)
def test_a_page_that_would_not_be_what_is_meant_is_refused(listen: str | None, allowed: Any, said: str) -> None:
    with pytest.raises(WrongUsage, match=said), showing(listen, allowed, 300.0):
        pass


def test_without_serve_there_is_no_page() -> None:
    with showing(None, (), 300.0) as page:
        assert page is None
