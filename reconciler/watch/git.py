"""A branch of a git remote, fetched by the git program into a folder of its own, a folder for each commit.

What the remote, its branch and its content are called is others' to say: no word of theirs is ever an option, only the
protocols that the URL itself asks for are spoken, links become plain files, and no hook or submodule is looked at.
Whether somebody we trust has signed is git's to check, by the keys of whoever runs this.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from reconciler.errors import WrongUsage
from reconciler.watch.sources import Place, SourceError, Version, specs_in

SECONDS = 120
"""How long git may take for one thing."""
SCP = re.compile(r"[A-Za-z0-9_][\w.-]*@[A-Za-z0-9][\w.-]*:[^-].*")
"""The short form of an address for ssh, user@host:path."""
BRANCH = re.compile(r"[A-Za-z0-9_][\w./+@-]*")
QUIET = ("core.symlinks=false", "core.hooksPath=/dev/null", "core.fsmonitor=false", "gc.auto=0")
HEAD = "refs/watch/head"
LOCAL = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"}
"""What would lead git to another repository than ours."""


def protocol(url: str) -> str:
    """The protocol of a remote: https, ssh or file. WrongUsage for any other, and for what could be an option."""
    if SCP.fullmatch(url) and "://" not in url:
        return "ssh"
    if url.startswith("/"):
        return "file"
    there = urlsplit(url)
    known = there.scheme in ("https", "ssh", "file") and url.isprintable()
    if not known or (there.hostname or "").startswith("-"):
        raise WrongUsage("--git takes https://HOST/PATH, ssh://HOST/PATH, USER@HOST:PATH or a path that begins with /")
    if there.password:
        raise WrongUsage("--git has a password in its URL, which others could read; give it to git's credential helper")
    return there.scheme


def check_branch(name: str) -> None:
    """WrongUsage for what is no name of a branch."""
    if not BRANCH.fullmatch(name) or ".." in name or "@{" in name or name.endswith((".lock", "/", ".")):
        raise WrongUsage(f"--branch {name!r} is no name of a branch")


@dataclass
class Git:
    """`path` is the file or folder of the specs in it; with `verify`, a head without a good signature is not used.

    refused  the head that was not used, so that it is fetched and told once
    """

    url: str
    branch: str
    path: str
    folder: Path
    verify: bool = False
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    commit: str = ""
    refused: str = ""
    why_refused: str = ""

    def __post_init__(self) -> None:
        self.spoken = protocol(self.url)
        check_branch(self.branch)
        if Path(self.path).is_absolute() or ".." in Path(self.path).parts:
            raise WrongUsage("--path is a folder or file inside of the repository")
        self.name = f"{self.url} {self.branch}"

    def poll(self) -> Version:
        """The specs of the newest commit that may be used. Raises SourceError."""
        head = self._head()
        if head == self.refused:
            raise SourceError(self.why_refused)
        if head != self.commit or not self._place(head).is_dir():
            self._take(head)
        return self._version()

    def forget(self, used: Sequence[Path]) -> None:
        """Clear away the folders of older commits that nobody works with."""
        commits = self.folder / "commits"
        for old in commits.iterdir() if commits.is_dir() else ():
            if old.name != self.commit and not any(old in file.parents for file in used):
                shutil.rmtree(old, ignore_errors=True)

    def commit_of(self, file: Path) -> str:
        """The commit that a file of one of its versions is from."""
        return file.relative_to(self.folder / "commits").parts[0]

    def _head(self) -> str:
        told = self._git("ls-remote", "--exit-code", "--", self.url, f"refs/heads/{self.branch}")
        head = told.split("\t")[0].strip() if told else ""
        if not re.fullmatch(r"[0-9a-f]{40,64}", head):
            raise SourceError(f"{self.name}: the remote does not say what the head of the branch is")
        return head

    def _take(self, head: str) -> None:
        """Fetch the commit, check who has signed it, and lay out its files."""
        if not (self.folder / "HEAD").is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            self._git("init", "--quiet", "--bare", "--", str(self.folder), inside=False)
        options = ("--quiet", "--no-tags", "--depth=1", "--no-recurse-submodules", "--force")
        self._git("fetch", *options, "--", self.url, f"+refs/heads/{self.branch}:{HEAD}")
        fetched = self._git("rev-parse", "--verify", "--end-of-options", f"{HEAD}^{{commit}}").strip()
        if self.verify:
            self._verified(fetched)
        self._lay_out(fetched)
        self.commit = fetched

    def _verified(self, commit: str) -> None:
        try:
            self._git("verify-commit", "--", commit)
        except SourceError as error:
            self.refused = commit
            self.why_refused = f"{self.name}: {commit[:12]} has no signature that is trusted here, so it is not used"
            raise SourceError(f"{self.why_refused}: {error}") from None

    def _lay_out(self, commit: str) -> None:
        place = self._place(commit)
        part = place.with_name(f"{commit}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        index = {"GIT_INDEX_FILE": str(self.folder / "index.watch")}
        self._git(f"--work-tree={part}", "read-tree", commit, more=index)
        self._git(f"--work-tree={part}", "checkout-index", "--all", "--force", f"--prefix={part}/", more=index)
        shutil.rmtree(place, ignore_errors=True)
        part.rename(place)

    def _place(self, commit: str) -> Path:
        return self.folder / "commits" / commit

    def _version(self) -> Version:
        root = self._place(self.commit)
        place = root / self.path
        if not place.exists():
            raise SourceError(f"{self.name}: {self.commit[:12]} has no {self.path}")
        files = specs_in(place) if place.is_dir() else [place]
        specs = {str(file.relative_to(root)): Place(file, self.commit) for file in files}
        return Version(specs, self.commit[:12])

    def _git(self, *words: str, inside: bool = True, more: Mapping[str, str] | None = None) -> str:
        """What git prints. SourceError with what it says if it fails, or takes too long."""
        allowed = ("protocol.allow=never", f"protocol.{self.spoken}.allow=always")
        settings = [word for setting in (*QUIET, *allowed) for word in ("-c", setting)]
        where = [f"--git-dir={self.folder}"] if inside and (self.folder / "HEAD").is_file() else []
        ssh = self.environ.get("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
        fixed = {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": ssh, "LC_ALL": "C", **(more or {})}
        environ = {key: value for key, value in self.environ.items() if key not in LOCAL} | fixed
        command = ["git", *settings, *where, *words]
        try:
            done = subprocess.run(
                command, capture_output=True, env=environ, stdin=subprocess.DEVNULL, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise SourceError(f"{self.name}: git took longer than {SECONDS} s") from None
        except OSError as error:
            raise SourceError(f"git cannot be run: {error.strerror}; install it") from None
        if done.returncode:
            raise SourceError(f"{self.name}: {_complaint(done.stderr) or f'git ended with {done.returncode}'}")
        return done.stdout.decode(errors="replace")


def _complaint(said: bytes) -> str:
    """What git gives as the reason."""
    lines = said.decode(errors="replace").strip().splitlines()
    return next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "")
