"""The name of a budget in Azure, which is all that says whose it is. Pure."""

from __future__ import annotations

from reconciler import marks

MOST = 63
"""Characters of a name. Source: learn.microsoft.com, naming rules and restrictions, Microsoft.Consumption."""


def written(owner: str, name: str) -> str:
    """`reconcile_SPEC_NAME`; no name of a spec has the character between."""
    return f"{marks.PREFIX}{owner}_{name}"


def read(owner: str, live: str) -> str:
    """The name in the spec of a live budget; empty if it is not one of `owner`. Azure ignores letter case."""
    prefix = written(owner, "")
    return live[len(prefix) :] if live.lower().startswith(prefix.lower()) else ""
