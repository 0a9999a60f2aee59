"""The pipeline for VM images, run by hand: one is built, and not again while nothing that it is made of changes."""

from __future__ import annotations

import pytest

from tests.pipelines.conftest import Team
from tests.pipelines.github import GitHub
from tests.pipelines.tokens import Tokens


@pytest.mark.slow
def test_an_image_is_built_once(team: Team, tokens: Tokens, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("runs")
    github = GitHub(team.repository.origin, folder, team.shell, team.forges, team.variables, team.surroundings, tokens)
    team.init("github", "--what", "image")
    _, commit = team.repository.push({})
    assert team.actions() == {"create"}
    for built in (True, False):
        run = github.start("reconcile-images", "workflow_dispatch", {}, commit)
        assert run.jobs == {"images": "success"}, team.shell.said[-1]
        assert (f"creating image_version/{team.name}" in team.shell.said[-1]) == built, team.shell.said[-1]
        assert team.actions() == set()
