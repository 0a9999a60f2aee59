"""Keeps a task alive when a file kills it: a decoder that crashes, hangs, or takes all memory.

The task runs in a child process that says through a pipe which inputs it has in hand. When a signal ends the child,
those are the suspects: the next child takes them first and one by one, so a second death convicts the one in hand, and
it is reported as corrupt. What was done before stays done; each child skips it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from worker.log import complain


@dataclass
class Past:
    """What earlier children died of: inputs to take alone, and {input: signal} not to take at all."""

    suspects: list[str] = field(default_factory=list)
    convicted: dict[str, str] = field(default_factory=dict)

    def blame(self, in_hand: Sequence[str], signal_name: str) -> bool:
        """Learns from a death; False if it had nothing to do with an input."""
        if len(in_hand) == 1 and in_hand[0] in self.suspects:
            self.suspects.remove(in_hand[0])
            self.convicted[in_hand[0]] = signal_name
        else:
            self.suspects += [name for name in in_hand if name not in self.suspects]
        return bool(in_hand)


class Journal:
    """The child's end of the pipe: names the inputs in hand; silent without a supervisor."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    @contextmanager
    def in_hand(self, name: str) -> Iterator[None]:
        self._write("+", name)
        try:
            yield
        finally:
            self._write("-", name)

    def _write(self, sign: str, name: str) -> None:
        if self._descriptor is not None:
            with self._lock:
                try:
                    os.write(self._descriptor, f"{sign}{json.dumps(name)}\n".encode())
                except BrokenPipeError:
                    os._exit(1)  # the supervisor was killed, and this task with it


def run(command: Sequence[str]) -> int:
    """Runs `command --supervised STATE` until it exits by itself; its exit code, or 128 + the signal that ended it."""
    past = Past()
    while True:
        status, in_hand = _child(command, past)
        if status >= 0:
            return status
        cause = signal.Signals(-status)
        complain(f"the converter died of {cause.name} with {len(in_hand)} images in hand")
        if cause in (signal.SIGTERM, signal.SIGINT) or not past.blame(in_hand, cause.name):
            return 128 - status


def _child(command: Sequence[str], past: Past) -> tuple[int, list[str]]:
    reading, writing = os.pipe()
    state = json.dumps({"journal": writing, **asdict(past)})
    in_hand: dict[str, None] = {}
    with subprocess.Popen([*command, "--supervised", state], pass_fds=[writing]) as child:
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as lines:
            for line in lines:
                name = json.loads(line[1:])
                if line[0] == "+":
                    in_hand[name] = None
                else:
                    in_hand.pop(name, None)
    return child.returncode, list(in_hand)
