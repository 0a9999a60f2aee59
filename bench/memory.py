"""How much memory a measured process took at most."""

from __future__ import annotations

from pathlib import Path


def peak() -> int:
    """MB that this program has had in memory at most. (ru_maxrss counts what its parent had before, too.)"""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) // 1024
