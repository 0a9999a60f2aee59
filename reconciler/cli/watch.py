"""watch: the loop of plan and apply, for a process that runs on."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import common, extras, locking, showing
from reconciler.cli.spans import Span
from reconciler.errors import ReconcileError, WrongUsage

if TYPE_CHECKING:
    from reconciler.cli.auditing import Recorder
    from reconciler.cli.showing import Showing
    from reconciler.cloud.cloud import Cloud
    from reconciler.engine.loop import Reading
    from reconciler.events import Event
    from reconciler.model import Outcome
    from reconciler.watch.loop import Loop
    from reconciler.watch.metrics import Metrics
    from reconciler.watch.result import Result
    from reconciler.watch.rounds import Around
    from reconciler.watch.serving import Answer
    from reconciler.watch.sources import Source
    from reconciler.watch.told import Said, Say

THREADS = 16
"""How many specs have a round at once."""
STUCK = 60.0
"""Seconds without a tick of the loop after which it counts as dead."""
SAME = 0.5
"""Seconds in which a second signal is the first one again, which some send to a process and to its group."""
WORK, SPECS = Path(".reconcile/watch"), Path("specs")


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says of the source."""

    paths: tuple[Path, ...]
    git: str
    branch: str
    path: str
    verify: bool
    work: Path


