"""The counts of the walks, and the seed that they were drawn by, at the end of a run."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.walks.walk import SEED

COUNTS = "walks"
"""The name of the property of a test report: its walk's counts."""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    total: Counter[str] = Counter()
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        for name, counts in getattr(report, "user_properties", ()):
            if name == COUNTS and getattr(report, "when", "") == "call":
                total.update(counts)
    if total:
        words = ", ".join(f"{total[name]} {name}" for name in sorted(total))
        terminalreporter.write_line(f"random walks (WALKS_SEED={SEED}): {words}")
