"""One server for all tests; each begins with empty forges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.forge.server import ANN, BOT, PERSONAL, TOKEN, Forges, serving
from tests.forge.state import State

NAMES = ("github", "gitlab", "devops")


@pytest.fixture(scope="session")
def _server() -> Iterator[Forges]:
    with serving() as forges:
        yield forges


@pytest.fixture
def forges(_server: Forges) -> Forges:
    fresh = State()
    fresh.tokens |= {TOKEN: BOT, PERSONAL: ANN}
    vars(_server.state).update(vars(fresh))
    return _server


@pytest.fixture(params=NAMES)
def environ(request: pytest.FixtureRequest, forges: Forges, tmp_path: Path) -> Callable[..., dict[str, str]]:
    """The variables of each forge: `environ(pull=7, token=...)`."""
    made = {"github": forges.github, "gitlab": forges.gitlab, "devops": forges.devops}[request.param]
    return lambda **given: made(tmp_path, **given)