@click.command()
@click.argument("paths", metavar="[SPEC|FOLDER]...", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--git", metavar="URL", default="", help="Take the specs from this git remote: https, ssh or a path.")
@click.option("--branch", default="main", show_default=True, help="Of the git remote.")
@click.option("--path", metavar="FOLDER|SPEC", default="specs", show_default=True, help="Where in it the specs are.")
@click.option("--verify-signatures", "verify", is_flag=True, help="Use a commit only if git trusts its signature.")
@click.option("--work", metavar="FOLDER", type=click.Path(path_type=Path), default=WORK, help="Where git fetches to.")
@click.option("--interval", metavar="TIME", type=Span(1), default="5m", show_default=True, help="Between two rounds.")
@click.option("--poll", metavar="TIME", type=Span(1), help="Between looks for a change.  [default: 2s, of git 30s]")
@click.option("--grace", metavar="TIME", type=Span(1), default="2m", show_default=True, help="For an orderly stop.")
@click.option("--listen", metavar="HOST:PORT", default="127.0.0.1:9464", show_default=True, help="Health and metrics.")
@click.option("--serve", metavar="[HOST:PORT]", is_flag=False, flag_value=showing.DEFAULT, help=showing.HELP)
@click.option("--allow-remote", metavar="HOST", multiple=True, help="Others may see the page, who call us HOST.")
@click.option("--log-format", "shape", type=click.Choice(common.FORMATS), default="text", show_default=True)
@common.cloud_option
def watch(
    paths: tuple[Path, ...],
    git: str,
    branch: str,
    path: str,
    *,
    verify: bool,
    work: Path,
    interval: float,
    poll: float | None,
    grace: float,
    listen: str,
    serve: str | None,
    allow_remote: tuple[str, ...],
    shape: str,
    cloud: str | None,
) -> int:
    """Reconcile specs again and again: what has changed at once, all else at intervals, until told to stop.

    SPEC|FOLDER are files, or folders of specs (default: specs/); or --git names a remote.
    docs/watch.md tells what is done by itself.
    """
    extras.need("watch")
    from reconciler.watch.loop import Loop
    from reconciler.watch.metrics import Metrics
    from reconciler.watch.serving import Server, address
    from reconciler.watch.told import Said, What

    source = _source(Given(paths, git, branch, path, verify, work))
    host, port = address(listen)
    stop, metrics, say = threading.Event(), Metrics(), _saying(shape)
    with (
        showing.showing(serve, allow_remote, interval) as page,
        ThreadPoolExecutor(THREADS, thread_name_prefix="watch") as threads,
        _stopping(stop),
    ):
        loop = Loop(
            source,
            _around(source, say, interval, cloud, page),
            threads,
            stop,
            random.random,
            poll or (30.0 if git else 2.0),
            record=_recording(metrics, page),
            polled=lambda what: metrics.polled(what, time.time()),
            gone=_forgetting(metrics, page),
        )
        server = Server(host, port, routes(loop, metrics))
        where = f"http://{f'[{host}]' if ':' in host else host}:{server.port}"
        at = {"listen": where} | ({"page": page.url} if page else {})
        shown = f"; status page at {page.url}" if page else ""
        say(Said(What.WATCH_STARTED, f"watches {source.name}; health and metrics at {where}{shown}", more=at))
        _run(loop, say, grace)
        server.close()
    say(Said(What.WATCH_STOPPED, "stopped; what Azure works on goes on"))
    if page:
        page.leave()
    return 0


def _recording(metrics: Metrics, page: Showing | None) -> Callable[[Result], None]:
    """Tells all who hear of a round that has ended."""

    def record(result: Result) -> None:
        metrics.round(result, time.time())
        if page:
            page.ended(result)

    return record


def _forgetting(metrics: Metrics, page: Showing | None) -> Callable[[str], None]:
    """Tells all who hear of a spec that is gone."""

    def gone(spec: str) -> None:
        metrics.forget(spec)
        if page:
            page.mirror.gone(spec)

    return gone


def routes(loop: Loop, metrics: Metrics) -> dict[str, Callable[[str], Answer]]:
    """What the server of a watch answers; others may add theirs."""
    from reconciler.watch.serving import Answer

    def health(path: str) -> Answer:
        well = loop.around.clock() - loop.ticked < STUCK
        return Answer(b"ok\n") if well else Answer(b"the loop does not go on\n", status=503)

    def ready(path: str) -> Answer:
        return Answer(b"ok\n") if loop.ready else Answer(b"the specs have not been looked at yet\n", status=503)

    def numbers(path: str) -> Answer:
        kind, text = metrics.shown()
        return Answer(text, kind)

    return {"/healthz": health, "/readyz": ready, "/metrics": numbers}


def _run(loop: Loop, say: Say, grace: float) -> None:
    """Until told to stop; then what runs may take `grace` seconds to come to its end."""
    from reconciler.watch.loop import TICK
    from reconciler.watch.told import Said, What

    loop.tick()
    while loop.wait(TICK):
        loop.tick()
    say(Said(What.WATCH_STOPPING, "stops: nothing new begins, and what is in flight is brought to its end"))
    timer = threading.Timer(grace, _leave, (1, f"Left after {grace:.0f} s; what Azure works on goes on.\n".encode()))
    timer.daemon = True
    timer.start()
    loop.end()
    timer.cancel()


def _leave(code: int, text: bytes) -> None:
    with suppress(OSError):
        os.write(2, text)
    os._exit(code)


@contextmanager
def _stopping(stop: threading.Event) -> Iterator[None]:
    """The first SIGTERM or SIGINT sets `stop`; the second ends the process."""
    first = 0.0

    def asked(number: int, frame: object) -> None:
        nonlocal first
        if not stop.is_set():
            first = time.monotonic()
            stop.set()
        elif time.monotonic() - first > SAME:
            _leave(128 + number, b"\nLeft at once; what Azure works on goes on.\n")

    before = {number: signal.signal(number, asked) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _source(given: Given) -> Source:
    paths = given.paths or tuple(path for path in (SPECS,) if path.is_dir() and not given.git)
    if bool(given.git) == bool(paths):
        raise WrongUsage("say what to watch: specs and folders, or --git URL")
    if given.git:
        from reconciler.watch.git import Git

        folder = given.work.absolute() / "git"
        return Git(given.git, given.branch, given.path, folder, given.verify)
    if given.verify:
        raise WrongUsage("--verify-signatures is for --git")
    from reconciler.watch.sources import Files

    return Files(paths, ", ".join(map(str, paths)))


def _saying(shape: str) -> Say:
    """Prints an event as a line, from any thread."""
    from reconciler.watch import told

    lock = threading.Lock()

    def say(said: Said) -> None:
        with lock:
            sys.stdout.write(f"{told.line(said, shape, datetime.now(UTC))}\n")
            sys.stdout.flush()

    return say


def _around(source: Source, say: Say, interval: float, cloud: str | None, page: Showing | None) -> Around:
    from reconciler.cloud.lease import clock
    from reconciler.kinds import KINDS
    from reconciler.watch.rounds import Around

    around = Around(
        load=lambda file: common.load_spec(file, cloud),
        connect=common.reach,
        kinds=KINDS,
        say=say,
        who=locking.who(os.environ),
        run=locking.run(os.environ),
        interval=interval,
        clock=clock,
        finish=finish,
        recording=lambda reading, reached: recording(source, reading, reached),
        drift=drift,
    )
    return replace(around, seen=page.seen) if page else around


@contextmanager
def recording(source: Source, reading: Reading, cloud: Cloud) -> Iterator[Recorder]:
    """A round that changes something is recorded, and told of, as an apply is, and keeps to budget and policies."""
    from reconciler.cli import auditing, policing, pricing
    from reconciler.watch.git import Git

    file = Path(reading.spec.file)
    with auditing.recording("apply", reading, cloud, common.Selection(file)) as recorder:
        if isinstance(source, Git):
            told = replace(recorder.record.source, commit=source.commit_of(file), dirty=False)
            recorder.record = replace(recorder.record, source=told)
        prices = pricing.named()
        try:
            pricing.check(reading, prices, None)
            policing.check_kept(reading, prices)
        except click.ClickException as error:
            raise ReconcileError(error.message) from None
        yield recorder


def drift(reading: Reading, cloud: Cloud) -> None:
    """Tell those that the spec names of drift, or forget that it was told once there is none."""
    from reconciler.cli import announcing, auditing

    if any("drift" in receiver["on"] for receiver in reading.spec.notify):
        record = auditing.planned("apply", reading, cloud, common.Selection(Path(reading.spec.file)))
        announcing.of_plan("drift", reading.spec, cloud, record)


def finish(reading: Reading, cloud: Cloud, outcomes: tuple[Outcome, ...]) -> Iterator[Said]:
    """What each round ends with, as an apply does: what became of work is kept, and the ends of jobs are told."""
    from reconciler.cli.notifying import Notifier
    from reconciler.engine import loop
    from reconciler.kinds import KINDS
    from reconciler.render import progress
    from reconciler.watch.told import Said, What

    desired = {address: want for address, want in reading.desired.items() if not want.open}
    for reason in loop.settle(cloud, KINDS, desired.values()):
        yield Said(What.WARNED, reason)
    said: list[Event] = []
    notifier = Notifier(reading.spec, cloud, desired, "json", bars=said.append)
    try:
        notifier.tell_known()
    except ReconcileError as error:
        yield Said(What.WARNED, f"the ends of jobs cannot be told: {error}")
    for event in said:
        yield Said(What.NOTICE, progress.notice(event), bad=bool(getattr(event, "error", "")))  # type: ignore[arg-type]
