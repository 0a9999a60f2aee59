"""The server process: three listeners on loopback, one Azure behind them.

Certificates come from a throwaway CA kept in the state folder, and ports are kept from one start to the next, so
that the addresses and certificates that clients know stay valid.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import trustme
import uvicorn
from starlette.requests import Request
from starlette.responses import Response

from azure_local import control, holding, keeper, log
from azure_local.authorization import roles
from azure_local.azure import Azure
from azure_local.clock import Clock, stamp
from azure_local.front import Front
from azure_local.http import Dropped
from azure_local.nodes.batch import Batch
from azure_local.providers import services
from azure_local.settings import OPERATOR, SUBSCRIPTION, TENANT
from azure_local.storage.blobs import Blobs
from azure_local.store import Store, Unwritten
from azure_local.tokens import Tokens

LISTENERS = ("front", "blob", "imds")


def run(folder: Path, speed: float) -> None:
    """Serve until SIGTERM or SIGINT. SystemExit if another process serves the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    try:
        lock = holding.hold(folder)
    except holding.Taken:
        sys.exit(f"{folder} is served by process {holding.holder(folder)}")
    (folder / "profile.json").unlink(missing_ok=True)
    keeper.end(folder)  # what a server left whose keeper was killed as well
    command = [sys.executable, "-I", "-S", keeper.__file__, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[lock], start_new_session=True):
        _certificates(folder)
        _trusted_by_nodes(folder)
        _watch_children()
        asyncio.run(_serve(folder, speed))
        (folder / "profile.json").unlink(missing_ok=True)


def _watch_children() -> None:
    """Let the kernel tell when a process ends, where it can: until Python 3.12 a thread would wait for each process."""
    if sys.version_info < (3, 12):
        with suppress(OSError):
            os.close(os.pidfd_open(os.getpid()))
            asyncio.set_child_watcher(asyncio.PidfdChildWatcher())


async def _serve(folder: Path, speed: float) -> None:
    sockets = _sockets(folder)
    ports = {name: sock.getsockname()[1] for name, sock in sockets.items()}
    store = Store(folder / "state.db")
    fronts = {name: f"{'http' if name == 'imds' else 'https'}://127.0.0.1:{port}" for name, port in ports.items()}
    clock = _clock(store, speed)
    azure = Azure(folder, store, clock, fronts["front"], fronts["blob"], fronts["imds"], Tokens(folder), services())
    azure.blobs = Blobs(azure)
    roles.seed(azure)
    azure.batch = Batch(azure)
    front = Front(azure)
    servers = [
        _server(front.front, folder, clock, secure=True),
        _server(front.blobs, folder, clock, secure=True),
        _server(front.imds, folder, clock, secure=False),
    ]
    store.changed = clock.wake
    clock.moved = lambda: _keep_time(azure)
    azure.forever(azure.batch.forever())
    azure.forever(_remember_time(azure))
    _write_profile(folder, fronts, azure)
    served = [asyncio.create_task(server.serve([sock])) for server, sock in zip(servers, sockets.values(), strict=True)]
    await asyncio.wait([*served, _told_to_stop()], return_when=asyncio.FIRST_COMPLETED)
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*served)
    for task in azure.tasks:
        task.cancel()
    azure.batch.close()
    await azure.blobs.close()
    with suppress(Unwritten):
        _keep_time(azure)
    store.close()


def _told_to_stop() -> asyncio.Task[bool]:
    """A task that is done at the first SIGTERM or SIGINT."""
    stop, running = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        running.add_signal_handler(number, stop.set)
    return asyncio.create_task(stop.wait())


