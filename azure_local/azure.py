"""The local Azure as one object: its time, its memory, its settings, and the work it does in the background."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azure_local.clock import Clock
from azure_local.store import Store

if TYPE_CHECKING:
    from azure_local.identity.tokens import Tokens
    from azure_local.nodes.batch import Batch
    from azure_local.storage.blobs import Blobs

TENANT = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
OPERATOR = "11111111-2222-3333-4444-555555555555"

Completion = Callable[["Azure", dict[str, Any]], Awaitable[None]]
"""What happens when an operation ends; called with what it was started with."""

SECONDS = {
    "storage": 20,
    "batchAccount": 15,
    "registry": 15,
    "buildQueued": 8,
    "buildStarted": 4,
    "buildRunning": 108,
    "deletion": 20,
    "registration": 30,
    "identity": 10,
    "role": 90,
    "network": 6,
    "disk": 10,
    "vm": 150,
    "vmDeletion": 60,
    "powerOff": 60,
    "deallocate": 60,
    "gallery": 15,
    "imageVersion": 280,
    "replication": 120,
    "left": 20,
    "nodeCreating": 25,
    "nodeStarting": 45,
    "nodeLeaving": 10,
    "jobStopping": 3,
}
"""How long things take, in simulated seconds; nodes boot side by side, a little apart."""


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
    page_size: int = 50
    blobs: Blobs = field(init=False)
    batch: Batch = field(init=False)
    faults: list[dict[str, Any]] = field(default_factory=list)
    gaps: dict[str, int] = field(default_factory=dict)
    completions: dict[str, Completion] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def principal_id(self, name: str) -> str:
        return str(uuid.uuid5(uuid.UUID(TENANT), name))

    def background(self, work: Awaitable[None]) -> None:
        """Run `work` beside the requests, while the clock does not jump."""
        held = ExitStack()
        held.enter_context(self.clock.working())
        self.forever(work).add_done_callback(lambda task: held.close())

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
            import traceback

            traceback.print_exc()
