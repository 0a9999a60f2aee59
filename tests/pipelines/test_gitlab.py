"""The pipeline that `reconcile init --ci gitlab` writes, from a merge request to drift."""

from __future__ import annotations

import pytest

from tests.pipelines.conftest import NEEDED, POLICY, Team
from tests.pipelines.gitlab import GitLab, fits
from tests.pipelines.shell import git


@pytest.mark.slow
def test_from_a_merge_request_to_drift(team: Team, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder, repository, said = tmp_path_factory.mktemp("gitlab"), team.repository, team.shell.said
    surroundings = {**team.surroundings, **team.variables, **team.forges.gitlab(folder)}
    surroundings = {name: value for name, value in surroundings.items() if value}
    surroundings.pop("CI_JOB_URL")
    gitlab = GitLab(repository.origin, folder, team.shell, team.forges, surroundings, team.token)
    team.init("gitlab", "--preview")

    head = repository.change("begin", {})
    event, _ = repository.pull("begin")
    number = event["pull_request"]["number"]
    asked = {
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_MERGE_REQUEST_IID": str(number),
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": git(repository.work, "rev-parse", "main"),
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "42",
    }
    assert gitlab.start(head, **asked).jobs == dict.fromkeys(("reconcile-validate", "reconcile-plan"), "success"), said
    assert len(team.bodies(number)) == 1

    pushed, merged = repository.merge(number)
    main = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main", "CI_COMMIT_BEFORE_SHA": pushed["before"]}
    applied = gitlab.start(merged, **main)
    assert applied.jobs == {"reconcile-apply": "success", "reconcile-approved": "manual"}, said
    assert team.actions() == set()
    gitlab.run(applied, "reconcile-approved")
    assert "Nothing waits" in said[-1]

    head = repository.change("tried", {team.spec: team.text("hello from", "hi from")})
    event, _ = repository.pull("tried")
    asked |= {
        "CI_MERGE_REQUEST_IID": (iid := str(event["pull_request"]["number"])),
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": git(repository.work, "rev-parse", "main"),
        "CI_MERGE_REQUEST_LABELS": "urgent,preview",
    }
    tried = gitlab.start(head, **asked)
    assert (tried.jobs["reconcile-preview"], tried.jobs["reconcile-preview-end"]) == ("success", "manual"), said
    assert f"### Preview `pr-{iid}` of " in team.bodies(int(iid))[-1]
    gitlab.run(tried, "reconcile-preview-end")
    assert f"pool/workers-pr-{iid} done" in said[-1]
    assert team.actions() == set()

    team.storage.get_container_client("results").delete_container()
    night = {"reconcile-drift": "success", "reconcile-preview-expired": "success"}
    nightly = {"CI_PIPELINE_SOURCE": "schedule", "RECONCILE_RUN": "drift"}
    assert gitlab.start(merged, **nightly).jobs == night
    gitlab.run(applied, "reconcile-apply")
    assert gitlab.start(merged, **nightly).jobs == night
    assert [(one["title"], one["open"]) for one in team.forges.state.issues] == [
        (f"{team.spec} is not what is live", False)
    ]

    push, commit = repository.push({team.spec: team.text("[staging, ", "[staging, one, ")})
    pipeline = gitlab.start(commit, **{**main, "CI_COMMIT_BEFORE_SHA": push["before"]})
    assert team.actions() == {"create"}, "nobody has reviewed it"
    gitlab.run(pipeline, "reconcile-approved")
    assert pipeline.jobs == {"reconcile-apply": "success", "reconcile-approved": "success"}, said
    assert team.actions() == set()

    del asked["CI_MERGE_REQUEST_LABELS"]
    _refused_until_it_has_a_label(gitlab, team, asked, main)


def _refused_until_it_has_a_label(gitlab: GitLab, team: Team, asked: dict[str, str], main: dict[str, str]) -> None:
    """What deletes, on a branch that is older than the policy of main."""
    repository, said = team.repository, team.shell.said
    base = git(repository.work, "rev-parse", "main")
    head = repository.change("old", {team.spec: team.text("[staging, one, ", "[staging, ")})
    git(repository.work, "checkout", "--quiet", "main")
    repository.push({"policy.yaml": POLICY})
    number = repository.pull("old")[0]["pull_request"]["number"]
    asked |= {"CI_MERGE_REQUEST_IID": str(number), "CI_MERGE_REQUEST_DIFF_BASE_SHA": base}
    planned = gitlab.start(head, **asked)
    assert planned.jobs == {"reconcile-validate": "success", "reconcile-plan": "failed"}, "main has a policy by now"
    assert NEEDED in team.bodies(number)[0]
    team.label(number, "allow-deletion")
    gitlab.run(planned, "reconcile-plan")
    assert planned.jobs["reconcile-plan"] == "success", said[-1]
    pushed, merged = repository.merge(number)
    applied = gitlab.start(merged, **{**main, "CI_COMMIT_BEFORE_SHA": pushed["before"]})
    assert applied.jobs == {"reconcile-apply": "success", "reconcile-approved": "manual"}, said[-1]
    assert team.actions() == set()


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ('$A == "b"', True),
        ('$A == "c"', False),
        ("$A && $C", False),
        ("$A == $B && $A", True),
        ("$A =~ /^b$/ && $A =~ /(^|,)b/", True),
        ("$A =~ /c/", False),
    ],
)
def test_rules(rule: str, *, holds: bool) -> None:
    assert fits(rule, {"A": "b", "B": "b"}) is holds
