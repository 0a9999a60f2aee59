"""What a sign-in that no federated credential fits tells to do."""

from __future__ import annotations

import pytest

from reconciler.cloud.errors import signed_out

MORE = "Check your federated identity credential Subject, Audience and Issuer against the presented assertion."
NO_MATCH = "No matching federated identity record found for presented assertion"


def told(said: str) -> str:
    return str(signed_out(Exception(f"WorkloadIdentityCredential: Authentication failed: {said} {MORE} Trace ID: 1")))


@pytest.mark.parametrize(
    ("subject", "name", "issuer", "ids"),
    [
        (
            "repo:acme@12/batch@34:environment:prod",
            "environment-prod",
            "https://token.actions.githubusercontent.com",
            True,
        ),
        ("repo:acme/batch:pull_request", "pull-request", "https://token.actions.githubusercontent.com", False),
        ("project_path:a/b:ref_type:branch:ref:main", "ref-type-branch-ref-main", "https://gitlab.com", False),
        ("sc://org/project/x", "org-project-x", "https://... (the claim iss of the token)", False),
    ],
)
def test_the_presented_subject_is_told_with_the_credential_to_add(
    subject: str, name: str, issuer: str, ids: bool
) -> None:
    text = told(f"AADSTS700213: {NO_MATCH} subject '{subject}'.")
    assert f"has the presented subject {subject!r}.\nAdd it to the identity (AZURE_CLIENT_ID)" in text
    entry = f'  federatedCredentials:\n    - name: {name}\n      issuer: {issuer}\n      subject: "{subject}"\n'
    assert entry in text
    assert ("since 2026-07-15" in text) == ids


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (f"AADSTS7002138: {NO_MATCH} subject 'repo:A/b:pull_request'.", "in other letters: Azure compares capitals"),
        (f"AADSTS700211: {NO_MATCH} issuer 'https://gitlab.com'.", "correct issuer: of one, letter for letter"),
        (f"AADSTS700212: {NO_MATCH} audience 'api://x'.", "has the presented audience 'api://x'"),
        (f"AADSTS70021: {NO_MATCH}.", "Compare issuer, subject and audience"),
        ("AADSTS7000215: Invalid client secret provided.", "run az login"),
    ],
)
def test_other_failures_say_what_to_compare(said: str, words: str) -> None:
    assert words in told(said)


def test_a_hostile_subject_stays_one_line_of_quoted_text() -> None:
    text = told(f"AADSTS700213: {NO_MATCH} subject 'repo:a/b:x\"\n      evil: true'.")
    assert "evil: true" not in text.partition("federatedCredentials:")[2]
