"""A git repository with pull requests, as far as a forge does with git itself: branches, merges, events of pushes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.forge.state import State
from tests.pipelines.shell import git


@dataclass
class Repository:
    """A repository in which somebody works, and what has come about there is what a forge has."""

    folder: Path
    state: State
    pulls: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.work = self.folder / "work"
        self.origin = self.work / ".git"
        git(self.folder, "init", "--quiet", str(self.work))
        git(self.work, "config", "uploadpack.allowAnySHA1InWant", "true")
        git(self.work, "commit", "--quiet", "--allow-empty", "-m", "begin")

    def change(self, branch: str, files: Mapping[str, str]) -> str:
        """Commit these files, and what else is new, to a branch that begins at main; returns the commit."""
        there = git(self.work, "branch", "--list", branch)
        git(self.work, "checkout", "--quiet", *([branch] if there else ["-b", branch, "main"]))
        for path, text in files.items():
            (self.work / path).parent.mkdir(parents=True, exist_ok=True)
            (self.work / path).write_text(text)
        git(self.work, "add", "--all")
        git(self.work, "commit", "--quiet", "--allow-empty", "-m", f"change {branch}")
        return git(self.work, "rev-parse", "HEAD")

    def pull(self, branch: str, *, fork: bool = False) -> tuple[dict[str, Any], str]:
        """Open a pull request, or push to it: the event, and the commit of its merge, which is tried."""
        head = git(self.work, "rev-parse", branch)
        number = next((number for number, name in self.pulls.items() if name == branch), 0)
        there = next((one for one in self.state.pulls if one["number"] == number), None)
        if there:
            there["head"] = head
        else:
            number = self.state.next()
            self.state.pull(number, head, fork=fork)
            self.pulls[number] = branch
        tried = self._merged(branch, f"refs/pull/{number}/merge")
        git(self.work, "reset", "--quiet", "--hard", "HEAD^1")
        whose = {"full_name": "mallory/farm" if fork else "acme/farm"}
        told = {"number": number, "head": {"sha": head, "ref": branch, "repo": whose}, "base": {"ref": "main"}}
        return {"action": "synchronize" if there else "opened", "pull_request": told}, tried

    def merge(self, number: int) -> tuple[dict[str, Any], str]:
        """Merge a pull request: the event of the push to main, and its commit."""
        before = git(self.work, "rev-parse", "main")
        merged = self._merged(self.pulls[number], "refs/heads/main")
        next(one for one in self.state.pulls if one["number"] == number)["merge"] = merged
        return {"ref": "refs/heads/main", "before": before, "after": merged}, merged

    def push(self, files: Mapping[str, str]) -> tuple[dict[str, Any], str]:
        """Push to main, without a pull request: the event, and the commit."""
        before = git(self.work, "rev-parse", "main")
        after = self.change("main", files)
        return {"ref": "refs/heads/main", "before": before, "after": after}, after

    def _merged(self, branch: str, ref: str) -> str:
        git(self.work, "checkout", "--quiet", "main")
        git(self.work, "merge", "--quiet", "--no-ff", "-m", f"merge {branch}", branch)
        git(self.work, "update-ref", ref, "HEAD")
        return git(self.work, "rev-parse", "HEAD")
