"""The pipelines that `reconcile init --ci azure-devops` writes, from a pull request to drift."""

from __future__ import annotations

import pytest

from tests.forge.server import TOKEN
from tests.pipelines.conftest import Team
from tests.pipelines.devops import AzureDevOps


@pytest.mark.slow
def test_from_a_pull_request_to_drift(team: Team, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder, repository, said = tmp_path_factory.mktemp("devops"), team.repository, team.shell.said
    token = folder / "token"
    token.write_text(team.token)
    signed_in = {"AZURE_FEDERATED_TOKEN_FILE": str(token), "AZURE_TENANT_ID": team.variables["AZURE_TENANT_ID"]}
    who = {"AZURE_CLIENT_ID": team.variables["AZURE_APPLY_CLIENT_ID"]}
    there = {"LOCAL_SUBSCRIPTION": team.variables["AZURE_SUBSCRIPTION_ID"]}
    agent = team.forges.devops(folder)
    del agent["SYSTEM_ACCESSTOKEN"]
    surroundings = {name: value for name, value in agent.items() if value} | team.surroundings
    (folder / "runs").mkdir()
    devops = AzureDevOps(
        repository.origin, folder / "runs", team.shell, team.forges, {**surroundings, **signed_in, **who, **there}
    )
    known = {
        "System_CollectionUri": "https://dev.example/",
        "System_TeamProjectId": "1",
        "Build_BuildId": "7",
        "System_AccessToken": TOKEN,
    }
    team.init("azure-devops")

    head = repository.change("begin", {})
    event, tried = repository.pull("begin")
    number = event["pull_request"]["number"]
    asked = {"System_PullRequest_SourceCommitId": head, "System_PullRequest_IsFork": "False"}
    devops.surroundings = {**devops.surroundings, "SYSTEM_PULLREQUEST_PULLREQUESTID": str(number)}
    assert devops.start("reconcile-plan", tried, **known, **asked).stages == {"all": "succeeded"}, said[-1]
    assert len(team.bodies(number)) == 1
    asked["System_PullRequest_IsFork"] = "True"
    seen = len(team.forges.state.requests)
    assert devops.start("reconcile-plan", tried, **known, **asked).stages == {"all": "succeeded"}
    assert team.forges.state.requests[seen:] == [], "one from a fork is validated only"

    _, merged = repository.merge(number)
    applied = devops.start("reconcile-apply", merged, **known, Build_SourceVersion=merged)
    assert applied.stages == {"apply": "succeeded", "approved": "skipped"}, said[-1]
    assert team.actions() == set()

    team.storage.get_container_client("results").delete_container()
    assert devops.start("reconcile-drift", merged, **known).stages == {"all": "succeeded"}, said[-1]
    assert [one["open"] for one in team.forges.state.issues] == [True]

    _, commit = repository.push({team.spec: team.text("[staging, ", "[staging, one, ")})
    build = devops.start("reconcile-apply", commit, **known, Build_SourceVersion=commit)
    assert build.stages == {"apply": "succeeded", "approved": "waiting"}, said[-1]
    devops.approve("reconcile-apply", build, "approved")
    assert build.stages["approved"] == "succeeded", said[-1]
    assert team.actions() == set()
    assert devops.start("reconcile-drift", commit, **known).stages == {"all": "succeeded"}, said[-1]
    assert [one["open"] for one in team.forges.state.issues] == [False]
