"""What git knows of a change: the files that differ between where it began and now."""

from __future__ import annotations

import subprocess
from pathlib import Path

from reconciler.errors import ReconcileError, WrongUsage
from reconciler.render.plain import clean

WHOLE = (
    "fetch the whole history: `fetch-depth: 0` of actions/checkout, `fetchDepth: 0` of a checkout step of "
    "Azure DevOps, `GIT_DEPTH: 0` of GitLab"
)


def root(folder: Path) -> Path:
    """The top of the repository that a folder is in. WrongUsage if it is in none."""
    done = _git(folder, "rev-parse", "--show-toplevel")
    if done.returncode:
        raise WrongUsage(
            f"{folder.resolve()} is in no git repository that can be read: {_said(done)}; check it out first"
        )
    return Path(done.stdout.removesuffix("\n"))


def changed(top: Path, since: str) -> dict[Path, bool]:
    """Absolute paths of the files that the commits since the merge base of `since` and HEAD change → whether they have
    deleted it. A file that was moved is there twice. WrongUsage if git does not know that far."""
    commit = _commit(top, since)
    base = _git(top, "merge-base", commit, "HEAD")
    if base.returncode:
        raise WrongUsage(f"{clean(since)} and HEAD have no commit in common here; {_remedy(top)}")
    done = _git(top, "diff", "--no-renames", "--no-ext-diff", "--name-status", "-z", base.stdout.strip(), "HEAD")
    if done.returncode:
        raise ReconcileError(f"cannot see what has changed since {clean(since)}: {_said(done)}; {_remedy(top)}")
    fields = done.stdout.split("\0")
    return {top / name: status == "D" for status, name in zip(fields[::2], fields[1::2], strict=False)}


def _commit(top: Path, since: str) -> str:
    if since and not since.strip("0"):
        raise WrongUsage(f"{since} is no commit: the branch is new; name what it came from, such as origin/main")
    done = _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{since}^{{commit}}")
    if done.returncode:
        raise WrongUsage(f"there is no commit {clean(since)} here; {_remedy(top)}")
    return done.stdout.strip()


def _remedy(top: Path) -> str:
    shallow = _git(top, "rev-parse", "--is-shallow-repository").stdout.strip() == "true"
    return f"the clone is shallow: {WHOLE}" if shallow else f"check its name; if it is right, {WHOLE}"


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise ReconcileError("there is no git here; install it, as this asks it for what has changed") from None


def _said(done: subprocess.CompletedProcess[str]) -> str:
    return clean(done.stderr.strip().removeprefix("fatal: ").split("\n")[0])
