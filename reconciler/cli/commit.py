"""Which commit a spec is of: the pipeline says it, or git does."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

VARIABLES = ("GITHUB_SHA", "BUILD_SOURCEVERSION", "CI_COMMIT_SHA")
"""Where pipelines of GitHub, Azure and GitLab say it."""
SECONDS = 5
"""How long git may take: a repository may be on a slow disk."""
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)


def found(spec: Path, environ: Mapping[str, str]) -> tuple[str, bool | None]:
    """The id of the commit, empty if nobody knows; and whether files have changes that are not in it, the spec among
    them where git does not know it at all. None: nobody knows."""
    told = next((environ[name] for name in VARIABLES if _SHA.fullmatch(environ.get(name, ""))), "")
    own = git(spec.parent, "rev-parse", "--verify", "HEAD") or ""
    commit = told or (own if _SHA.fullmatch(own) else "")
    if not commit or own != commit:
        return commit, None
    tracked = git(spec.parent, "status", "--porcelain", "--untracked-files=no")
    of_spec = git(spec.parent, "status", "--porcelain", "--", spec.name)
    return commit, None if tracked is None or of_spec is None else bool(tracked or of_spec)


def git(folder: Path, *arguments: str) -> str | None:
    """What git says; None if it cannot. It runs nothing that the repository names, and writes nothing."""
    safe = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
    try:
        done = subprocess.run(
            ["git", *safe, *arguments],
            cwd=folder,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None
