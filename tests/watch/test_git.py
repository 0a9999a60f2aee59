"""Specs from a git remote, with the real git: hostile names, links, signatures, and a remote that is gone."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.errors import WrongUsage
from reconciler.watch import git
from reconciler.watch.git import Git
from reconciler.watch.sources import SourceError

SPEC = "apiVersion: reconciler/v1\nname: a\n"


@dataclass
class Remote:
    """A repository, and who is asked to sign in it."""

    folder: Path
    environ: dict[str, str]

    def git(self, *words: str) -> str:
        command = ["git", "-C", str(self.folder), *words]
        return subprocess.run(command, env=self.environ, capture_output=True, text=True, check=True).stdout.strip()

    def commit(self, text: str, *options: str) -> str:
        (self.folder / "specs").mkdir(exist_ok=True)
        (self.folder / "specs/a.yaml").write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "x", *options)
        return self.git("rev-parse", "HEAD")

    def source(self, folder: Path, *, verify: bool = False, url: str = "", path: str = "specs") -> Git:
        return Git(url or str(self.folder), "main", path, folder / "work", verify, self.environ)


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    settings = tmp_path / "gitconfig"
    settings.write_text("[user]\n\tname = ann\n\temail = ann@example.com\n[init]\n\tdefaultBranch = main\n")
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": str(settings), "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(tmp_path)}
    made = Remote(tmp_path / "remote", environ)
    made.folder.mkdir()
    made.git("init", "--quiet")
    return made


def test_a_new_commit_is_laid_out_beside_the_old_one_which_goes_when_nobody_uses_it(
    remote: Remote, tmp_path: Path
) -> None:
    first = remote.commit(SPEC)
    source = remote.source(tmp_path)
    before = source.poll().specs["specs/a.yaml"]
    assert (before.stamp, before.file.read_text()) == (first, SPEC)
    assert source.poll().specs["specs/a.yaml"] == before
    second = remote.commit(SPEC + "# more\n")
    after = source.poll()
    assert (after.label, after.specs["specs/a.yaml"].stamp) == (second[:12], second)
    assert before.file.read_text() == SPEC, "a round may still read it"
    source.forget([before.file])
    assert before.file.exists()
    source.forget([])
    assert not before.file.exists()
    assert after.specs["specs/a.yaml"].file.exists()


def test_a_history_that_was_written_anew_is_followed(remote: Remote, tmp_path: Path) -> None:
    remote.commit(SPEC)
    source = remote.source(tmp_path)
    source.poll()
    again = remote.commit(SPEC + "# other\n", "--amend")
    assert source.poll().label == again[:12]


def test_a_remote_that_is_gone_is_told_and_what_was_fetched_stays(remote: Remote, tmp_path: Path) -> None:
    remote.commit(SPEC)
    source = remote.source(tmp_path)
    file = source.poll().specs["specs/a.yaml"].file
    remote.folder.rename(tmp_path / "elsewhere")
    with pytest.raises(SourceError, match=r"fatal: .*does not appear to be a git repository"):
        source.poll()
    source.forget([])
    assert file.read_text() == SPEC
    (tmp_path / "elsewhere").rename(remote.folder)
    assert source.poll().specs["specs/a.yaml"].file == file


def test_links_become_plain_files_and_other_things_are_no_specs(remote: Remote, tmp_path: Path) -> None:
    (remote.folder / "specs").mkdir()
    (remote.folder / "specs/passwd.yaml").symlink_to("/etc/passwd")
    (remote.folder / "specs/base.yaml").write_text("pools: {}\n")
    remote.commit(SPEC)
    version = remote.source(tmp_path).poll()
    assert list(version.specs) == ["specs/a.yaml"]
    link = version.specs["specs/a.yaml"].file.parent / "passwd.yaml"
    assert (link.is_symlink(), link.read_text()) == (False, "/etc/passwd")


def test_hooks_of_the_work_folder_do_not_run(remote: Remote, tmp_path: Path) -> None:
    remote.commit(SPEC)
    source = remote.source(tmp_path)
    source.poll()
    hook = source.folder / "hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    remote.commit(SPEC + "# more\n")
    source.poll()
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "url",
    [
        "--upload-pack=touch /tmp/x", "-oProxyCommand=x", "ext::sh -c touch% x", "http://example.com/x", "git://x/y",
        "ssh://-oProxyCommand=x/y", "-x@host:path", "host:-oProxyCommand", "user@-oProxyCommand=x:y",
        "https://ann:word@example.com/x", "relative/path", "file\n:///x", "",
    ],
)  # fmt: skip
def test_other_protocols_and_options_in_disguise_are_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(WrongUsage):
        Git(url, "main", "specs", tmp_path)


@pytest.mark.parametrize("branch", ["--all", "", "a b", "a..b", "x.lock", "a:b", "+a", "a@{1}", "refs/heads/*", "a\n"])
def test_what_is_no_branch_is_refused(branch: str, tmp_path: Path) -> None:
    with pytest.raises(WrongUsage):
        Git("https://example.com/x", branch, "specs", tmp_path)


def test_the_path_stays_inside(tmp_path: Path) -> None:
    for path in ("/etc", "../x", "specs/../../x"):
        with pytest.raises(WrongUsage):
            Git("https://example.com/x", "main", path, tmp_path)


@pytest.mark.parametrize(
    ("url", "protocol"),
    [
        ("https://example.com/a/b.git", "https"), ("ssh://git@example.com/a/b", "ssh"), ("git@example.com:a/b", "ssh"),
        ("/srv/git/a", "file"), ("file:///srv/git/a", "file"),
    ],
)  # fmt: skip
def test_only_the_protocol_of_the_url_is_spoken(url: str, protocol: str) -> None:
    assert git.protocol(url) == protocol


def test_a_path_that_the_commit_lacks_is_told(remote: Remote, tmp_path: Path) -> None:
    remote.commit(SPEC)
    with pytest.raises(SourceError, match="has no other"):
        remote.source(tmp_path, path="other").poll()


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="keys for signatures are made by ssh-keygen")
def test_a_head_without_a_signature_that_is_trusted_is_not_used_and_the_last_good_one_stays(
    remote: Remote, tmp_path: Path
) -> None:
    key, allowed = tmp_path / "key", tmp_path / "allowed"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    allowed.write_text(f"ann@example.com {key.with_suffix('.pub').read_text()}")
    remote.git("config", "--file", remote.environ["GIT_CONFIG_GLOBAL"], "gpg.format", "ssh")
    remote.git("config", "--file", remote.environ["GIT_CONFIG_GLOBAL"], "gpg.ssh.allowedSignersFile", str(allowed))
    remote.git("config", "user.signingKey", str(key))
    good = remote.commit(SPEC, "--gpg-sign")
    source = remote.source(tmp_path, verify=True)
    assert source.poll().label == good[:12]
    remote.commit(SPEC + "# unsigned\n", "--no-gpg-sign")
    for _ in range(2):
        with pytest.raises(SourceError, match="has no signature that is trusted here, so it is not used"):
            source.poll()
    assert source.commit == good
    best = remote.commit(SPEC + "# signed\n", "--gpg-sign")
    assert source.poll().label == best[:12]
    allowed.write_text("")
    last = remote.commit(SPEC + "# by somebody\n", "--gpg-sign")
    with pytest.raises(SourceError, match=last[:12]):
        source.poll()
