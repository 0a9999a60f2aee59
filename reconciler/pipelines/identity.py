"""The spec of whom pipelines sign in as: an identity to plan with and one to apply with, without any secret.

Each has federated credentials for the tokens that its pipelines get from GitHub, GitLab or Azure DevOps, and the
narrowest built-in roles on the resource group. Source: docs.github.com, OpenID Connect reference; docs.gitlab.com, ID
tokens; learn.microsoft.com, Azure DevOps workload identity federation and GitHub immutable subjects.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

GITHUB, GITLAB = "https://token.actions.githubusercontent.com", "https://gitlab.com"
DEVOPS = "https://vstoken.dev.azure.com/00000000-0000-0000-0000-000000000000"
LOOKING = ("Reader", "Azure Batch Account Reader", "Storage Blob Data Reader")
CHANGING = (
    "Contributor",
    "Azure Batch Data Contributor",
    "Storage Blob Data Contributor",
    "Role Based Access Control Administrator",
)
PLACE = re.compile(r"[\w.-]+(/[\w.-]+)+")
BOTH = (
    "GitHub could not be asked which form its tokens for this repository have: by names, or with ids, as of",
    "repositories that were made, renamed or moved since 2026-07-15. Both are here; take out what does not fit.",
)
NO_IDS = (
    "GitHub could not be asked which form its tokens for this repository have. Those for repositories that were",
    "made, renamed or moved since 2026-07-15 begin with repo:OWNER@OWNER_ID/REPO@REPO_ID: instead. The ids:",
    "gh api repos/{place} --jq '[.owner.id, .id]'",
)
Credential = tuple[str, str, str]
"""Name, issuer and subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where pipelines run: `ci` is github, gitlab or azure-devops, and `repository` the path of it there.

    prefix         how GitHub says that its subjects begin, such as repo:OWNER@1/REPO@2; empty: it was not asked
    owner_id, repository_id   GitHub's numbers of both; 0: not known
    immutable      whether its subjects have these ids; None: that is not known
    """

    ci: str
    repository: str
    branch: str = "main"
    environment: str = "production"
    prefix: str = ""
    owner_id: int = 0
    repository_id: int = 0
    immutable: bool | None = None


class Client(Protocol):
    """What is needed of an httpx.Client that is signed in to api.github.com, or not."""

    def get(self, url: str) -> Any: ...


def subject_prefix(client: Client, repository: str) -> str:
    """How subjects of a repository's tokens begin, as GitHub says; empty where it cannot be asked.

    `sub_claim_prefix` counts, and not `use_immutable_subject`, which may be false beside a prefix with ids.
    """
    import httpx

    try:
        answer = client.get(f"https://api.github.com/repos/{repository}/actions/oidc/customization/sub")
        said = answer.json() if answer.status_code == httpx.codes.OK else {}
    except (httpx.HTTPError, ValueError):
        return ""
    prefix = said.get("sub_claim_prefix") if isinstance(said, dict) else None
    whole = rf"repo:{re.escape(repository.split('/')[0])}(@\d+)?/[\w.-]+(@\d+)?:?"
    return prefix.rstrip(":") if isinstance(prefix, str) and re.fullmatch(whole, prefix, re.IGNORECASE) else ""


def identity_spec(name: str, resource_group: str, location: str, source: Source) -> str:
    """The spec, as YAML, of the identities `id-NAME-plan` and `id-NAME-apply` there. ValueError for a bad path."""
    if not PLACE.fullmatch(source.repository):
        raise ValueError(f"{source.repository} is no repository; write OWNER/REPOSITORY")
    plan, apply, notes = {"github": _github, "gitlab": _gitlab, "azure-devops": _devops}[source.ci](source)
    return "\n".join([*_head(name, resource_group, location), *_identities(name, plan, apply, notes), ""])


def _head(name: str, group: str, location: str) -> list[str]:
    return [
        "# Whom the pipelines sign in as. Apply it once, as somebody who may give roles in the group:",
        "#   reconcile apply THIS_FILE && reconcile outputs THIS_FILE     # shows the client ids",
        "# It makes the group; a spec of work in the group says azure: {existing: true}.",
        "apiVersion: reconciler/v1",
        f"name: {_text(f'{name}-identity')}",
        "azure:",
        "  subscription: ${AZURE_SUBSCRIPTION_ID}",
        f"  location: {_text(location)}",
        f"  resourceGroup: {_text(group)}",
    ]


def _identities(name: str, plan: list[Credential], apply: list[Credential], notes: tuple[str, ...]) -> Iterator[str]:
    yield "identities:"
    yield f"  {_text(f'id-{name}-plan')}:  # may look, and change nothing"
    yield from _identity(plan, LOOKING, notes)
    yield f"  {_text(f'id-{name}-apply')}:"
    yield "    # These roles fit any spec. For those that just yours needs: reconcile permissions SPEC"
    yield from _identity(apply, CHANGING, notes)


def _identity(credentials: list[Credential], roles: tuple[str, ...], notes: tuple[str, ...]) -> Iterator[str]:
    yield "    federatedCredentials:"
    yield from (f"      # {note}" for note in notes)
    for name, issuer, subject in credentials:
        yield f"      - name: {name}"
        yield f"        issuer: {_text(issuer)}"
        yield f"        subject: {_text(subject)}"
    yield "    roles:"
    yield from (f"      - {{role: {role}, scope: resourceGroup}}" for role in roles)


def _text(value: str) -> str:
    """A value in quotes, whatever it holds; in a spec, $ begins a variable."""
    return json.dumps(value.replace("${", "$${"), ensure_ascii=False)


Said = tuple[list[Credential], list[Credential], tuple[str, ...]]
"""The credentials to plan and to apply with, and what there is to say of them."""


def _github(source: Source) -> Said:
    prefixes, notes = _prefixes(source)
    plan, apply = [], []
    deploying = {"branch": f"ref:refs/heads/{source.branch}"}
    if source.environment:
        deploying = {"environment": f"environment:{source.environment}"}
        deploying["approval"] = f"environment:{source.environment}-approval"  # where somebody lets a waiting plan pass
    for form, prefix in prefixes.items():
        plan.append((f"pull-requests{form}", GITHUB, f"{prefix}:pull_request"))
        plan.append((f"branch{form}", GITHUB, f"{prefix}:ref:refs/heads/{source.branch}"))
        apply += [(f"{what}{form}", GITHUB, f"{prefix}:{where}") for what, where in deploying.items()]
    return plan, apply, notes


def _prefixes(source: Source) -> tuple[dict[str, str], tuple[str, ...]]:
    """The end of a credential's name → how its subject begins; and why there are two."""
    owner, _, repository = source.repository.partition("/")
    by_name = {"": f"repo:{owner}/{repository}"}
    if source.prefix:
        return {"": source.prefix}, ()
    if source.immutable is False:
        return by_name, ()
    if not (source.owner_id and source.repository_id):
        return by_name, tuple(note.replace("{place}", source.repository) for note in NO_IDS)
    by_id = f"repo:{owner}@{source.owner_id}/{repository}@{source.repository_id}"
    return ({"": by_id}, ()) if source.immutable else ({**by_name, "-by-id": by_id}, BOTH)


def _gitlab(source: Source) -> Said:
    subject = f"project_path:{source.repository}:ref_type:branch:ref:{source.branch}"
    notes = (
        "GitLab's tokens of a merge request are for the branch that it comes from: to plan there, add its subject.",
        "id_tokens: {AZURE_TOKEN: {aud: api://AzureADTokenExchange}} in the job asks for the token.",
    )
    return [("branch", GITLAB, subject)], [("branch", GITLAB, subject)], notes


def _devops(source: Source) -> Said:
    place = f"sc://{source.repository}"
    notes = (
        "Copy issuer and subject from the service connection, where Azure DevOps shows them before it is saved;",
        "newer ones have an issuer of Entra ID and a subject that nobody can tell before.",
    )
    plan, apply = (("service-connection", DEVOPS, f"{place}/azure-{use}") for use in ("plan", "apply"))
    return [plan], [apply], notes
