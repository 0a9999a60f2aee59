"""What Entra ID says of a pipeline's token that no federated credential fits, and what to add to the spec. Pure.

Source: answers of login.microsoftonline.com, quoted in issues of Azure/login and azure-workload-identity;
learn.microsoft.com, Workload identity federation, GitHub immutable subjects.
"""

from __future__ import annotations

import json
import re

_NO_MATCH = re.compile(
    r"AADSTS(?P<code>700211|700212|700213|7002138|70021)\b: No matching federated identity record found for presented "
    r"assertion(?: (?P<what>subject|issuer|audience) '(?P<value>[^'\r\n]{1,600})')?"
)
_IDS = re.compile(r"repo:[^/:@]+@\d+/[^/:@]+@\d+:")
GITHUB = "https://token.actions.githubusercontent.com"
GITLAB = "https://gitlab.com"
MOVED = (
    "GitHub's tokens for repositories that were made, renamed or moved since 2026-07-15, and for those that opted in, "
    "name owner and repository with their ids (repo:OWNER@ID/REPO@ID:...)"
)


def advice(said: str) -> str:
    """What to do about a sign-in that failed so, in several lines; empty if it failed for another reason."""
    match = _NO_MATCH.search(said)
    if match is None:
        return ""
    what, value = match["what"] or "assertion", match["value"] or ""
    lines = [f"no federated credential of this identity has the presented {what}{f' {value!r}' if value else ''}."]
    if what == "subject":
        lines += ["Add it to the identity (AZURE_CLIENT_ID) that the pipeline signs in as, in the spec that makes it:"]
        lines += _entry(value)
        lines += _why(value, case=match["code"] == "7002138")
    elif what == "issuer":
        lines += ["Its credentials are for other issuers: correct issuer: of one, letter for letter, slashes included."]
    else:
        lines += ["Compare issuer, subject and audience of its credentials with those of the pipeline's token."]
    return "\n".join([*lines, "A new credential takes a minute or so to be honoured."])


def _entry(subject: str) -> list[str]:
    """The entry of a spec for a subject; values are quoted, as whoever made the token chose them."""
    name = re.sub(r"[^a-zA-Z0-9]+", "-", subject.split(":", 2)[-1]).strip("-")[:100] or "pipeline"
    name = name if len(name) > 2 else f"ci-{name}"
    issuer = GITHUB if subject.startswith("repo:") else GITLAB if subject.startswith("project_path:") else ""
    return [
        "  federatedCredentials:",
        f"    - name: {name}",
        f"      issuer: {issuer or 'https://... (the claim iss of the token)'}",
        f"      subject: {json.dumps(subject)}",
    ]


def _why(subject: str, *, case: bool) -> list[str]:
    if case:
        return ["One has it in other letters: Azure compares capitals since 2024."]
    if _IDS.match(subject):
        return [f"{MOVED}: a credential without the ids does not fit any more."]
    return []
