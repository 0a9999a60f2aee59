"""The local Azure as one object, the context of every request; and what a service declares to be part of it.

This module imports no service; the services import it. The server puts the two together.
"""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from azure_local import log
from azure_local.clock import Clock
from azure_local.http import Answer, Call, Failure
from azure_local.parts import Batch, Blobs
from azure_local.settings import TENANT
from azure_local.store import Store
from azure_local.tokens import Tokens

Handler = Callable[["Azure", Call], Awaitable[Answer]]
Completion = Callable[["Azure", dict[str, Any]], Awaitable[None]]
"""What happens when an operation ends; called with the data that the operation was started with."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a POST below `/local/` does: `read` checks its body, `do` answers with JSON. Both raise `asked.Wrong`."""

    read: Callable[[Any], dict[str, Any]]
    do: Callable[[Azure, dict[str, Any]], Any]


ANY: tuple[str, ...] = ()
"""The `versions` of a route that accepts every api-version known to any route of its plane."""


@dataclass(frozen=True, slots=True)
class Route:
    """`path` has `{name}` parts; letter case never matters, as in Azure. `versions` are the accepted api-versions."""

    method: str
    path: str
    handler: Handler
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Door:
    """An entrance beside ARM and the Batch data plane, for requests whose path it `serves`.

    plane    the plane of a path, as faults name it; None: no fault can be set there
    refusal  the answer to a failure on the plane of the door's name; None: as the blob service answers
    """

    name: str
    serves: Callable[[str], bool]
    serve: Callable[[Azure, Request], Awaitable[Response]]
    plane: Callable[[str], str | None]
    refusal: Callable[[Failure, dict[str, str]], Response] | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened in a Batch account, with the body that its log has of it."""

    account: str
    name: str
    body: Mapping[str, Any]
    pool: str = ""
    job: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that has been answered: on which plane, by whom, and how. `taken` is in seconds on the wall."""

    plane: str
    method: str
    path: str
    principal: str
    status: int
    body: Any
    taken: float


@dataclass(frozen=True, slots=True)
class Role:
    """A role and the actions that it allows, with `*` for any text. Source of built-in ones: learn.microsoft.com.

    operator  whether the operator holds it on the subscription from the beginning
    """

    id: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
    operator: bool = False


@dataclass(frozen=True, kw_only=True)
class Service:
    """What one module adds to the local Azure.

    types        kind in the store → ARM type, of the tracked resources that it keeps
    completions  what happens when an operation of this name ends
    seconds      how long its work takes, in simulated seconds, by names; tests may change it
    settings     what a POST does at paths below `/local/`, for tests
    shows        what a GET answers there
    hears        is told of every event in a Batch account
    notes        is told of every answered request to ARM and to the Batch data plane
    step         what it does in every round of the background
    """

    namespace: str = ""
    """The resource provider that a subscription registers for it, such as `Microsoft.Storage`."""
    routes: tuple[Route, ...] = ()
    plane: str = "arm"
    types: Mapping[str, str] = field(default_factory=dict)
    completions: Mapping[str, Completion] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, Setting] = field(default_factory=dict)
    shows: Mapping[str, Callable[[Azure], Any]] = field(default_factory=dict)
    roles: tuple[Role, ...] = ()
    door: Door | None = None
    hears: Callable[[Azure, Event], None] | None = None
    notes: Callable[[Azure, Exchange], None] | None = None
    step: Callable[[Azure], None] | None = None


@dataclass
class Azure:
    """Everything that a handler can reach."""

    folder: Path
    store: Store
    clock: Clock
    front: str
    """`https://127.0.0.1:port` of ARM, Entra ID and the Batch data plane."""
    blob_front: str
    imds_front: str
    tokens: Tokens
    services: tuple[Service, ...]
    page_size: int = 50
    blobs: Blobs = field(init=False)
    batch: Batch = field(init=False)
    seconds: dict[str, float] = field(default_factory=dict)
    completions: dict[str, Completion] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    """Kind in the store → ARM type, of every tracked resource."""
    roles: dict[str, Role] = field(default_factory=dict)
    settings: dict[str, Setting] = field(default_factory=dict)
    """What a POST to `/local/<name>` does."""
    shows: dict[str, Callable[[Azure], Any]] = field(default_factory=dict)
    """What a GET of `/local/<name>` answers."""
    control: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    """The token of the control API."""
    faults: list[dict[str, Any]] = field(default_factory=list)
    reads: dict[str, str] = field(default_factory=dict)
    """Path in lower case → the query of its last read; kept while there are faults."""
    stale: dict[str, list[Any]] = field(default_factory=dict)
    """Path in lower case → the old answer that its next reads get, and how many of them."""
    gaps: dict[str, int] = field(default_factory=dict)
    actions: dict[str, dict[str, bool]] = field(default_factory=dict)
    """Principal → the actions that it has asked for, and whether the last time was allowed; kept until the end."""
    writing: set[str] = field(default_factory=set)
    """Paths below which something is being written, where only one write at a time may be."""
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    """All that runs beside the requests."""
    works: set[asyncio.Task[None]] = field(default_factory=set)
    """What of it ends by itself."""

    def __post_init__(self) -> None:
        for service in self.services:
            self.seconds.update(service.seconds)
            self.completions.update(service.completions)
            self.types.update(service.types)
            self.roles.update((role.id, role) for role in service.roles)
            self.settings.update(service.settings)
            self.shows.update(service.shows)

    @property
    def namespaces(self) -> list[str]:
        """The resource providers that a subscription can register."""
        return sorted({service.namespace for service in self.services} - {""})

    def routes(self, plane: str) -> tuple[Route, ...]:
        return tuple(route for service in self.services if service.plane == plane for route in service.routes)

    def happened(self, event: Event) -> None:
        """Tell whoever wants to hear of it."""
        for service in self.services:
            if service.hears is not None:
                service.hears(self, event)

    def answered(self, exchange: Exchange) -> None:
        for service in self.services:
            if service.notes is not None:
                service.notes(self, exchange)

    def step(self) -> None:
        """One step of all that works in the background beside Batch."""
        for service in self.services:
            if service.step is not None:
                service.step(self)

    def principal_id(self, name: str) -> str:
        return str(uuid.uuid5(uuid.UUID(TENANT), name))

    def background(self, work: Awaitable[None]) -> None:
        """Run `work` beside the requests, while the clock does not jump."""
        held = ExitStack()
        held.enter_context(self.clock.working())
        task = self.forever(work)
        task.add_done_callback(lambda task: held.close())
        self.works.add(task)
        task.add_done_callback(self.works.discard)

    async def cease(self) -> None:
        """Break off all work in the background."""
        works = list(self.works)
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)

    def forever(self, work: Awaitable[None]) -> asyncio.Task[None]:
        """Run `work` beside the requests; a failure of it is printed to the log, never swallowed."""
        task = asyncio.ensure_future(self._reported(work))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def _reported(self, work: Awaitable[None]) -> None:
        try:
            await work
        except asyncio.CancelledError:
            raise
        except Exception:
            log.report()
