"""The workflows that `reconcile init --ci github` writes, run on the local Azure: the life of a team's specs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import azure_local
from reconciler.cloud import arm, batch_jobs
from reconciler.kinds import load
from tests.cli.command import reconcile
from tests.pipelines.conftest import NEEDED, POLICY, WEAK, Team
from tests.pipelines.github import GitHub, Run
from tests.pipelines.shell import git
from tests.pipelines.tokens import Tokens

PLANNED = {"validate": "success", "plan": "success"}
DONE = {"apply": "success", "approved": "skipped"}
WAITING = {"apply": "success", "approved": "waiting"}
TRIED = {"preview": "success", "end": "skipped", "expired": "skipped"}
ENDED = {"preview": "skipped", "end": "success", "expired": "skipped"}
ACCOUNTS = "Microsoft.Storage/storageAccounts"


class Life:
    """A team on GitHub. What runs printed is in `team.shell.said`."""

    def __init__(self, team: Team, folder: Path, tokens: Tokens) -> None:
        self.team, self.repository, self.state = team, team.repository, team.forges.state
        (folder / "runs").mkdir()
        place = team.repository.origin, folder / "runs"
        self.github = GitHub(*place, team.shell, team.forges, team.variables, team.surroundings, tokens)
        team.init("github", "--preview")

    def pull(self, branch: str, files: dict[str, str] | None = None, *, fork: bool = False) -> int:
        """Open a pull request of a branch, or push to it; returns its number. What ran for it is `last`."""
        self.repository.change(branch, files or {})
        event, tried = self.repository.pull(branch, fork=fork)
        self.last = self.github.start("reconcile-plan", "pull_request", event, tried)
        return int(event["pull_request"]["number"])

    def label(self, number: int, name: str) -> None:
        """Somebody gives a pull request a label."""
        self.team.label(number, name)
        event, tried = self.repository.pull(self.repository.pulls[number])
        self.last = self.github.start("reconcile-plan", "pull_request", {**event, "action": "labeled"}, tried)

    def merge(self, number: int) -> Run:
        return self.pushed(*self.repository.merge(number))

    def pushed(self, event: dict[str, Any], commit: str) -> Run:
        return self.github.start("reconcile-apply", "push", event, commit)

    def preview(self, number: int, action: str, *labels: str) -> dict[str, str]:
        """What becomes of a pull request with these labels, of which the last is new or has gone; the jobs of that."""
        pull = {"number": number, "base": {"ref": "main"}, "head": {"repo": {"full_name": "acme/farm"}}}
        told = {"labels": [{"name": name} for name in labels if action != "unlabeled"], **pull}
        event = {"action": action, "label": {"name": labels[-1] if labels else ""}, "pull_request": told}
        tried = git(self.repository.origin, "rev-parse", f"refs/pull/{number}/merge")
        return dict(self.github.start("reconcile-preview", "pull_request", event, tried).jobs)

    def previewed(self) -> list[str]:
        """The pools, jobs and containers of previews that there are."""
        spec = load(self.repository.work / self.team.spec, os.environ, "local")
        cloud, account = self.team.world.cloud(spec), self.team.storage.account_name
        names = [raw["id"] for raw in batch_jobs.listing(cloud)]
        for place in (f"{cloud.account_id}/pools", f"{cloud.id_of(ACCOUNTS, account)}/blobServices/default/containers"):
            names += [raw["name"] for raw in arm.listing(cloud, place)]
        return sorted(name for name in names if "-pr-" in name)

    def night(self) -> str:
        """What is said at night about previews."""
        head = git(self.repository.origin, "rev-parse", "main")
        jobs = self.github.start("reconcile-preview", "schedule", {}, head).jobs
        assert jobs == {"preview": "skipped", "end": "skipped", "expired": "success"}, self.team.shell.said[-1]
        return self.team.shell.said[-1]

    def begin(self) -> None:
        """What init wrote is reviewed, merged and applied."""
        number = self.pull("begin")
        assert self.last.jobs == PLANNED, self.team.shell.said[-1]
        assert self.merge(number).jobs == DONE, self.team.shell.said[-1]

    def drift(self) -> list[tuple[str, bool]]:
        """Look for drift; the issues that there are then, and whether they are open."""
        head = git(self.repository.origin, "rev-parse", "main")
        run = self.github.start("reconcile-drift", "schedule", {}, head)
        assert run.jobs == {"drift": "success"}, self.team.shell.said[-1]
        return [(one["title"], one["open"]) for one in self.state.issues]


@pytest.fixture(scope="module")
def life(team: Team, tokens: Tokens, tmp_path_factory: pytest.TempPathFactory) -> Life:
    """What init wrote is reviewed, merged and applied."""
    life = Life(team, tmp_path_factory.mktemp("github"), tokens)
    life.begin()
    return life


def tell(life: Life) -> None:
    """A change from its pull request to the end of its drift."""
    team = life.team
    number = life.pull("change", {team.spec: team.text("[staging, ", "[staging, one, ")})
    (body,) = team.bodies(number)
    assert body.startswith(f"<!-- reconcile ci specs-{team.name} sha256:")
    assert "/one`" in body
    life.pull("change", {team.spec: team.text("[staging, one, ", "[staging, two, ", branch="change")})
    (body,) = team.bodies(number)
    assert "/two`" in body, "it is one comment, of the newest plan"

    event, commit = life.repository.merge(number)
    assert life.pushed(event, commit).jobs == DONE, team.shell.said[-1]
    assert team.actions() == set()
    assert life.drift() == []

    team.storage.get_container_client("two").delete_container()
    title = f"{team.spec} is not what is live"
    assert life.drift() == [(title, True)]
    assert "/two`" in life.state.issues[0]["body"]
    assert life.drift() == [(title, True)], "it is the same issue"
    assert life.pushed(event, commit).jobs == DONE, "what was reviewed is done again, as it is no more than that"
    assert life.drift() == [(title, False)]


def test_from_a_pull_request_to_drift(life: Life) -> None:
    tell(life)


def test_a_pull_request_from_a_fork_is_validated_only(life: Life) -> None:
    seen = len(life.state.requests)
    theirs = life.pull("theirs", {life.team.spec: life.team.text("nodes: 0", "nodse: 5")}, fork=True)
    assert life.last.jobs == {"validate": "failure", "plan": "skipped"}
    life.pull("theirs", {life.team.spec: life.team.text("nodes: 0", "nodes: 5")}, fork=True)
    assert life.last.jobs == {"validate": "success", "plan": "skipped"}
    assert (life.team.bodies(theirs), life.state.requests[seen:]) == ([], []), "nothing was told or asked"


def test_two_merges_in_a_row_are_both_applied_and_what_failed_is_run_again_without_a_commit(life: Life) -> None:
    team = life.team
    more = f"specs/{team.name}-more.yaml"
    one = life.pull("left", {team.spec: team.text("[staging, ", "[staging, four, ")})
    two = life.pull("right", {more: team.extra})
    assert len(team.bodies(two)) == 1
    first, second = life.repository.merge(one), life.repository.merge(two)
    fault = {"status": 400, "code": "Broken", "message": "no"}
    team.world.azure.fault(match={"method": "PUT", "path": "/containers/four"}, action=fault)
    run = life.pushed(*first)
    assert run.jobs == {"apply": "failure", "approved": "skipped"}
    assert "Broken" in team.shell.said[-1]
    assert life.github.again(run).jobs == DONE, team.shell.said[-1]
    assert "-more.yaml" not in team.shell.said[-1]
    assert team.actions() == set()
    assert life.pushed(*second).jobs == DONE, team.shell.said[-1]
    assert team.actions() == team.actions(more) == set()


def test_what_nobody_reviewed_waits_until_somebody_approves_it(life: Life) -> None:
    team, rules = life.team, life.state.environments
    number = life.pull("late", {team.spec: team.text("[staging, ", "[staging, five, ")})
    team.storage.get_container_client("results").delete_container()
    run = life.merge(number)
    assert run.jobs == WAITING, team.shell.said[-1]
    waits = team.bodies(number)[-1]
    assert waits.startswith(f"<!-- reconcile ci specs-{team.name}-waits -->\n**Not applied.**")
    assert "### The plan is stale: " in waits
    assert team.actions() == {"create"}

    for known, says in (({}, "404"), ({"production-approval": ["branch_policy"]}, "has no required reviewers")):
        rules.update(known)
        run.jobs["approved"] = "waiting"
        assert life.github.approve(run).jobs["approved"] == "failure"
        assert says in team.shell.said[-1]
    rules["production-approval"] = ["required_reviewers"]
    run.jobs["approved"] = "waiting"
    assert life.github.approve(run).jobs["approved"] == "success", team.shell.said[-1]
    assert team.actions() == set()


def test_the_spec_of_what_is_live_can_be_begun_with(life: Life, tmp_path: Path) -> None:
    team = life.team
    there = azure_local.env(team.world.azure.folder) | {"RECONCILE_CLOUD": "local"}
    group = team.world.text["azure"]["resourceGroup"]
    done = reconcile("init", "--from-live", "--resource-group", group, "--yes", cwd=tmp_path, **there)
    assert done.returncode == 0, done.stderr
    planned = reconcile("plan", str(tmp_path / team.spec), cwd=tmp_path, **there)
    assert planned.returncode == 0, planned.stderr
    assert "will be created" not in planned.stdout
    assert reconcile("init", "--from-live", "--resource-group", group, "--yes", cwd=tmp_path, **there).returncode == 0


def test_an_approval_does_not_bring_back_what_main_has_left(life: Life) -> None:
    team = life.team
    life.state.environments["production-approval"] = ["required_reviewers"]
    run = life.pushed(*life.repository.push({team.spec: team.text("[staging, ", "[staging, six, ")}))
    assert run.jobs == WAITING, "it was pushed without a pull request"
    back = life.pushed(*life.repository.push({team.spec: team.text("[staging, six, ", "[staging, ")}))
    assert back.jobs == DONE, "there is nothing to do"
    assert life.github.approve(run).jobs["approved"] == "success", team.shell.said[-1]
    assert team.actions() == set(), "there is no container six"


@pytest.mark.slow
def test_a_spec_is_deployed_by_hand_once_somebody_approves_it(life: Life) -> None:
    team, head = life.team, git(life.repository.origin, "rev-parse", "main")
    life.state.environments["production-approval"] = ["required_reviewers"]
    for name in ("results", "locks"):
        team.storage.get_container_client(name).delete_container()
    address = f"container/{team.storage.account_name}/results"
    run = life.github.start("reconcile-deploy", "workflow_dispatch", {}, head, spec=team.spec, target=address)
    assert run.jobs == {"plan": "success", "deploy": "waiting"}, team.shell.said[-1]
    assert "results" in run.summary
    assert life.github.approve(run, "deploy").jobs["deploy"] == "success", team.shell.said[-1]
    assert team.actions() == {"create"}, "the other one is still missing"
    run = life.github.start("reconcile-deploy", "workflow_dispatch", {}, head, spec=team.spec, target="")
    assert life.github.approve(run, "deploy").jobs["deploy"] == "success", team.shell.said[-1]
    assert team.actions() == set()


def test_a_preview_lives_from_its_label_until_its_pull_request_is_closed(life: Life) -> None:
    team = life.team
    for number in (1, 2):
        team.storage.get_container_client("results").upload_blob(f"hello-{number}.txt", f"hello from task {number}\n")
    number = life.pull("tried", {team.spec: team.text("task {{number}} >", "task {{number}} | sed s/1/one/ >")})
    assert set(life.preview(number, "synchronize").values()) == {"skipped"}, "it has no label"
    assert set(life.preview(number, "labeled", "preview", "urgent").values()) == {"skipped"}, "it has had that before"
    assert life.previewed() == []

    assert life.preview(number, "labeled", "urgent", "preview") == TRIED, team.shell.said[-1]
    body = team.bodies(number)[-1]
    assert body.startswith(f"<!-- reconcile ci specs-{team.name}-preview -->\n### Preview `pr-{number}` of ")
    assert "of 3 results 1 is equal, 1 differs and 1 is new" in body, body
    made = [f"{name}-pr-{number}" for name in ("hello", "results", "staging", "workers")]
    assert life.previewed() == made
    assert team.actions() == set(), "nothing of main is touched"
    assert life.preview(number, "synchronize", "preview") == TRIED, team.shell.said[-1]
    assert len(team.bodies(number)) == 2, "the plan and the preview, each once"

    assert life.preview(number, "closed", "preview") == ENDED, team.shell.said[-1]
    assert (life.previewed(), team.actions()) == ([], set())


def test_what_a_dead_runner_has_left_goes_at_night_once_it_has_expired(life: Life) -> None:
    team = life.team
    number = life.pull("dead", {team.spec: team.text("from task", "of task")})
    fault = {"status": 400, "code": "Broken", "message": "no"}
    team.world.azure.fault(match={"method": "POST", "path": "/jobs"}, action=fault)
    assert life.preview(number, "labeled", "preview") == {**TRIED, "preview": "failure"}
    assert "Broken" in team.bodies(number)[-1], "that too is told"
    left = life.previewed()
    assert left == [f"{name}-pr-{number}" for name in ("results", "staging", "workers")]
    assert "No preview has expired." in life.night()
    assert life.previewed() == left
    team.world.azure.advance(24 * 3600)
    assert f"pool/workers-pr-{number}" in life.night()
    assert (life.previewed(), team.actions()) == ([], set())


def test_a_deletion_needs_a_label_and_a_policy_that_the_change_weakens_holds(life: Life) -> None:
    team, before = life.team, life.team.text()
    life.repository.push({"policy.yaml": POLICY})
    number = life.pull("less", {team.spec: team.text().partition("pools:\n")[0]})
    assert life.last.jobs == {"validate": "success", "plan": "failure"}
    (body,) = team.bodies(number)
    assert "pool/workers" in body
    assert NEEDED in body
    assert "refused** by deletion (`policy.yaml:3`)" in body
    life.label(number, "allow-deletion")
    assert life.last.jobs == PLANNED, team.shell.said[-1]
    assert life.merge(number).jobs == DONE, team.shell.said[-1]
    assert team.actions() == set()

    files = {team.spec: team.text("[staging, ", "["), "policy.yaml": WEAK}
    number = life.pull("weak", files)
    assert life.last.jobs == {"validate": "success", "plan": "failure"}
    (body,) = team.bodies(number)
    assert "refused** by deletion (`.git/policy-of-main.yaml:3`)" in body
    assert "warned** by deletion (`policy.yaml:3`)" in body, "what it makes of the policy is told, too"
    run = life.merge(number)
    assert run.jobs == {"apply": "failure", "approved": "skipped"}, "it is merged all the same"
    assert NEEDED in team.bodies(number)[-1]
    assert len(team.bodies(number)) == 2
    assert team.actions() == {"delete"}
    team.label(number, "allow-deletion")
    life.state.environments["production-approval"] = ["required_reviewers"]
    assert life.github.again(run).jobs == WAITING, "it was never planned as it was to be"
    assert life.github.approve(run).jobs["approved"] == "success", team.shell.said[-1]
    assert team.actions() == set()

    life.repository.push({team.spec: before, "policy.yaml": "apiVersion: reconciler-policy/v1\n"})
    team.apply()
