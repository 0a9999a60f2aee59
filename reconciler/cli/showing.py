"""The status page of a watch: `watch --serve`. It shows what rounds read, and nothing that it does holds one up."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from reconciler.cli import common, extras, pricing, serve
from reconciler.errors import WrongUsage

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.engine.loop import Reading
    from reconciler.render.status import Round
    from reconciler.serve.board import Board
    from reconciler.serve.gathering import Looker
    from reconciler.serve.mirror import Mirror
    from reconciler.watch.judging import Held
    from reconciler.watch.result import Result

DEFAULT = "127.0.0.1:8765"
HELP = f"Show a status page there, or at {DEFAULT}."
STEPS = 5
"""How many steps of a round are named."""


class Showing(NamedTuple):
    """The page of a watch, as its loop knows it; `url` is where it is."""

    url: str
    board: Board
    mirror: Mirror
    threads: tuple[threading.Thread, ...]

    def seen(self, name: str, reading: Reading, cloud: Cloud, held: tuple[Held, ...]) -> None:
        self.mirror.seen(name, reading, cloud, {one.address: one.reason for one in held})

    def ended(self, result: Result) -> None:
        """A round has ended."""
        from reconciler.watch.result import End

        if result.end is End.STANDBY:
            self.board.stand_by(result.spec, result.why)
            return
        self.board.note(result.spec, made(result, datetime.now(UTC)))
        if result.why and result.end is not End.LOCKED:
            self.mirror.failed(result.spec, result.why)

    def leave(self) -> None:
        """Leave at once where a look hangs in a request: at its end, Python would wait for it. It only reads."""
        if any(thread.is_alive() for thread in self.threads):
            sys.stdout.flush()
            os._exit(0)


def made(result: Result, now: datetime) -> Round:
    """A round that has ended, as the page tells it."""
    from reconciler.render.status import Round
    from reconciler.watch.result import End

    steps = [f"{one.step.action} {one.step.address} {one.status}" for one in result.outcomes]
    if more := len(steps) - STEPS:
        steps[STEPS:] = [f"and {more} more"] if more > 0 else []
    counts = ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in result.counts.items() if number)
    told = "; ".join(filter(None, [result.why, *steps, counts]))
    well = result.end not in (End.FAILED, End.INVALID)
    return Round(now, str(result.end), well, result.seconds, result.requests, told)


@contextmanager
def showing(listen: str | None, allowed: Sequence[str], every: float) -> Iterator[Showing | None]:
    """The page, for as long as the watch lasts; None if there is to be none. `every`: seconds between two rounds.

    ReconcileError if it cannot be shown; WrongUsage if others would see it unasked.
    """
    if listen is None:
        if allowed:
            raise WrongUsage("--allow-remote says who may see the page of --serve; add that")
        yield None
        return
    extras.need("serve")
    where, hosts = serve.address("--serve", listen, allowed)
    import uvicorn

    from reconciler.serve.board import Board
    from reconciler.serve.mirror import Mirror

    board = Board((), every)
    mirror = Mirror(board, looker)
    with serve.listening("--serve", where) as port:
        server = uvicorn.Server(serve.settings(board, hosts))
        work: tuple[Callable[[], None], ...] = (mirror.work, partial(server.run, [port]))
        threads = tuple(threading.Thread(target=target, name="page", daemon=True) for target in work)
        for thread in threads:
            thread.start()
        try:
            yield Showing(where.url(port), board, mirror, threads)
        finally:
            mirror.end()
            server.should_exit = True
            for thread in threads:
                thread.join(serve.PATIENCE)


def looker() -> Looker:
    """Who looks at what rounds have read; it reads no spec and connects to nothing itself."""
    from reconciler.serve.gathering import Looker, Source

    return Looker(Source(_never, common.reach, serve.Watching(), partial(serve.rates, prices=pricing.named())))


def _never() -> NoReturn:
    raise AssertionError("rounds read the spec, and nobody else")
