"""Quick builds read the context that was uploaded, fail where docker would, and push what they made."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.storage.blob import BlobClient

import azure_local
from tests.conftest import Azure
from tests.local.registries import FILES, TASKS, Registry, archive, http, operator, prepared, temporary


@pytest.fixture(scope="module")
def registry(azure_server: Azure) -> Iterator[Registry]:
    """One for all builds here; each has run ids of its own."""
    for found in temporary(azure_server.advance):
        found.make()
        yield found


@pytest.fixture
def unmade(azure: Azure) -> Iterator[Registry]:
    yield from temporary(azure.advance)


def test_a_build_pushes_an_image_whose_digest_follows_from_its_source(registry: Registry) -> None:
    scheduled = registry.schedule(registry.upload(archive(FILES))).json()
    assert scheduled["properties"]["status"] == "Queued"
    run = registry.finished(scheduled["name"])
    assert run["status"] == "Succeeded"
    (image,) = run["outputImages"]
    assert (image["registry"], image["repository"], image["tag"]) == (registry.login, "worker", "v1")
    token = registry.access("repository:worker:pull", operator("https://containerregistry.azure.net"))
    shown = registry.data("GET", "/v2/worker/manifests/v1", token)
    assert shown.headers["Docker-Content-Digest"] == image["digest"]
    assert f"sha256:{hashlib.sha256(shown.content).hexdigest()}" == image["digest"]
    assert registry.data("HEAD", f"/v2/worker/manifests/{image['digest']}", token).status_code == 200
    again = registry.build(imageNames=["other/name:{{.Run.ID}}"])["outputImages"][0]
    assert (again["digest"], again["tag"]) == (
        image["digest"],
        registry.arm("GET", "/runs", TASKS).json()["value"][0]["name"],
    )
    changed = {**FILES, "worker/main.py": "print(2)\n"}
    assert registry.build(changed)["outputImages"][0]["digest"] != image["digest"]
    argued = registry.build(arguments=[{"name": "A", "value": "1"}])
    assert argued["outputImages"][0]["digest"] != image["digest"]


def test_the_log_of_a_build_reads_like_acrs(registry: Registry) -> None:
    run = registry.build()
    log = registry.log(run["runId"])
    assert "Step 3/4 : COPY worker/*.py ." in log
    assert f"v1: digest: {run['outputImages'][0]['digest']}" in log
    assert "repository: library/python" in log
    assert f"Run ID: {run['runId']} was successful after" in log


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"main.py": ""}, "lstat /workspace/Dockerfile: no such file or directory"),
        ({"Dockerfile": "FROM a\nCOPPY a b\n"}, "dockerfile parse error line 2: unknown instruction: COPPY"),
        ({"Dockerfile": "FROM a\nCOPY main.py /\n"}, "Step 2/2 : COPY main.py /\nCOPY failed: file not found"),
        ({"Dockerfile": "FROM missing:1\n"}, "manifest for missing:1 not found: manifest unknown"),
        ({"Dockerfile": "FROM other.azurecr.io/a\n"}, "unauthorized: authentication required"),
        ({"Dockerfile": "FROM a\n", "../escape": ""}, "an entry outside of itself"),
    ],
)
def test_a_build_fails_where_docker_would_and_says_why(registry: Registry, files: dict[str, str], said: str) -> None:
    run = registry.build(files)
    assert (run["status"], run["outputImages"]) == ("Failed", None)
    log = registry.log(run["runId"])
    assert said in log
    assert f"Run ID: {run['runId']} failed after" in log


def test_a_build_cannot_reach_a_registry_whose_network_is_closed(unmade: Registry) -> None:
    unmade.make("Premium", publicNetworkAccess="Disabled")
    run = unmade.build()
    assert run["status"] == "Failed"
    assert "is not allowed access" in unmade.log(run["runId"])


def test_a_build_reads_the_named_dockerfile_with_its_arguments_and_target(registry: Registry) -> None:
    files = {"docker/Dockerfile": "FROM a AS build\nARG DIR\nCOPY $DIR/x /x\nFROM scratch\n", "code/x": ""}
    options: dict[str, Any] = {"dockerFilePath": "docker/Dockerfile", "arguments": [{"name": "DIR", "value": "code"}]}
    assert registry.build(files, **options)["status"] == "Succeeded"
    assert registry.build(files, **{**options, "arguments": []})["status"] == "Failed"
    assert registry.build(files, **options, target="build")["status"] == "Succeeded"
    assert registry.build(files, **options, target="bild")["status"] == "Failed"


def test_a_source_that_is_no_archive_or_was_never_sent_fails_the_run(registry: Registry) -> None:
    for source in (registry.upload(b"not a tar"), registry.upload(archive(FILES)[:60]), "source/1/none.tar.gz"):
        run = registry.finished(registry.schedule(source).json()["name"])
        assert run["status"] == "Failed"
        assert "Failed to download source code" in registry.log(run["runId"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "FileTaskRunRequest"},
        {"imageNames": []},
        {"imageNames": ["UPPER:v1"]},
        {"platform": {"os": "plan9"}},
        {"dockerFilePath": ""},
        {"timeout": 5},
        {"arguments": [{"name": "A"}]},
        {"sourceLocation": "https://github.com/x/y.git"},
        {"agentPoolName": "pool"},
        {"imageName": "x"},
    ],
)
def test_a_wrong_run_request_is_refused(registry: Registry, wrong: dict[str, Any]) -> None:
    before = registry.arm("GET", "/runs", TASKS).json()["value"]
    assert registry.schedule("source/1/x.tar.gz", **wrong).status_code == 400
    assert registry.arm("GET", "/runs", TASKS).json()["value"] == before


def test_an_upload_takes_blocks_and_ends_with_its_hour(azure: Azure, registry: Registry) -> None:
    place = registry.arm("POST", "/listBuildSourceUploadUrl", TASKS).json()
    blob = BlobClient.from_blob_url(place["uploadUrl"], max_single_put_size=64, max_block_size=100)
    blob.upload_blob(archive(FILES), max_concurrency=2)
    with pytest.raises(ResourceExistsError):
        blob.upload_blob(b"other")
    with pytest.raises(HttpResponseError, match="not authorized"):
        blob.download_blob()
    run = registry.finished(registry.schedule(place["relativePath"]).json()["name"])
    assert run["status"] == "Succeeded"
    assert http("PUT", place["uploadUrl"], headers={"x-ms-blob-type": "PageBlob"}).status_code == 400
    guessed = place["uploadUrl"].replace("/acr-source/", "/acr-source/x")
    assert http("PUT", guessed, headers={"x-ms-blob-type": "BlockBlob"}).status_code == 403
    azure.advance(3601)
    with pytest.raises(HttpResponseError) as late:
        blob.upload_blob(archive(FILES), overwrite=True)
    assert late.value.status_code == 403


def test_a_run_can_be_cancelled_and_struck_by_a_fault(azure: Azure, registry: Registry) -> None:
    azure.fault(operation="registryRun", code="Boom", message="the agent is gone")
    broken = registry.build()
    assert (broken["status"], broken["runErrorMessage"]) == ("Error", "the agent is gone")
    name = registry.schedule(registry.upload(archive(FILES))).json()["name"]
    assert registry.arm("POST", f"/runs/{name}/cancel", TASKS).status_code == 200
    assert registry.finished(name)["status"] == "Canceled"
    azure.advance(600)
    assert registry.finished(name)["status"] == "Canceled"
    assert registry.arm("POST", f"/runs/{name}/cancel", TASKS).status_code == 409
    listed = registry.arm("GET", "/runs?$filter=status eq 'Canceled'", TASKS).json()["value"]
    assert [one["name"] for one in listed] == [name]


def test_a_run_goes_on_after_a_kill_in_its_middle(tmp_path: Path) -> None:
    folder = tmp_path / "azure"
    before = dict(os.environ)
    try:
        pid = azure_local.up(folder, speed=30)["pid"]
        os.environ.update(azure_local.env(folder))
        registry = prepared(lambda seconds: azure_local.ask(folder, "POST", "clock", {"advance": seconds}) and None)
        registry.make()
        name = registry.schedule(registry.upload(archive(FILES))).json()["name"]
        azure_local.ask(folder, "POST", "clock", {"advance": 15})
        while registry.arm("GET", f"/runs/{name}", TASKS).json()["properties"]["status"] != "Running":
            pass
        os.kill(pid, signal.SIGKILL)
        azure_local.up(folder, speed=600)
        run = registry.finished(name)
        assert run["status"] == "Succeeded"
        token = registry.access("repository:worker:pull", operator())
        shown = registry.data("HEAD", "/v2/worker/manifests/v1", token)
        assert shown.headers["Docker-Content-Digest"] == run["outputImages"][0]["digest"]
    finally:
        azure_local.down(folder)
        os.environ.clear()
        os.environ.update(before)
