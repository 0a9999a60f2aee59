"""preview, its end, and cleanup --expired on the local Azure: what is tried, what is told, what stays and what goes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from azure.storage.blob import BlobBlock

from reconciler import marks
from reconciler.cli import testimages
from reconciler.cloud import arm
from reconciler.model import Mark
from tests.cli.command import reconcile
from tests.conftest import Azure, World, new_world

ACCOUNTS = "Microsoft.Storage/storageAccounts"
COMMAND = "echo {{n}} > out.txt; test {{n}} -lt 10"


@dataclass
class Try:
    """A spec that is live with all its results, and previews of changes of it."""

    world: World

    def __post_init__(self) -> None:
        place = f"storage/{self.world.account}"
        self.world.text["storage"][self.world.account]["containers"] += ["staging", "results"]
        self.tasks: dict[str, Any] = {
            "each": {
                "sweep": {"n": {"from": 1, "to": 9}},
                "command": COMMAND,
                "outputs": [{"pattern": "out.txt", "to": f"{place}/results"}],
            },
            "sum": {
                "dependsOn": ["each"],
                "command": "cat */*/out.txt > sum.txt",
                "inputs": [{"from": f"{place}/results", "prefix": "count/"}],
                "outputs": [{"pattern": "sum.txt", "to": f"{place}/results", "path": "sum.txt"}],
            },
        }
        done = {"webhook": "https://example.com/told"}
        self.world.text["jobs"]["count"] = {
            "pool": "pools/pool",
            "staging": f"{place}/staging",
            "tasks": self.tasks,
            "onDone": done,
            "wait": True,
        }

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        self.world.spec()
        return reconcile("preview", str(self.world.file), "--name", "pr-1", *options)

    def tried(self, *options: str, code: int = 0) -> Any:
        done = self.run("--yes", "--format", "json", "--sample", "3", *options)
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout)

    def live(self) -> dict[str, dict[str, str]]:
        """Containers → their marks and metadata."""
        cloud = self.world.cloud()
        place = (
            f"{cloud.id_of('Microsoft.Storage/storageAccounts', self.world.account)}/blobServices/default/containers"
        )
        return {raw["name"]: raw["properties"].get("metadata") or {} for raw in arm.listing(cloud, place)}

    def leave(self, name: str, **tags: str) -> None:
        """A container with these marks."""
        cloud = self.world.cloud()
        place = (
            f"{cloud.id_of('Microsoft.Storage/storageAccounts', self.world.account)}/blobServices/default/containers"
        )
        arm.put(cloud, f"{place}/{name}", {"properties": {"metadata": tags}})


@pytest.fixture(scope="module")
def live(azure_server: Azure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Try]:
    with new_world(azure_server, tmp_path_factory.mktemp("preview")) as world:
        made = Try(world)
        del world.text["jobs"]["count"]["onDone"], world.text["jobs"]["job"]
        assert {outcome.status for outcome in world.apply().values()} == {"done"}
        world.text["jobs"]["count"]["onDone"] = {"webhook": "https://example.com/told"}
        in_blocks(world.container("results"))
        yield made


def in_blocks(results: Any) -> None:
    """The results anew, as programs write them that give no digest."""
    for blob in list(results.list_blobs(include=["metadata"])):
        client = results.get_blob_client(blob.name)
        content = client.download_blob().readall()
        client.stage_block("MA==", content)
        client.commit_block_list([BlobBlock("MA==")], metadata=blob.metadata)


def test_what_does_the_same_has_the_same_results(live: Try) -> None:
    told = live.tried()
    assert told["counts"] == {"equal": 3, "differs": 1, "same size": 0, "missing": 0, "new": 0}
    (differs,) = [each for each in told["outputs"] if each["verdict"] == "differs"]
    assert (differs["name"], differs["partial"]) == ("sum.txt", True)
    assert {(ran["job"], ran["entry"], ran["tasks"], ran["failed"]) for ran in told["ran"]} == {
        ("count", "each", 3, 0),
        ("count", "sum", 1, 0),
    }
    assert all(ran["live"] for ran in told["ran"])
    assert live.world.plan().steps == ()


def test_a_change_is_told_and_what_fails_is_missing(live: Try) -> None:
    live.tasks["each"]["command"] = "echo {{n}}{{n}} > out.txt; test {{n}} -lt 9 || rm out.txt; test -f out.txt"
    live.tasks["each"]["outputs"][0]["when"] = "success"
    told = live.tried(code=5)
    names = {each["name"].rpartition("/")[2]: each["verdict"] for each in told["outputs"] if each["verdict"] != "equal"}
    assert (told["counts"]["missing"], told["counts"]["differs"]) == (2, 2), names
    reasons = {failure["task"].partition("-")[0]: failure["reason"] for failure in told["failures"]}
    assert (reasons["each"], set(reasons)) == ("exit code 1", {"each", "sum"}), "and what depends on it"
    live.tasks["each"]["command"] = COMMAND


def test_only_the_same_bytes_are_equal(live: Try) -> None:
    (size,) = [each["after"] for each in live.tried()["outputs"] if each["name"] == "sum.txt"]
    client = live.world.container("results").get_blob_client("sum.txt")
    client.stage_block("MA==", b"x" * size)
    client.commit_block_list([BlobBlock("MA==")])
    (sum_,) = [each for each in live.tried()["outputs"] if each["name"] == "sum.txt"]
    assert (sum_["before"], sum_["after"], sum_["verdict"]) == (size, size, "differs")


def test_what_is_not_live_yet_is_refused_and_all_else_that_changes_is_named(live: Try) -> None:
    containers = live.world.text["storage"][live.world.account]["containers"]
    containers.append("more")
    live.tasks["sum"]["inputs"].append({"from": f"storage/{live.world.account}/more"})
    done = live.run("--yes")
    assert done.returncode == 3
    assert f"container/{live.world.account}/more is not live yet, and a preview makes only" in done.stderr
    live.tasks["sum"]["inputs"].pop()
    notes = live.tried()["notes"]
    assert notes == [f"Not tried here, but part of the change: container/{live.world.account}/more (create)"]
    containers.pop()


def test_what_has_its_names_is_left_alone(live: Try) -> None:
    live.leave("results-pr-2", **marks.with_mark({}, Mark("other-pr-2", "x", expires="2999-01-01T00:00:00Z")))
    done = live.run("--yes", "--name", "pr-2")
    assert done.returncode == 3
    taken = f"container/{live.world.account}/results-pr-2 belongs to the spec 'other-pr-2'; take another --name"
    assert taken in done.stderr
    assert "staging-pr-2" not in live.live()


def test_the_end_leaves_nothing_of_it_and_all_else(live: Try) -> None:
    live.tried()
    before = live.live()
    mine = {name for name in before if name.endswith("-pr-1")}
    assert mine == {"results-pr-1", "staging-pr-1"}
    assert all(before[name][marks.EXPIRES] for name in mine)
    assert live.run("--end").returncode == 3, "it asks"
    done = live.run("--end", "--yes")
    assert done.returncode == 0, done.stderr
    assert set(live.live()) == set(before) - mine
    assert live.run("--end").stdout == f"There is nothing of the preview {live.world.text['name']}-pr-1.\n"


def test_only_what_says_that_it_has_expired_goes(live: Try) -> None:
    name = live.world.text["name"]
    past = "2000-01-01T00:00:00Z"
    for container, expires in {"old": past, "new": "2999-01-01T00:00:00Z", "odd": "now", "none": ""}.items():
        live.leave(container, **marks.with_mark({}, Mark(f"{name}-pr-3", "x", expires=expires)))
    live.leave("nobodys", **{marks.EXPIRES: past})
    before = live.live()
    asked = reconcile("cleanup", "--expired", str(live.world.file))
    assert (asked.returncode, set(live.live())) == (3, set(before))
    done = reconcile("cleanup", "--expired", "--yes", str(live.world.file))
    assert done.returncode == 0, done.stderr
    assert set(before) - set(live.live()) == {"old"}
    assert reconcile("cleanup", "--expired", str(live.world.file)).stdout == "No preview has expired.\n"
    assert reconcile("cleanup", "--expired", "--all", str(live.world.file)).returncode == 4


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--name", "PR 12"), "must be lower-case letters, digits and single hyphens"),
        (("--name", "pr--1"), "must be lower-case letters"),
        (("--name", "pr-g2"), "ends like a later generation of a pool"),
        (("--name", "a" * 25), "has 25 characters, and 24 at most"),
        (("--for", "12"), "is no time up to 30 days; write 24h or 3d"),
        (("--for", "31d"), "is no time up to 30 days"),
        (("--sample", "0"), "not in the range"),
    ],
)
def test_what_cannot_be_asked_is_told(options: tuple[str, ...], says: str, live: Try) -> None:
    done = live.run(*options)
    assert done.returncode == 4
    assert says in done.stderr


@pytest.mark.slow
def test_a_conversion_is_tried_on_a_few_of_its_inputs(world: World) -> None:
    for _ in range(2):  # the containers, then what is in them
        world.apply()
        for name, data in testimages.generate(5, "p", seed=1):
            world.container("images").upload_blob(name, data, overwrite=True)
    world.apply()
    done = reconcile("preview", str(world.file), "--name", "pr-1", "--sample", "3", "--yes", "--format", "json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["outputs"]
    assert [(each["name"], each["verdict"]) for each in told] == [
        (f"p000{number}.png", "equal") for number in (0, 2, 4)
    ]
