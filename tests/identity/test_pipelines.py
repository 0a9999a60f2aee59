"""The spec of whom pipelines sign in as: its forms, and that a pipeline plans and applies by it."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

import azure_local
from reconciler.kinds import load
from reconciler.pipelines.identity import Source, identity_spec, subject_prefix
from tests.cli.command import CHECKOUT, reconcile
from tests.conftest import World

GITHUB = "https://token.actions.githubusercontent.com"
NAMES, IDS = "repo:acme/batch", "repo:acme@12/batch@34"


def subjects(source: Source, folder: Path) -> dict[str, set[str]]:
    """Identity → the subjects of its credentials, of a spec that is valid."""
    path = folder / "identity.yaml"
    path.write_text(identity_spec("demo", "rg-demo", "italynorth", source))
    spec = load(path, {"AZURE_SUBSCRIPTION_ID": "00000000-0000-0000-0000-000000000000"})
    return {
        name: {credential["subject"] for credential in identity["federatedCredentials"]}
        for name, identity in spec.identities.items()
    }


def github(**known: object) -> Source:
    return Source(ci="github", repository="acme/batch", **known)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "begins"),
    [
        (github(prefix=IDS), {IDS}),
        (github(prefix=NAMES, owner_id=12, repository_id=34, immutable=True), {NAMES}),
        (github(owner_id=12, repository_id=34, immutable=True), {IDS}),
        (github(owner_id=12, repository_id=34), {NAMES, IDS}),
        (github(owner_id=12, repository_id=34, immutable=False), {NAMES}),
        (github(), {NAMES}),
    ],
)
def test_subjects_of_github_have_the_form_that_it_says(source: Source, begins: set[str], tmp_path: Path) -> None:
    told = subjects(source, tmp_path)
    assert told["id-demo-plan"] == {f"{at}:{end}" for at in begins for end in ("pull_request", "ref:refs/heads/main")}
    ends = ("environment:production", "environment:production-approval")
    assert told["id-demo-apply"] == {f"{at}:{end}" for at in begins for end in ends}
    text = identity_spec("demo", "rg-demo", "italynorth", source)
    assert ("GitHub could not be asked" in text) == (not source.prefix and source.immutable is None)


@pytest.mark.parametrize(
    ("source", "plan", "apply"),
    [
        (Source(ci="gitlab", repository="group/sub/project"),
         "project_path:group/sub/project:ref_type:branch:ref:main",
         "project_path:group/sub/project:ref_type:branch:ref:main"),
        (Source(ci="azure-devops", repository="org/project"), "sc://org/project/azure-plan", "sc://org/project/azure-apply"),
        (github(prefix=NAMES, environment="", branch="a b: '#\"$"), None, "repo:acme/batch:ref:refs/heads/a b: '#\"$"),
    ],
)  # fmt: skip
def test_other_places_and_odd_names_are_quoted(source: Source, plan: str | None, apply: str, tmp_path: Path) -> None:
    told = subjects(source, tmp_path)
    assert told["id-demo-apply"] == {apply}
    assert plan is None or told["id-demo-plan"] == {plan}


def test_what_is_no_repository_is_refused() -> None:
    with pytest.raises(ValueError, match="is no repository; write OWNER/REPOSITORY"):
        identity_spec("demo", "rg-demo", "italynorth", Source(ci="github", repository="acme"))


@pytest.mark.parametrize(
    ("status", "said", "prefix"),
    [
        (200, {"use_default": True, "use_immutable_subject": False, "sub_claim_prefix": IDS}, IDS),
        (200, {"use_default": True, "use_immutable_subject": True, "sub_claim_prefix": f"{NAMES}:"}, NAMES),
        (200, {"use_default": True}, ""),
        (200, {"sub_claim_prefix": "repo:others/batch"}, ""),
        (200, [], ""),
        (404, {"message": "Not Found"}, ""),
    ],
)
def test_github_is_asked_for_the_prefix_which_counts_and_not_the_flag(status: int, said: object, prefix: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/repos/acme/batch/actions/oidc/customization/sub"
        return httpx.Response(status, json=said)

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        assert subject_prefix(client, "acme/batch") == prefix


def test_a_pipeline_signs_in_plans_and_applies_by_what_the_spec_makes(world: World, tmp_path: Path) -> None:
    group = world.text["azure"]["resourceGroup"]
    file = tmp_path / "identity.yaml"
    file.write_text(identity_spec("ci", group, world.text["azure"]["location"], github(prefix=IDS)))
    made = reconcile("apply", str(file), "--yes", "--cloud", "local")
    assert (made.returncode, made.stderr) == (0, "")
    shown = reconcile("outputs", str(file), "--cloud", "local").stdout
    clients = dict(line.split()[:2] for line in shown.splitlines() if ".clientId" in line)
    world.azure.advance(300)
    world.text["azure"]["existing"] = True
    world.text["pools"]["pool"]["nodes"] = 0
    del world.text["jobs"]["job"]["convert"]
    world.spec()

    def as_pipeline(who: str, subject: str, *words: str) -> tuple[int, str]:
        body = {"issuer": GITHUB, "subject": subject}
        token = tmp_path / "token"
        token.write_text(azure_local.ask(world.azure.folder, "POST", "assertion", body)["assertion"])
        client = clients[f"identity/{who}.clientId"]
        sign_in = {"AZURE_CLIENT_ID": client, "AZURE_FEDERATED_TOKEN_FILE": str(token)}
        done = reconcile(*words, str(world.file), cwd=CHECKOUT, **sign_in)
        return done.returncode, done.stdout + done.stderr

    code, said = as_pipeline("id-ci-plan", f"{IDS}:pull_request", "plan")
    assert (code, "Plan: " in said, "you may only look at" in said) == (0, True, True), said
    code, said = as_pipeline("id-ci-plan", f"{IDS}:pull_request", "apply", "--yes")
    assert (code, "AuthorizationFailed" in said) == (1, True), said
    code, said = as_pipeline("id-ci-apply", f"{NAMES}:environment:production", "plan")
    assert code != 0
    assert f'subject: "{NAMES}:environment:production"' in said
    code, said = as_pipeline("id-ci-apply", f"{IDS}:environment:production", "apply", "--yes")
    assert code == 0, said
