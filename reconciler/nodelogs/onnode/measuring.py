"""The service: samples of a node, written as a blob each five minutes."""

import gzip
import json
import os
import signal
import time
from collections import deque
from typing import Any

from reconciler.nodelogs.onnode.reading import Meter
from reconciler.nodelogs.onnode.writing import FAILS, Container, node, place, say

WINDOW = 300
WINDOWS = 12
LINES = 100
EARLY = 60
FULL = 0.95


class Recorder:
    """Samples of five minutes each, until they have been written."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.lines: list[str] = []
        self.window = 0
        self.waiting: Any = deque(maxlen=WINDOWS)
        self.early = 0.0

    def add(self, sample: Any) -> None:
        """Take a sample; write a full window, the first sample at once, and each minute while the node is tight."""
        window = sample["t"] // WINDOW * WINDOW
        if self.lines and (window != self.window or len(self.lines) >= LINES):
            self.close()
        self.window = window
        self.lines.append(json.dumps(sample, separators=(",", ":")))
        if (tight(sample) or not self.early) and sample["t"] >= self.early:
            self.early = sample["t"] + EARLY
            self.send([self.blob()])

    def blob(self) -> Any:
        stamp = time.strftime("%Y-%m-%dT%H-%M", time.gmtime(self.window))
        name = "/".join((place("telemetry"), stamp, node() + ".jsonl.gz"))
        return name, gzip.compress("\n".join(self.lines).encode() + b"\n", 6)

    def close(self) -> None:
        """The window has ended."""
        if self.lines:
            self.waiting.append(self.blob())
            self.lines = []
        while self.waiting and self.send([self.waiting[0]]):
            self.waiting.popleft()

    def send(self, blobs: Any) -> bool:
        try:
            for name, content in blobs:
                self.container.write(name, content)
        except FAILS:
            return False
        return True


def tight(sample: Any) -> bool:
    """Whether memory or disk are nearly full, or have been."""
    full = sample["memory"] >= FULL * sample["memoryTotal"] or "killed" in sample
    return bool(full or sample.get("disk", 0) >= FULL * sample.get("diskTotal", 1))


def measure(container: Container, every: int) -> None:
    """Measure until the node shuts down."""
    meter = Meter("/", ("/", os.environ.get("AZ_BATCH_NODE_ROOT_DIR", "/")))
    meter.gpus.begin(every)
    recorder = Recorder(container)
    try:
        container.bearer()  # which tells the time, too
    except FAILS as error:
        say(f"cannot write yet: {error}")

    def stop(*_: Any) -> None:
        recorder.close()
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    while True:
        try:
            recorder.add(meter.read(time.time() + container.ahead))
        except (*FAILS, IndexError) as error:
            say(f"cannot measure: {error}")
        time.sleep(every)
