"""At the end of a run: how many exchanges were checked against Microsoft's schemas, and what did not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.validity.exchanges import Report, Validator

TOTAL = Report()


def collect(log: Path) -> None:
    """Check a wire log; called when its server is down."""
    if log.is_file():
        _add(Validator().check(log))


def _add(report: Report) -> None:
    TOTAL.requests += report.requests
    TOTAL.answers += report.answers
    for fault, number in report.faults.items():
        TOTAL.faults[fault] = TOTAL.faults.get(fault, 0) + number


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands its counts to the controller; whoever sees faults fails the run."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["validity"] = [TOTAL.requests, TOTAL.answers, TOTAL.faults]
    elif TOTAL.faults:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    requests, answers, faults = getattr(node, "workeroutput", {}).get("validity", (0, 0, {}))
    _add(Report(requests, answers, faults))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    terminalreporter.write_line(str(TOTAL))
    for fault, number in sorted(TOTAL.faults.items()):
        terminalreporter.write_line(f"  {number:4} x {fault}", red=True)
