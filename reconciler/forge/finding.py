"""Which forge this run is on: what its runner has set says so."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.errors import WrongUsage
from reconciler.forge import azure_devops, github, gitlab
from reconciler.forge.forge import Forge


def found(environ: Mapping[str, str]) -> Forge:
    """The forge of this run. WrongUsage if there is none, or if a variable or the token is missing."""
    if environ.get("GITHUB_ACTIONS"):
        return github.found(environ)
    if environ.get("TF_BUILD"):
        return azure_devops.found(environ)
    if environ.get("GITLAB_CI"):
        return gitlab.found(environ)
    raise WrongUsage(
        "this is no run of a pipeline that is known: none of GITHUB_ACTIONS, TF_BUILD and GITLAB_CI is set, "
        "as GitHub, Azure DevOps and GitLab do"
    )
