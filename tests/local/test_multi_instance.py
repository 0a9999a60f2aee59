"""Tasks on several nodes of the local Batch: the coordination command on all, the task's command on the first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.pools import Bench, bench, until
from tests.local.test_pool_jobs import output, states
from tests.local.test_pool_nodes import WAITS, go

__all__ = ["bench"]

SHOWN = "/bin/sh -c 'env | grep -E \"^(AZ_BATCH_(NODE_LIST|HOST_LIST|MASTER|IS_CURR|TASK_SHARED)|CCP)\" | sort'"


@pytest.fixture(scope="module")
def pool(bench: Bench) -> Iterator[str]:
    """A pool of three nodes that talk to one another."""
    bench.pool("several", nodes=3, interNodeCommunication="Enabled")
    bench.job("several", "several")
    yield "several"
    bench.drop("several")


def on(number: int, command: str, **more: Any) -> dict[str, Any]:
    return {"multiInstanceSettings": {"numberOfInstances": number, "coordinationCommandLine": command, **more}}


def subtasks(bench: Bench, task: str) -> list[dict[str, Any]]:
    return [one.as_dict() for one in bench.batch.list_subtasks("several", task)]


def listed(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def test_all_nodes_coordinate_and_then_the_first_runs_the_command(bench: Bench, pool: str) -> None:
    bench.blobs().create_container("common").upload_blob("hosts", b"shared words")
    files = [{"autoStorageContainerName": "common"}]
    command = f"/bin/sh -c 'cat ../hosts; touch coordinated; {SHOWN[12:]}"
    bench.task(pool, "all", f"/bin/sh -c 'ls; {SHOWN[12:]}", **on(3, command, commonResourceFiles=files))
    info = bench.ended(pool, "all").execution_info
    assert info is not None
    assert (info.exit_code, info.result) == (0, "success")
    addresses = {str(node.ip_address) for node in bench.nodes(pool)}
    assert len(addresses) == 3
    shown = output(bench, pool, "all")
    assert shown.startswith("shared words"), "the output of the coordination command comes first"
    assert "\ncoordinated\n" in shown
    told = listed(shown)
    assert set(told["AZ_BATCH_NODE_LIST"].split(";")) == set(told["AZ_BATCH_HOST_LIST"].split(",")) == addresses
    first = told["AZ_BATCH_NODE_LIST"].split(";")[0]
    assert (told["AZ_BATCH_MASTER_NODE"], told["AZ_BATCH_IS_CURRENT_NODE_MASTER"]) == (f"{first}:6000", "true")
    assert told["CCP_NODES"].split()[:3] == ["3", first, "2"]
    others = subtasks(bench, "all")
    assert [(one["id"], one["state"], one["exitCode"], one["result"]) for one in others] == [
        (1, "completed", 0, "success"),
        (2, "completed", 0, "success"),
    ]
    for one in others:
        node, root = one["nodeInfo"]["nodeId"], one["nodeInfo"]["taskRootDirectory"]
        text = b"".join(bench.batch.download_node_file(pool, node, f"{root}/stdout.txt")).decode()
        given = listed(text)
        assert (given["AZ_BATCH_IS_CURRENT_NODE_MASTER"], given["AZ_BATCH_MASTER_NODE"]) == ("false", f"{first}:6000")
        assert given["AZ_BATCH_TASK_SHARED_DIR"].endswith(f"{node}/workitems/several/job-1/all")
    assert {(node.state, node.total_tasks_run) for node in bench.nodes(pool)} == {("idle", 1)}


def test_a_coordination_command_that_fails_somewhere_fails_the_task_and_is_retried(bench: Bench, pool: str) -> None:
    command = "/bin/sh -c 'test $AZ_BATCH_IS_CURRENT_NODE_MASTER = true && exec sleep 600; exit 3'"
    bench.task(pool, "fails", "/bin/echo never", **on(2, command), constraints={"maxTaskRetryCount": 1})
    info = bench.ended(pool, "fails").execution_info
    assert info is not None
    assert info.failure_info is not None
    assert (info.exit_code, info.retry_count, info.failure_info.code) == (3, 1, "FailureExitCode")
    assert [one["exitCode"] for one in subtasks(bench, "fails")] == [3]


def test_the_loss_of_one_node_starts_the_whole_task_anew(bench: Bench, pool: str) -> None:
    bench.task(pool, "lost", WAITS, **on(2, "/bin/true"))
    until(lambda: states(bench, pool)["lost"] == "running" and subtasks(bench, "lost"))
    bench.task(pool, "queued", **on(2, "/bin/true"))
    (other,) = subtasks(bench, "lost")
    assert states(bench, pool)["queued"] == "active", "only one node is free"
    bench.control("nodes", pool=pool, node=other["nodeInfo"]["nodeId"], state="unusable")
    until(lambda: bench.batch.get_task(pool, "lost").as_dict()["executionInfo"]["requeueCount"] == 1)
    until(lambda: states(bench, pool)["lost"] == "running" and subtasks(bench, "lost"))
    (another,) = subtasks(bench, "lost")
    assert another["nodeInfo"]["nodeId"] != other["nodeInfo"]["nodeId"]
    go(bench, pool, "lost")
    bench.ended(pool, "lost")
    bench.ended(pool, "queued")
    bench.control("nodes", pool=pool, node=other["nodeInfo"]["nodeId"], state="idle")


def test_a_task_that_is_ended_while_it_coordinates_ends_everywhere(bench: Bench, pool: str) -> None:
    bench.task(pool, "ended", "/bin/true", **on(2, "sleep 600"))
    until(lambda: [one["state"] for one in subtasks(bench, "ended")] == ["running"])
    bench.batch.terminate_task(pool, "ended")
    info = bench.ended(pool, "ended").execution_info
    assert info is not None
    assert info.failure_info is not None
    assert info.failure_info.code == "TaskEnded"
    assert [one["state"] for one in subtasks(bench, "ended")] == ["completed"]
    bench.task(pool, "after", **on(3, "/bin/true"))
    bench.ended(pool, "after")


def test_a_user_with_a_key_reaches_the_other_nodes_by_ssh(bench: Bench) -> None:
    users = [
        {"name": "mpi", "password": "p", "linuxUserConfiguration": {"sshPrivateKey": "k"}},
        {"name": "plain", "password": "p"},
    ]
    bench.pool("keys", nodes=2, interNodeCommunication="Enabled", userAccounts=users)
    bench.job("keys", "keys")
    there = 'pwd; echo by $USER "two  words" [$AZ_BATCH_NODE_ID]'
    hosts = "$(echo $AZ_BATCH_HOST_LIST | tr , ' ') 10.9.9.9"
    script = bench.azure.folder / "reach.sh"
    script.write_text(f"for host in {hosts}; do ssh -x -o A=no $host '{there}' 2>&1; done; true")
    for user in ("mpi", "plain"):
        bench.task("keys", user, f"/bin/sh {script}", userIdentity={"username": user}, **on(2, "/bin/true"))
        bench.ended("keys", user)
    nodes = bench.azure.folder / "nodes" / bench.account / "keys"
    homes = {str(nodes / str(node.id) / "shared") for node in bench.nodes("keys")}
    *lines, last = output(bench, "keys", "mpi").splitlines()
    assert (set(lines[::2]), set(lines[1::2])) == (homes, {"by mpi two  words []"})
    assert last == "ssh: connect to host 10.9.9.9 port 22: No route to host"
    denied = output(bench, "keys", "plain").splitlines()
    assert [line.partition(": ")[2] for line in denied] == ["Permission denied (publickey)."] * 3
    bench.drop("keys")


def test_a_pool_whose_nodes_do_not_talk_never_runs_it(bench: Bench, pool: str) -> None:
    bench.pool("alone", taskSlotsPerNode=2)
    bench.job("alone", "alone")
    bench.task("alone", "several", **on(1, "/bin/true"))
    bench.task("alone", "plain")
    bench.ended("alone", "plain")
    assert states(bench, "alone")["several"] == "active"
    assert list(bench.batch.list_subtasks("alone", "plain")) == []
    bench.drop("alone")
