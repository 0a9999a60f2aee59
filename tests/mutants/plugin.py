"""A plugin of pytest: `--measured FOLDER` records which test runs which line of reconciler/ and how long each takes,
`--only FILE` runs the tests that a file lists, in its order.

What is measured runs in worker processes of xdist, each with a record of its own. Lines in threads of a worker count
for the test that runs meanwhile; lines in processes that a test starts do not count.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest

DATA, TESTS = "lines", "tests.json"
"""In a folder for each worker: the lines, as coverage keeps them, and each test's seconds and whether it has passed."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--measured", type=Path, help="Where records of lines and seconds go.")
    parser.addoption("--only", type=Path, help="A JSON list of the tests to run.")


def pytest_configure(config: pytest.Config) -> None:
    folder, worker = config.getoption("--measured"), os.environ.get("PYTEST_XDIST_WORKER")
    if folder and worker:
        config.pluginmanager.register(Measuring(folder / worker, config.rootpath / "reconciler"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    file = config.getoption("--only")
    if file:
        place = {name: number for number, name in enumerate(json.loads(file.read_text()))}
        items[:] = sorted((item for item in items if item.nodeid in place), key=lambda item: place[item.nodeid])


class Measuring:
    """The lines and the seconds of one process's tests."""

    def __init__(self, folder: Path, code: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._tests: dict[str, tuple[float, bool]] = {}
        self._lines = coverage.Coverage(data_file=str(folder / DATA), config_file=False, source=[str(code)])
        self._lines.set_option("run:disable_warnings", ["already-imported", "no-data-collected"])
        self._lines.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._lines.switch_context(item.nodeid)
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        seconds, passed = self._tests.get(report.nodeid, (0.0, True))
        self._tests[report.nodeid] = (seconds + report.duration, passed and not report.failed)

    def pytest_sessionfinish(self) -> None:
        self._lines.stop()
        self._lines.save()
        (self._folder / TESTS).write_text(json.dumps(self._tests))
