"""init --identity: the spec of whom the pipelines sign in as, beside the pipelines."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from reconciler.cli import commit
from reconciler.errors import WrongUsage

FILE = "identity.yaml"
"""Where it goes: beside specs/, because whoever gives roles applies it, and no pipeline."""
REMOTE = re.compile(r"(?:\w+://(?:[^/@]+@)?|[^/@]+@)(?P<host>[^/:]+)(?::\d+)?[/:](?P<path>.+?)(?:\.git)?/?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the pipelines run, as the options say; empty and 0 where they do not."""

    forge: str
    repository: str
    owner_id: int
    repository_id: int
    branch: str
    environment: str


def spec_of(folder: Path, place: Place, name: str, group: str, location: str) -> dict[str, str]:
    """The text of the spec, by its path in the folder."""
    from reconciler.pipelines import identity

    repository = place.repository or _repository(folder, place.forge)
    prefix = _prefix(repository) if place.forge == "github" else ""
    source = identity.Source(
        ci=place.forge,
        repository=repository,
        branch=place.branch,
        environment=place.environment,
        prefix=prefix,
        owner_id=place.owner_id,
        repository_id=place.repository_id,
    )
    try:
        return {FILE: identity.identity_spec(name, group, location, source)}
    except ValueError as error:
        raise WrongUsage(f"--repository {error}") from None


def _repository(folder: Path, forge: str) -> str:
    """The path of the repository on the forge, as its remote `origin` says."""
    if forge == "azure-devops":
        raise WrongUsage("--identity needs organisation and project: --repository ORGANISATION/PROJECT")
    found = REMOTE.fullmatch(commit.git(folder, "remote", "get-url", "origin") or "")
    if not found:
        raise WrongUsage(
            "--identity needs to know the repository, and git has no remote origin: --repository OWNER/NAME"
        )
    return found["path"]


def _prefix(repository: str) -> str:
    """How the subjects of the repository's tokens begin, if GitHub tells."""
    import httpx

    from reconciler.pipelines import identity

    token = os.environ.get("GITHUB_TOKEN") or os.environ.get("GH_TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(headers=headers, timeout=10) as client:
        return identity.subject_prefix(client, repository)