class _Listener(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing: Uvicorn would end the process at the signal, before tasks and blob services have been stopped."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Break idle connections off; their clients keep them in pools and would be waited for to close them."""
        for connection in self.server_state.connections:
            cycle = getattr(connection, "cycle", None)
            if connection.transport is not None and (cycle is None or cycle.response_complete):
                connection.transport.abort()
        await super().shutdown(sockets)


def _clock(store: Store, speed: float) -> Clock:
    """A clock that continues where it stopped, and never runs backwards."""
    from datetime import UTC, datetime

    kept = store.get("time", "now")
    start = datetime.now(UTC)
    if kept is not None:
        start = max(start, datetime.fromisoformat(kept["now"][:26] + "+00:00"))
    return Clock(speed, start)


async def _remember_time(azure: Azure) -> None:
    while True:
        with suppress(Unwritten):
            _keep_time(azure)
        log.bound(azure.folder / "server.log")
        await asyncio.sleep(1)


def _keep_time(azure: Azure) -> None:
    azure.store.put("time", "now", {"now": stamp(azure.clock.now())})
    azure.store.commit()


def _server(
    serve: Callable[[Request], Awaitable[Response]], folder: Path, clock: Clock, *, secure: bool
) -> uvicorn.Server:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        with nullcontext() if scope["path"].startswith(control.PREFIX) else clock.working():
            try:
                answer = await serve(Request(scope, receive))
            except Dropped:
                await _drop(send)
                return
            await answer(scope, receive, send)

    files = {"ssl_certfile": str(folder / "server.pem"), "ssl_keyfile": str(folder / "server.pem")} if secure else {}
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
        **files,  # type: ignore[arg-type]
    )
    return _Listener(config)


async def _drop(send: Any) -> None:
    """Send less than Content-Length says, so that the client sees its connection break."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _sockets(folder: Path) -> dict[str, socket.socket]:
    """A listening socket for each listener, on its port of the last start if that is free."""
    try:
        ports = json.loads((folder / "ports.json").read_text())
    except (OSError, ValueError):
        ports = {}
    sockets = {name: _bind(ports.get(name, 0)) for name in LISTENERS}
    (folder / "ports.json").write_text(json.dumps({name: sock.getsockname()[1] for name, sock in sockets.items()}))
    return sockets


def _bind(port: int) -> socket.socket:
    # named as TCP, or asyncio leaves Nagle's algorithm on and each answer waits 40 ms for an acknowledgement
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(("127.0.0.1", port))
    except OSError:
        sock.bind(("127.0.0.1", 0))
    sock.listen(256)
    return sock


def _certificates(folder: Path) -> None:
    if (folder / "ca.pem").exists():
        return
    authority = trustme.CA(organization_name="reconcile local Azure")
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    (folder / "server.pem").touch(mode=0o600)
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))


def _trusted_by_nodes(folder: Path) -> None:
    """`nodes.pem`: whom programs on nodes trust: us, and whomever this machine trusts, such as package indexes."""
    paths = ssl.get_default_verify_paths()
    known = [Path(paths.cafile or ""), Path(paths.capath or "", "ca-certificates.crt")]
    machine = next((path.read_text() for path in known if path.is_file()), "")
    (folder / "nodes.pem").write_text(f"{(folder / 'ca.pem').read_text()}\n{machine}")


def _write_profile(folder: Path, fronts: dict[str, str], azure: Azure) -> None:
    token = folder / "federated-token"
    token.touch(mode=0o600)
    token.write_text(azure.tokens.assertion())
    authority = str(folder / "ca.pem")
    env = {
        "AZURE_AUTHORITY_HOST": fronts["front"],
        "AZURE_CLIENT_ID": OPERATOR,
        "AZURE_FEDERATED_TOKEN_FILE": str(token),
        "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
        "AZURE_TENANT_ID": TENANT,
        "RECONCILE_RESOURCE_MANAGER": fronts["front"],
        "REQUESTS_CA_BUNDLE": authority,
        "SSL_CERT_FILE": authority,
    }
    profile = {"pid": os.getpid(), "env": env, "endpoints": fronts, "speed": azure.clock.speed, "token": azure.control}
    path = folder / "profile.json.new"
    path.touch(mode=0o600)
    path.write_text(json.dumps(profile, indent=2) + "\n")
    path.replace(folder / "profile.json")
