"""Machines that the scripts run on for real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scripts import machine as machines
from tests.scripts.azure import Registry
from tests.scripts.machine import Machine


@pytest.fixture(scope="session")
def base() -> Path:
    return machines.base()


@pytest.fixture
def machine(base: Path, tmp_path: Path) -> Iterator[Machine]:
    with machines.boot(base, tmp_path / "machine") as made:
        yield made


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry() as made:
        yield made
