"""The loop: specs come, change and go; time is a number that the test sets. Rounds end early, as no spec is valid."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.errors import Problem, ReconcileError, SpecError
from reconciler.spec import Spec
from reconciler.spec.spec import Target
from reconciler.watch.loop import Loop
from reconciler.watch.result import End, Result
from reconciler.watch.rounds import Around, Watched
from reconciler.watch.sources import Place, Poll, SourceError, Version
from reconciler.watch.told import Said, What


class Inline(Executor):
    """Does at once what it is given."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **more: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **more))
        except Exception as error:
            future.set_exception(error)
        return future


@dataclass
class Made:
    """A source that has what the test puts there; an error is raised instead."""

    specs: dict[str, str]
    name: str = "made"
    error: str = ""

    def poll(self) -> Version:
        if self.error:
            raise SourceError(self.error)
        return Version({name: Place(Path(name), stamp) for name, stamp in self.specs.items()})

    def forget(self, used: Sequence[Path]) -> None:
        """Nothing."""


@dataclass
class Watching:
    """A loop with a clock to be set; `load` is what a round begins with."""

    source: Made
    load: Callable[[Path], Spec]
    threads: Executor = field(default_factory=Inline)
    now: float = 0.0
    said: list[Said] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    polls: list[Poll] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        def nowhere(spec: Spec) -> Any:
            raise ReconcileError("there is no cloud")

        around = Around(self.load, nowhere, {}, self.said.append, "ann", "", 100.0, lambda: self.now)
        self.loop = Loop(
            self.source,
            around,
            self.threads,
            threading.Event(),
            lambda: 0.5,
            10.0,
            record=self.results.append,
            polled=self.polls.append,
            gone=self.gone.append,
        )

    def at(self, now: float) -> list[str]:
        """Tick at a time, twice as what has begun in one tick is seen in the next; the names of rounds that ended."""
        self.now, before = now, len(self.results)
        self.loop.tick()
        self.loop.tick()
        return [result.spec for result in self.results[before:]]

    def events(self) -> list[What]:
        told, self.said[:] = [said.what for said in self.said], []
        return told


def invalid(file: Path) -> Spec:
    raise SpecError([Problem(str(file), 1, 1, "pools", "is wrong")])


def test_each_spec_has_its_rounds_at_intervals_and_at_once_when_it_has_changed() -> None:
    watching = Watching(Made({"a": "1", "b": "1"}), invalid)
    assert watching.at(0.0) == ["a", "b"]
    assert watching.at(50.0) == []
    watching.source.specs["b"] = "2"
    assert watching.at(60.0) == ["b"]
    assert watching.at(100.0) == ["a"]
    assert watching.at(159.0) == []
    assert watching.at(160.0) == ["b"]
    assert {result.end for result in watching.results} == {End.INVALID}


def test_what_is_wrong_is_said_once_as_long_as_it_is_the_same() -> None:
    watching = Watching(Made({"a": "1"}), invalid)
    watching.at(0.0)
    assert What.SPEC_INVALID in watching.events()
    watching.at(100.0)
    assert What.SPEC_INVALID not in watching.events()


def test_a_spec_that_has_gone_is_let_go_and_its_resources_stay() -> None:
    watching = Watching(Made({"a": "1", "b": "1"}), invalid)
    watching.at(0.0)
    watching.events()
    del watching.source.specs["b"]
    watching.at(10.0)
    assert What.SPEC_GONE in watching.events()
    assert (watching.gone, list(watching.loop.specs)) == (["b"], ["a"])
    assert watching.at(100.0) == ["a"]


def test_where_the_source_cannot_be_reached_the_last_specs_go_on_and_it_is_told_once() -> None:
    watching = Watching(Made({"a": "1"}), invalid)
    watching.at(0.0)
    watching.events()
    watching.source.error = "no route to host"
    assert watching.at(100.0) == ["a"]
    assert watching.events().count(What.SOURCE_UNREACHABLE) == 1
    assert watching.at(200.0) == ["a"]
    assert What.SOURCE_UNREACHABLE not in watching.events()
    assert watching.polls == [Poll.CHANGED, Poll.FAILED, Poll.FAILED]
    watching.source.error = ""
    watching.at(300.0)
    assert watching.polls[-1] is Poll.SAME


def test_it_is_ready_once_each_spec_has_been_looked_at() -> None:
    watching = Watching(Made({"a": "1"}, error="no route to host"), invalid)
    watching.at(0.0)
    assert not watching.loop.ready
    watching.source.error = ""
    watching.at(10.0)
    assert watching.loop.ready


def test_of_two_files_with_the_same_spec_one_is_carried_out() -> None:
    same = Spec("x", "x.yaml", Target("local", "sub", "here", "rg"))
    watching = Watching(Made({"a": "1", "b": "1"}), lambda file: same)
    watching.at(0.0)
    told = [said.text for said in watching.said if said.what is What.ROUND_FAILED]
    assert told == [
        "the round could not be made: there is no cloud",
        "the round could not be made: a has the same name and resource group; one of them must have another name",
    ]


def test_a_fault_of_our_own_ends_one_round_and_no_other() -> None:
    def load(file: Path) -> Spec:
        if file.name == "a":
            raise ZeroDivisionError("oh")
        return invalid(file)

    watching = Watching(Made({"a": "1", "b": "1"}), load)
    assert watching.at(0.0) == ["a", "b"]
    assert [result.end for result in watching.results] == [End.FAILED, End.INVALID]
    assert any("this is a bug in reconcile: ZeroDivisionError: oh" in said.text for said in watching.said)


def test_a_round_that_takes_long_holds_up_no_other_spec_and_is_asked_to_leave() -> None:
    go, begun = threading.Event(), threading.Event()

    def load(file: Path) -> Spec:
        if file.name == "slow":
            begun.set()
            go.wait(30)
        return invalid(file)

    with ThreadPoolExecutor(4) as threads:
        watching = Watching(Made({"slow": "1", "fast": "1"}), load, threads)

        def until(now: float, name: str) -> None:
            number = sum(result.spec == name for result in watching.results)
            watching.now = now
            while sum(result.spec == name for result in watching.results) == number:
                watching.loop.tick()
                watching.loop.wait(0.01)

        until(0.0, "fast")
        assert begun.wait(30)
        slow = watching.loop.specs["slow"]
        assert not slow.leave.is_set()
        until(100.0, "fast")
        watching.loop.tick()
        assert slow.leave.is_set(), "its interval is over"
        assert [result.spec for result in watching.results] == ["fast", "fast"]
        go.set()
        until(101.0, "slow")
        watching.loop.stop.set()
        watching.loop.end()


def test_watched_keeps_the_last_result_for_those_who_ask() -> None:
    watching = Watching(Made({"a": "1"}), invalid)
    watching.at(0.0)
    watched = watching.loop.specs["a"].watched
    assert isinstance(watched, Watched)
    assert watched.last is not None
    assert watched.last.end is End.INVALID
