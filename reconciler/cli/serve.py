"""serve: a status page of specs, for a browser on this machine."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from reconciler.cli import common, extras, pictures, pricing
from reconciler.errors import ReconcileError, Refused, WrongUsage

if TYPE_CHECKING:
    import uvicorn

    from reconciler.cli.watching import Watched
    from reconciler.cloud.cloud import Cloud
    from reconciler.cost import Prices, Uses
    from reconciler.engine.loop import Reading
    from reconciler.render.pace import JobView
    from reconciler.serve.board import Board
    from reconciler.serve.gathering import Looker, Source

NAME = re.compile(r"[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]", re.ASCII)
"""What a browser may call a machine, without a port."""
LEAST = 5.0
"""Seconds between two looks at Azure, at least."""
PATIENCE = 1.0
"""Seconds that a look in progress has to end when the page is left."""


class Seconds(click.ParamType[float]):
    """`30s`, `5m`, or a number of seconds."""

    name = "TIME"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        text = str(value).strip().lower()
        unit = {"s": 1, "m": 60}.get(text[-1:], 0)
        try:
            seconds = float(text[:-1]) * unit if unit else float(text)
        except ValueError:
            seconds = -1.0
        if not LEAST <= seconds <= 86400:
            self.fail(f"{value!r} is no time from {LEAST:.0f}s to 1440m; write for example 30s or 5m", param, ctx)
        return seconds


class Address(NamedTuple):
    """Where the page is: an IP address and a port."""

    host: str
    port: int

    @property
    def inside(self) -> bool:
        """Whether only this machine reaches it."""
        return ipaddress.ip_address(self.host).is_loopback

    @property
    def named(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    def url(self, port: socket.socket) -> str:
        """That of the page, on the port that was got where 0 was asked for."""
        return f"http://{self.named}:{port.getsockname()[1]}/"


@click.command()
@click.argument("specs", metavar="SPEC...", nargs=-1, type=common.SPEC)
@click.option("--cloud", type=click.Choice(["public", "local"]), envvar="RECONCILE_CLOUD", help="Which Azure.")
@click.option("--listen", default="127.0.0.1:8765", show_default=True, metavar="ADDRESS:PORT", help="Where it is.")
@click.option("--every", type=Seconds(), default="30s", show_default=True, help="How often Azure is looked at.")
@click.option(
    "--allow-remote", metavar="HOST", multiple=True, help="Others may see it, too, who call this machine HOST."
)
@common.prices_option
def serve(
    specs: tuple[Path, ...],
    cloud: str | None,
    listen: str,
    every: float,
    allow_remote: tuple[str, ...],
    prices: Path | None,
) -> None:
    """Serve a page on this machine: resources, drift, jobs, pools and cost, read anew all the time.

    It only reads, and only this machine sees it. /status.json has the same for programs. Ctrl-C ends it.
    """
    extras.need("serve")
    where, hosts = address("--listen", listen, allow_remote)
    lookers = _lookers(specs, cloud, prices)
    from reconciler.serve.board import Board

    board = Board(lookers, every)
    with listening("--listen", where) as port, _looking(lookers, board):
        click.echo(f"{where.url(port)} shows {', '.join(lookers)}; Ctrl-C ends it.")
        _run(board, hosts, port)


def address(option: str, listen: str, allowed: Sequence[str]) -> tuple[Address, tuple[str, ...]]:
    """Where to listen, and what browsers may call this machine. WrongUsage if others would see it unasked."""
    from reconciler.serve.app import LOOPBACK

    host, _, port = listen.rpartition(":")
    host = host.strip("[]").replace("localhost", "127.0.0.1")
    try:
        where = Address(str(ipaddress.ip_address(host)), int(port))
        if not 0 <= where.port <= 65535:
            raise ValueError
    except ValueError:
        raise WrongUsage(f"{option} takes an IP address and a port, such as 127.0.0.1:8765, not {listen!r}") from None
    if not where.inside and not allowed:
        raise WrongUsage(
            f"{listen} can be reached by others, and whoever does would see names, differences, errors and costs of "
            "what the spec has, without a password or encryption; if that is meant, say --allow-remote HOST, where "
            "HOST is what their browsers call this machine"
        )
    if wrong := [name for name in allowed if not NAME.fullmatch(name)]:
        raise WrongUsage(f"--allow-remote takes a name of this machine, such as status.example.com, not {wrong[0]!r}")
    return where, (*LOOPBACK, *allowed)


def _lookers(paths: Sequence[Path], cloud: str | None, prices: Path | None) -> dict[str, Looker]:
    """Who looks at each spec, by its name. SpecError if one is invalid, WrongUsage if two have one name."""
    from reconciler.serve.gathering import Looker

    found: dict[str, Looker] = {}
    for path in paths or (None,):
        spec = common.load_spec(path, cloud)
        common.reach(spec)
        if spec.name in found:
            raise WrongUsage(f"two of these specs are called {spec.name}; serve them one by one")
        found[spec.name] = Looker(_source(Path(spec.file), cloud, prices))
    return found


def _source(path: Path, cloud: str | None, prices: Path | None) -> Source:
    from reconciler.serve.gathering import Source

    load = partial(common.load_spec, path, cloud, trying=False)
    return Source(load, common.reach, Watching(), partial(rates, prices=prices))


def rates(reading: Reading, prices: Path | None) -> tuple[Uses, Prices]:
    """What of a reading costs, and prices of that. ReconcileError if there are none."""
    try:
        return pricing.rates(reading, prices)
    except click.ClickException as error:
        raise ReconcileError(error.message) from None


class Watching:
    """The jobs of a spec that are looked at again and again."""

    def __init__(self) -> None:
        self.known: dict[str, Watched] = {}

    def __call__(self, cloud: Cloud, name: str) -> Looked:
        from reconciler.cli.watching import Watched

        watched = self.known.setdefault(name, Watched(cloud, name, pictures.entry_of))
        watched.cloud = cloud
        return Looked(watched)


class Looked(NamedTuple):
    """A job whose absence is nothing that the command line is to blame for."""

    watched: Watched

    def look(self) -> JobView:
        try:
            return self.watched.look()
        except click.UsageError as error:
            raise Refused(error.message) from None


@contextmanager
def listening(option: str, where: Address) -> Iterator[socket.socket]:
    """The socket, which is taken before Azure is asked. ReconcileError if it is in use."""
    family = socket.AF_INET6 if ":" in where.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as port:
        port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            port.bind((where.host, where.port))
        except OSError as error:
            why = f"cannot listen on {where.named}:{where.port}: {error.strerror}"
            raise ReconcileError(f"{why}; another {option}, such as 127.0.0.1:0, takes any free port") from None
        yield port


@contextmanager
def _looking(lookers: dict[str, Looker], board: Board) -> Iterator[None]:
    """A thread looks at Azure meanwhile. One that hangs in a request at the end is left: it only reads."""
    from reconciler.serve.board import keep_looking

    stop = threading.Event()
    thread = threading.Thread(target=keep_looking, args=(lookers, board, stop), name="looking", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE)
    if thread.is_alive():  # at its end, Python would wait for it and for its requests
        sys.stdout.flush()
        os._exit(0)


def _run(board: Board, hosts: Sequence[str], port: socket.socket) -> None:
    """Answer until SIGINT or SIGTERM; both end it in order."""
    import asyncio
    import signal

    import uvicorn

    class Server(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            """A signal is how one leaves a page, and no failure."""
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, self.handle_exit, number, None)
            yield

    Server(settings(board, hosts)).run(sockets=[port])


def settings(board: Board, hosts: Sequence[str]) -> uvicorn.Config:
    """The server of the pages."""
    import uvicorn

    from reconciler.serve.app import app

    return uvicorn.Config(
        app(board, hosts),
        lifespan="off",
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
    )
