"""Which specs a change touches, in the order in which they depend on one another."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.forge import touched
from tests.cli.command import reconcile

AZURE: dict[str, Any] = {
    "subscription": "11111111-1111-1111-1111-111111111111",
    "location": "italynorth",
    "resourceGroup": "rg-farm",
}

SWEEP: dict[str, Any] = {
    "storage": {"sasweep": {"containers": ["staging"]}},
    "identities": {"id-a": {"roles": [{"role": "Storage Blob Data Contributor", "scope": "storage/sasweep"}]}},
    "batchAccount": {"name": "basweep", "autoStorage": "storage/sasweep", "autoStorageIdentity": "identities/id-a"},
    "pools": {"p": {"vmSize": "Standard_D2s_v3", "image": "ubuntu-24.04", "nodes": 1, "identity": "identities/id-a"}},
    "applications": {"tool": {"defaultVersion": "1.0", "packages": {"1.0": "tool"}}},
    "jobs": {
        "j": {
            "pool": "pools/p",
            "staging": "storage/sasweep/staging",
            "tasks": {"t": {"command": "python3 run.py", "files": ["sweep/run.py", "sweep/data/rows.csv"]}},
        }
    },
}


class Repository:
    """A repository with specs in it; `run` is what `ci touched` prints, the exit code and the errors."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.email", "ann@example.org")
        self.git("config", "user.name", "Ann")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
        )
        return done.stdout.strip()

    def spec(self, name: str, **sections: Any) -> None:
        azure = AZURE | sections.pop("azure", {})
        body = {"apiVersion": "reconciler/v1", "name": name.rpartition("/")[2], "azure": azure, **sections}
        self.file(f"specs/{name}.yaml", json.dumps(body))

    def file(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "change")
        return self.git("rev-parse", "HEAD")

    def run(self, since: str, *arguments: str, cwd: str = ".") -> tuple[int, list[str], str]:
        done = reconcile("ci", "touched", "--since", since, *arguments, cwd=self.folder / cwd)
        return done.returncode, done.stdout.splitlines(), done.stderr


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A spec that makes an account for the two others, of which one has tasks with files."""
    made = Repository(tmp_path)
    storage: Any = {"storage": {"safarm": {"containers": ["inputs"]}}}
    made.spec("zz-shared", batchAccount={"name": "bafarm"}, **storage)
    used = {"azure": {"existing": True}, "batchAccount": {"name": "bafarm", "existing": True}}
    made.spec("bench", **used)
    made.file("specs/sweep/run.py", "print(1)\n")
    made.file("specs/sweep/data/rows.csv", "a\n1\n")
    made.file("specs/tool/bin/tool", "#!/bin/sh\n")
    made.file("specs/base.txt", json.dumps({"azure": AZURE}))
    made.spec("sweep", extends="base.txt", **SWEEP)
    made.file("README.md", "a farm\n")
    made.commit()
    return made


def test_nothing_that_a_spec_is_made_of_touches_none(repository: Repository) -> None:
    repository.file("README.md", "a large farm\n")
    repository.commit()
    assert repository.run("HEAD~1") == (0, [], "")
    assert repository.run("HEAD~1", "--format", "json")[1] == ["[]"]


def test_what_others_use_comes_first(repository: Repository) -> None:
    for name in ("bench", "sweep", "zz-shared"):
        text = (repository.folder / f"specs/{name}.yaml").read_text()
        repository.file(f"specs/{name}.yaml", text + "\n# why\n")
    repository.commit()
    code, found, error = repository.run("HEAD~1")
    assert (code, error) == (0, "")
    assert found == ["specs/sweep.yaml", "specs/zz-shared.yaml", "specs/bench.yaml"]
    listed = json.loads(repository.run("HEAD~1", "--format", "json")[1][0])
    assert listed[1] == {"spec": "specs/zz-shared.yaml", "name": "specs-zz-shared"}


@pytest.mark.parametrize("file", ["specs/sweep/run.py", "specs/sweep/data/rows.csv", "specs/base.txt"])
def test_a_file_that_is_changed_deleted_or_new_touches_what_refers_to_it(repository: Repository, file: str) -> None:
    repository.file(file, (repository.folder / file).read_text() + "\n")
    repository.commit()
    assert repository.run("HEAD~1")[1] == ["specs/sweep.yaml"]
    (repository.folder / file).unlink()
    repository.commit()
    assert repository.run("HEAD~1")[1] == ["specs/sweep.yaml"]


def test_a_new_file_of_a_folder_touches_what_refers_to_that(repository: Repository) -> None:
    repository.file("specs/tool/more/new.txt", "new")
    repository.commit()
    assert repository.run("HEAD~1")[1] == ["specs/sweep.yaml"]


def test_dependents_are_told_if_they_are_asked_for(repository: Repository) -> None:
    repository.file("specs/zz-shared.yaml", (repository.folder / "specs/zz-shared.yaml").read_text() + "\n")
    repository.commit()
    assert repository.run("HEAD~1")[1] == ["specs/zz-shared.yaml"]
    assert repository.run("HEAD~1", "--dependents")[1] == ["specs/zz-shared.yaml", "specs/bench.yaml"]


def test_only_what_came_since_the_branches_parted_counts(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "change")
    repository.file("specs/sweep/run.py", "print(2)\n")
    repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.file("specs/bench.yaml", (repository.folder / "specs/bench.yaml").read_text() + "\n")
    repository.commit()
    repository.git("checkout", "--quiet", "change")
    assert repository.run("main")[1] == ["specs/sweep.yaml"]


def test_a_spec_that_cannot_be_read_counts_as_touched(repository: Repository) -> None:
    repository.file("specs/broken.yaml", "name: [\n")
    repository.commit()
    code, found, error = repository.run("HEAD")
    assert (code, found) == (0, ["specs/broken.yaml"])
    assert error.startswith("warning: a spec that cannot be read counts as touched: specs/broken.yaml:")


def test_a_spec_that_is_deleted_is_told_of(repository: Repository) -> None:
    for name in ("notes.yaml", "specs/notes.txt"):
        repository.file(name, "no spec")
    repository.commit()
    for name in ("notes.yaml", "specs/notes.txt"):
        (repository.folder / name).unlink()
    repository.commit()
    assert repository.run("HEAD~1") == (0, [], "")
    (repository.folder / "specs/bench.yaml").unlink()
    repository.commit()
    code, found, error = repository.run("HEAD~1")
    assert (code, found) == (0, [])
    assert error.startswith("warning: specs/bench.yaml is deleted, and what it made stays; ")


def test_a_circle_is_told(repository: Repository) -> None:
    repository.spec("a", storage={"saone": {}, "satwo": {"existing": True}}, azure={"existing": True})
    repository.spec("b", storage={"satwo": {}, "saone": {"existing": True}}, azure={"existing": True})
    repository.commit()
    code, found, error = repository.run("HEAD~1")
    assert (code, set(found)) == (0, {"specs/a.yaml", "specs/b.yaml"})
    assert "these specs use what each other make, so there is no right order: specs/" in error


def test_a_history_that_is_not_there_names_the_remedy(repository: Repository, tmp_path: Path) -> None:
    code, _, error = repository.run("origin/main")
    assert (code, "there is no commit origin/main here; check its name" in error) == (4, True)
    assert "`fetch-depth: 0` of actions/checkout" in error
    code, _, error = repository.run("0" * 40)
    assert (code, "the branch is new; name what it came from, such as origin/main" in error) == (4, True)
    assert repository.run("--output=/tmp/x")[0] == 4
    first = repository.git("rev-parse", "HEAD")
    repository.commit()
    shallow = Repository(tmp_path / "other")
    shallow.git("fetch", "--quiet", "--depth=1", f"file://{repository.folder}", "main")
    shallow.git("checkout", "--quiet", "FETCH_HEAD")
    code, _, error = shallow.run(first)
    assert (code, f"there is no commit {first} here; the clone is shallow: fetch the whole" in error) == (4, True)


def test_branches_with_nothing_in_common_and_no_repository_say_so(repository: Repository, tmp_path: Path) -> None:
    repository.git("checkout", "--quiet", "--orphan", "other")
    repository.file("README.md", "another farm\n")
    repository.commit()
    code, _, error = repository.run("main")
    assert (code, "main and HEAD have no commit in common here" in error) == (4, True)
    done = reconcile("ci", "touched", "--since", "main", cwd=tmp_path, GIT_CEILING_DIRECTORIES="/", GIT_DIR="/nowhere")
    assert (done.returncode, "is in no git repository that can be read: " in done.stderr) == (4, True)


def test_specs_are_named_from_any_folder_and_by_links(repository: Repository) -> None:
    (repository.folder / "specs/link.yaml").symlink_to("sweep.yaml")
    repository.commit()
    repository.file("specs/sweep.yaml", (repository.folder / "specs/sweep.yaml").read_text() + "\n")
    repository.commit()
    assert repository.run("HEAD~1")[1] == ["specs/link.yaml", "specs/sweep.yaml"]
    assert repository.run("HEAD~1", "sweep.yaml", "bench.yaml", cwd="specs")[1] == ["sweep.yaml"]


def test_a_name_that_looks_like_two_lines_is_refused(repository: Repository) -> None:
    repository.file("specs/a.yaml\n--yes.yaml", "x")
    repository.commit()
    code, found, error = repository.run("HEAD~1")
    assert (code, found) == (4, [])
    assert "specs/a.yaml\\x0a--yes.yaml has signs in its name that would look like more lines" in error


PATHS = [Path(name) for name in "abcdef"]


@given(st.dictionaries(st.sampled_from(PATHS), st.sets(st.sampled_from(PATHS))))
def test_an_order_has_each_once_and_after_what_it_needs(drawn: dict[Path, set[Path]]) -> None:
    needed = {path: (others & drawn.keys()) - {path} for path, others in drawn.items()}
    order, circles = touched.ordered(needed)
    assert sorted(order) == sorted(needed)
    late = [(path, other) for path in needed for other in needed[path] if order.index(other) > order.index(path)]
    assert len(late) <= len(circles)
    assert all(set(pair) <= {part for circle in circles for part in circle} for pair in late)
    found = touched.dependents(needed, PATHS[:1])
    assert found == {path for path in needed if path in found or needed[path] & {PATHS[0]}}
