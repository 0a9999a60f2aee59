"""The memory that pictures may take while they are converted: one that does not fit waits for the others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHARE = 0.8
"""The part of the free memory that is for pictures."""
_LIMITS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
"""Of a container, by both versions of control groups: how much it may have, and has."""


class Memory:
    """So many bytes, lent for as long as a picture needs them."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._left = size
        self._returned = threading.Condition()

    @contextmanager
    def lent(self, size: int) -> Iterator[None]:
        """Waits until `size` bytes, at most all there are, are free."""
        assert size <= self.size
        with self._returned:
            self._returned.wait_for(lambda: size <= self._left)
            self._left -= size
        try:
            yield
        finally:
            with self._returned:
                self._left += size
                self._returned.notify_all()


def free() -> int:
    """The bytes that this machine, or the container around this process, has left."""
    meminfo = Path("/proc/meminfo").read_text(encoding="ascii")
    sizes = dict(line.split(":") for line in meminfo.splitlines() if ":" in line)
    left = [int(sizes["MemAvailable"].split()[0]) * 1024]
    for limit, usage in _LIMITS:
        most, has = _number(limit), _number(usage)
        if most is not None and has is not None:
            left.append(max(0, most - has))
    return min(left)


def _number(path: str) -> int | None:
    """The number in a file; None if there is no file, or no limit in it."""
    try:
        text = Path(path).read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None
