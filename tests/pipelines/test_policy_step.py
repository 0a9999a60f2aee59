"""Which policies a pipeline names: that of the main branch always, and that of the change beside it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from reconciler.pipelines.template import read
from tests.pipelines.shell import BASH, git

OF_MAIN = ".git/policy-of-main.yaml"
CASES: Mapping[str, tuple[str | None, str | None, str]] = {
    "there is none": (None, None, ""),
    "it is the same": ("a", "a", "policy.yaml"),
    "the change has another": ("a", "b", f"{OF_MAIN}:policy.yaml"),
    "the change takes it away": ("a", None, OF_MAIN),
    "the change adds it": (None, "b", "policy.yaml"),
    "the change leads elsewhere": ("a", "->nowhere", OF_MAIN),
}
"""What main has, what the change has, and what is named."""


def commit(folder: Path, text: str | None) -> str:
    file = folder / "policy.yaml"
    file.unlink(missing_ok=True)
    if text and text.startswith("->"):
        file.symlink_to(text[2:])
    elif text:
        file.write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "change")
    return git(folder, "rev-parse", "HEAD")


def named(folder: Path, main: str, **environ: str) -> subprocess.CompletedProcess[str]:
    script = f'{read("steps/policy.sh")}printf %s "$RECONCILE_POLICY"'
    env = {"PATH": os.environ["PATH"], "MAIN": main, **environ}
    return subprocess.run([*BASH, "-c", script], cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("case", CASES)
def test_that_of_main_and_that_of_the_change(tmp_path: Path, case: str) -> None:
    of_main, of_change, expected = CASES[case]
    git(tmp_path, "init", "--quiet")
    main = commit(tmp_path, of_main)
    commit(tmp_path, of_change)
    (tmp_path / OF_MAIN).write_text("what an earlier job left")
    done = named(tmp_path, main)
    assert (done.returncode, done.stdout) == (0, expected), done.stderr
    if OF_MAIN in expected:
        assert (tmp_path / OF_MAIN).read_text() == of_main
    machine = named(tmp_path, main, RECONCILE_POLICY="/etc/org.yaml")
    assert machine.stdout == ":".join(filter(None, ("/etc/org.yaml", expected)))


def test_without_the_main_branch_nothing_goes_on(tmp_path: Path) -> None:
    """A clone that is too shallow is no reason to judge by no policy."""
    git(tmp_path, "init", "--quiet")
    commit(tmp_path, "a")
    for unknown in ("HEAD^1", "0" * 40, "f" * 40):
        done = named(tmp_path, unknown)
        assert (done.returncode != 0, done.stdout) == (True, "")
