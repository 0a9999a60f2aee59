"""The life of a spec on GitHub once more, with commands that are processes of their own, as on a runner."""

from __future__ import annotations

import pytest

from tests.pipelines.conftest import Team
from tests.pipelines.test_github import Life, tell
from tests.pipelines.tokens import Tokens

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("team", [True], indirect=True)
def test_from_a_pull_request_to_drift(team: Team, tokens: Tokens, tmp_path_factory: pytest.TempPathFactory) -> None:
    life = Life(team, tmp_path_factory.mktemp("github"), tokens)
    life.begin()
    tell(life)
