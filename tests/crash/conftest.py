"""The counts of the harness, and the seed that it chose its sample by, at the end of a run."""

from __future__ import annotations

from typing import Any

from tests.crash.luck import SEED

COUNT = "crash"
"""The name of the property of a test report: workload, kind of bad luck, tried, survived, converged at once."""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    rows: dict[tuple[str, str], list[int]] = {}
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        for name, (workload, luck, *counts) in getattr(report, "user_properties", ()):
            if name == COUNT and getattr(report, "when", "") == "call":
                row = rows.setdefault((workload, luck), [0, 0, 0])
                row[:] = [before + more for before, more in zip(row, counts, strict=True)]
    if rows:
        terminalreporter.write_line(f"bad luck (CRASH_SEED={SEED}): tried, survived, and converged at once")
    for (workload, luck), row in sorted(rows.items()):
        terminalreporter.write_line(f"  {workload:6} {luck:28} {row[0]:4} {row[1]:4} {row[2]:4}")
