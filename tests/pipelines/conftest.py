"""A team's repository on a forge, with pipelines that `reconcile init` wrote, beside the local Azure."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

import azure_local
from tests.cli.command import reconcile
from tests.conftest import Azure, World, new_world
from tests.forge.server import BOT, TOKEN, Forges, serving
from tests.forge.state import State
from tests.pipelines.repository import Repository
from tests.pipelines.shell import Shell, git
from tests.pipelines.tokens import Tokens
from tests.pipelines.tokens import serving as serving_tokens

POLICY = """apiVersion: reconciler-policy/v1
rules:
  deletion: {level: refuse}
"""
WEAK = POLICY.replace("refuse", "warn")
NEEDED = "give the pull request the label allow-deletion if that is right"


@dataclass
class Team:
    """A world, whose spec `reconcile init` writes; `extra` is another spec, in a group that the first one owns."""

    world: World
    forges: Forges
    repository: Repository
    shell: Shell

    @property
    def name(self) -> str:
        return str(self.world.text["name"])

    @property
    def spec(self) -> str:
        return f"specs/{self.name}.yaml"

    @property
    def storage(self) -> Any:
        """The client of the storage account of the spec."""
        (name,) = yaml.safe_load(self.text())["storage"]
        return self.world.cloud().blobs(name)

    @property
    def variables(self) -> dict[str, str]:
        """What the forge hands on: who signs in, and where."""
        who = os.environ["AZURE_CLIENT_ID"]
        return {
            "AZURE_APPLY_CLIENT_ID": who,
            "AZURE_PLAN_CLIENT_ID": who,
            "AZURE_PREVIEW_CLIENT_ID": who,
            "AZURE_SUBSCRIPTION_ID": os.environ["AZURE_SUBSCRIPTION_ID"],
            "AZURE_TENANT_ID": os.environ["AZURE_TENANT_ID"],
        }

    @property
    def surroundings(self) -> dict[str, str]:
        """What leads a runner to the local Azure; who signs in there, a pipeline must say itself."""
        env = azure_local.env(self.world.azure.folder)
        who = ("AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_SUBSCRIPTION_ID", "AZURE_TENANT_ID")
        return {name: value for name, value in env.items() if name not in who} | {"RECONCILE_CLOUD": "local"}

    @property
    def token(self) -> str:
        """What the forge says of who runs, as the local Entra believes it."""
        return Path(azure_local.env(self.world.azure.folder)["AZURE_FEDERATED_TOKEN_FILE"]).read_text()

    def init(self, forge: str, *more: str) -> None:
        """Write a spec and pipelines into the clone in which somebody works."""
        place = self.world.text["azure"]
        options = ("--name", self.name, "--resource-group", place["resourceGroup"], "--location", place["location"])
        done = reconcile("init", "--yes", "--ci", forge, *options, *more, cwd=self.repository.work)
        assert done.returncode == 0, done.stderr

    def text(self, before: str = "", after: str = "", branch: str = "main") -> str:
        """The spec as it is on a branch, with a change."""
        text = git(self.repository.work, "show", f"{branch}:{self.spec}") + "\n"
        assert before in text
        return text.replace(before, after)

    @property
    def extra(self) -> str:
        place = self.world.text["azure"]
        return f"""apiVersion: reconciler/v1
name: {self.name}-more
azure:
  subscription: ${{AZURE_SUBSCRIPTION_ID}}
  location: {place["location"]}
  resourceGroup: {place["resourceGroup"]}
  existing: true
storage:
  {self.world.account}more: {{containers: [data]}}
"""

    def label(self, number: int, name: str) -> None:
        """Somebody gives a pull request a label."""
        next(one for one in self.forges.state.pulls if one["number"] == number)["labels"].append(name)

    def bodies(self, number: int) -> list[str]:
        """The comments on a pull request."""
        return [one["body"] for one in self.forges.state.comments if one["pull"] == number]

    def actions(self, spec: str = "") -> set[str]:
        """What a plan of a spec would do by now."""
        plan = json.loads(self._run("plan", spec or self.spec, "--format", "json"))
        return {one["action"] for one in plan["decisions"]} - {"none"}

    def apply(self) -> None:
        """Somebody applies the spec by hand."""
        self._run("apply", self.spec, "--yes")

    def _run(self, *arguments: str) -> str:
        git(self.repository.work, "checkout", "--quiet", "main")
        there = azure_local.env(self.world.azure.folder) | {"RECONCILE_CLOUD": "local"}
        done = reconcile(*arguments, cwd=self.repository.work, **there)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="package")
def forge_server() -> Iterator[Forges]:
    with serving() as forges:
        yield forges


@pytest.fixture(scope="module")
def team(
    azure_server: Azure, forge_server: Forges, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Team]:
    """One team for all tests of a module."""
    folder = tmp_path_factory.mktemp("team")
    (folder / "spec").mkdir()
    with new_world(azure_server, folder / "spec") as world:
        fresh = State()
        fresh.tokens[TOKEN] = BOT
        vars(forge_server.state).update(vars(fresh))
        repository = Repository(folder / "repository", forge_server.state)
        yield Team(world, forge_server, repository, Shell(folder / "runner", real=getattr(request, "param", False)))


@pytest.fixture(scope="module")
def tokens(team: Team) -> Iterator[Tokens]:
    with serving_tokens(team.token) as tokens:
        yield tokens
