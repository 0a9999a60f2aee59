"""Federated credentials: planned, made one after another, changed, taken away; and who can sign in by them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import WorkloadIdentityCredential

import azure_local
from reconciler.cloud import arm
from reconciler.cloud.errors import translated
from reconciler.errors import AzureError
from reconciler.model import Rule
from tests.cli.command import reconcile
from tests.conftest import Azure, World, new_world
from tests.documents import loaded

GITHUB = "https://token.actions.githubusercontent.com"
AUDIENCE = "api://AzureADTokenExchange"
PULLS, MAIN = "repo:acme/batch:pull_request", "repo:acme/batch:ref:refs/heads/main"


@pytest.fixture(scope="module")
def world(azure_server: Azure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An identity with the credentials of pull requests and of the branch main, and nothing else."""
    with new_world(azure_server, tmp_path_factory.mktemp("federated")) as world:
        for section in ("storage", "batchAccount", "pools", "jobs"):
            del world.text[section]
        world.text["identities"] = {
            "id-plan": {
                "federatedCredentials": [
                    {"name": "pull-requests", "issuer": GITHUB, "subject": PULLS},
                    {"name": "main", "issuer": GITHUB, "subject": MAIN},
                    *({"name": f"more-{number}", "issuer": GITHUB, "subject": f"x:{number}"} for number in range(4)),
                ]
            }
        }
        assert {str(one.status): one.error for one in world.apply(poll_seconds=0.05).values()} == {"done": None}
        yield world


def identity(world: World) -> dict[str, Any]:
    cloud = world.cloud()
    found = arm.get(cloud, cloud.id_of("Microsoft.ManagedIdentity/userAssignedIdentities", "id-plan"))
    assert found is not None
    return found


def signed_in(
    world: World, folder: Path, issuer: str, subject: str, audience: str = "api://AzureADTokenExchange"
) -> str:
    """Sign in as a pipeline does, with a token of its own provider; the access token, or what Entra ID said."""
    claims = {"issuer": issuer, "subject": subject, "audience": audience}
    file = folder / "token"
    file.write_text(azure_local.ask(world.azure.folder, "POST", "assertion", claims)["assertion"])
    credential = WorkloadIdentityCredential(
        tenant_id=os.environ["AZURE_TENANT_ID"],
        client_id=identity(world)["properties"]["clientId"],
        token_file_path=str(file),
        authority=os.environ["AZURE_AUTHORITY_HOST"],
        disable_instance_discovery=True,
    )
    try:
        return credential.get_token("https://management.azure.com/.default").token
    except ClientAuthenticationError as error:
        return str(error)


def test_credentials_are_made_in_turn_and_a_second_plan_is_empty(world: World) -> None:
    assert world.plan().steps == ()
    outcomes = [str(step.address) for step in world.planned.steps] if world.planned else []
    assert sum(name.startswith("federated_identity_credential/id-plan/") for name in outcomes) == 6


def test_a_changed_subject_changes_in_place_and_one_that_leaves_the_spec_goes(world: World) -> None:
    credentials = world.text["identities"]["id-plan"]["federatedCredentials"]
    gone = credentials.pop()
    credentials[-1]["subject"] = "repo:acme/batch:environment:prod"
    plan = world.plan()
    told = {str(one.address): (str(one.action), one.diff.rule) for one in plan.decisions if one.action != "none"}
    assert told == {
        "federated_identity_credential/id-plan/more-2": ("update", Rule.LIVE),
        f"federated_identity_credential/id-plan/{gone['name']}": ("delete", Rule.IGNORE),
    }
    assert {str(one.status) for one in world.apply(poll_seconds=0.05).values()} == {"done"}
    assert world.plan().steps == ()


@pytest.mark.parametrize(
    ("issuer", "subject", "audience", "said"),
    [
        (GITHUB, "repo:acme@1/batch@2:pull_request", "", "AADSTS700213: No matching federated identity record found"),
        (GITHUB, "repo:Acme/batch:pull_request", "", "AADSTS7002138: No matching federated identity record found"),
        ("https://gitlab.com", PULLS, "", "AADSTS700211: No matching federated identity record found"),
        (GITHUB, PULLS, "api://else", "AADSTS700212: No matching federated identity record found"),
    ],
)
def test_only_whom_a_credential_names_can_sign_in(
    world: World, tmp_path: Path, issuer: str, subject: str, audience: str, said: str
) -> None:
    world.azure.advance(60)
    assert signed_in(world, tmp_path, GITHUB, PULLS).count(".") == 2
    refused = signed_in(world, tmp_path, issuer, subject, audience or AUDIENCE)
    assert said in refused
    if not audience:
        assert (subject if issuer == GITHUB else issuer) in refused


def test_import_writes_them_into_the_section_of_their_identity(world: World) -> None:
    done = reconcile("import", "--cloud", "local", "--resource-group", world.text["azure"]["resourceGroup"])
    assert done.returncode == 0, done.stderr
    found = loaded(done.stdout)["identities"]["id-plan"]["federatedCredentials"]
    wanted = world.text["identities"]["id-plan"]["federatedCredentials"]
    assert sorted(found, key=str) == sorted(wanted, key=str)


def test_writes_at_the_same_time_and_what_azure_does_not_take_are_refused(world: World) -> None:
    cloud, place = world.cloud(), f"{identity(world)['id']}/federatedIdentityCredentials"

    def put(name: str, issuer: str = GITHUB, subject: str = "s", audiences: tuple[str, ...] = ("a",)) -> str:
        body = {"properties": {"issuer": issuer, "subject": subject, "audiences": list(audiences)}}
        try:
            with translated():
                arm.put(cloud, f"{place}/{name}", body, "2024-11-30")
        except AzureError as error:
            return error.code
        return ""

    with ThreadPoolExecutor(4) as threads:
        codes = list(threads.map(lambda number: put(f"at-once-{number}", subject=f"at once {number}"), range(4)))
    assert "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity" in codes
    assert "" in codes
    assert put("double", subject=PULLS) == "Conflict"
    assert {put("x"), put("good-name", issuer="http://x"), put("good-name", audiences=("a", "b"))} == {"BadRequest"}
    codes = [put(f"many-{number}", subject=f"many {number}") for number in range(20)]
    assert codes[-1] == "FederatedIdentityCredentialsLimitExceeded"
