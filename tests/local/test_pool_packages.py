"""Application packages on the local Batch: uploaded by a link, activated, and unzipped on nodes when they boot."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import pytest
from azure.batch import models
from azure.storage.blob import BlobClient

from tests.local.pools import Bench, bench, refused, until

__all__ = ["bench"]


def packed(**files: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as package:
        for name, text in files.items():
            entry = zipfile.ZipInfo(f"{name}.sh")
            entry.external_attr = 0o755 << 16
            package.writestr(entry, text)
    return data.getvalue()


def publish(bench: Bench, name: str, version: str, data: bytes, **properties: Any) -> None:
    where = (bench.group, bench.account, name)
    body: Any = {"properties": properties}
    bench.arm.application.create(*where, body)
    made = bench.arm.application_package.create(*where, version, {})
    assert made.properties is not None
    assert made.properties.state == "Pending"
    BlobClient.from_blob_url(str(made.properties.storage_url)).upload_blob(data, overwrite=True)
    active = bench.arm.application_package.activate(*where, version, {"format": "zip"})
    assert active.properties is not None
    assert (active.properties.state, active.properties.format) == ("Active", "zip")


def reference(bench: Bench, name: str, version: str | None = None) -> dict[str, Any]:
    return {"id": f"{bench.account_id}/applications/{name}", **({"version": version} if version else {})}


def test_a_package_is_on_every_node_that_boots_and_a_variable_says_where(bench: Bench) -> None:
    publish(bench, "tool", "1.0-a", packed(say="#!/bin/sh\necho said\n"))
    bench.pool("packed", applicationPackages=[reference(bench, "tool", "1.0-a")])
    bench.job("packed", "packed")
    bench.task("packed", "says", "/bin/sh -c '$AZ_BATCH_APP_PACKAGE_tool_1_0_a/say.sh'")
    bench.ended("packed", "says")
    assert b"".join(bench.batch.download_task_file("packed", "says", "stdout.txt")) == b"said\n"
    (told,) = [one for one in bench.batch.list_applications() if one.id == "tool"]
    assert told.versions == ["1.0-a"]
    pool = bench.batch.get_pool("packed")
    assert pool.application_package_references is not None
    assert pool.application_package_references[0].as_dict() == {"applicationId": "tool", "version": "1.0-a"}
    where = (bench.group, bench.account, "tool")
    assert refused(lambda: bench.arm.application_package.delete(*where, "1.0-a"))[0] == 409
    assert refused(lambda: bench.arm.application.delete(*where))[0] == 409
    bench.drop("packed")
    until(
        lambda: "packed" not in [one.name for one in bench.arm.pool.list_by_batch_account(bench.group, bench.account)]
    )
    bench.arm.application_package.delete(*where, "1.0-a")
    bench.arm.application.delete(*where)
    assert refused(lambda: bench.arm.application.get(*where))[:2] == (404, "ApplicationNotFound")


def test_a_new_package_reaches_a_node_with_its_next_boot(bench: Bench) -> None:
    publish(bench, "late", "1", packed(say="#!/bin/sh\necho late\n"))
    (node,) = bench.pool("late")
    bench.patch("late", {"applicationPackages": [reference(bench, "late", "1")]})
    bench.job("late", "late")
    line = "/bin/sh -c '$AZ_BATCH_APP_PACKAGE_late_1/say.sh'"
    bench.task("late", "before", line)
    assert bench.ended("late", "before").execution_info.result == "failure"  # type: ignore[union-attr]
    options: Any = {"nodeRebootOption": "requeue"}  # without any, azure-batch 15.1 fails before it asks
    bench.batch.begin_reboot_node("late", str(node.id), options)
    until(lambda: bench.nodes("late")[0].state == "idle")
    bench.task("late", "after", line)
    assert bench.ended("late", "after").execution_info.result == "success"  # type: ignore[union-attr]
    bench.drop("late")


def test_without_a_version_the_default_one_is_meant(bench: Bench) -> None:
    publish(bench, "plain", "1", packed(say="#!/bin/sh\necho plain\n"))
    unversioned = [reference(bench, "plain")]
    status, code, _ = refused(lambda: bench.put("plain", bench.body(applicationPackages=unversioned)))
    assert (status, code) == (409, "InvalidApplicationPackageReferences")
    default: Any = {"properties": {"defaultVersion": "1"}}
    bench.arm.application.update(bench.group, bench.account, "plain", default)
    bench.pool("plain", applicationPackages=unversioned)
    bench.job("plain", "plain")
    bench.task("plain", "says", "/bin/sh -c '$AZ_BATCH_APP_PACKAGE_plain/say.sh'")
    assert bench.ended("plain", "says").execution_info.result == "success"  # type: ignore[union-attr]
    bench.drop("plain")


def test_a_task_brings_its_own_packages(bench: Bench) -> None:
    publish(bench, "own", "2", packed(say="#!/bin/sh\necho own\n"))
    bench.pool("own")
    bench.job("own", "own")
    references = [{"applicationId": "own", "version": "2"}]
    line = "/bin/sh -c '$AZ_BATCH_APP_PACKAGE_own_2/say.sh'"
    bench.task("own", "says", line, applicationPackageReferences=references)
    assert bench.ended("own", "says").execution_info.result == "success"  # type: ignore[union-attr]
    nowhere = models.BatchTaskCreateOptions(
        {"id": "x", "commandLine": "x", "applicationPackageReferences": [{"applicationId": "nowhere"}]}
    )
    assert refused(lambda: bench.batch.create_task("own", nowhere))[1] == "InvalidApplicationPackageReferences"
    bench.drop("own")


def test_a_package_that_was_not_uploaded_cannot_be_activated_and_a_frozen_one_not_replaced(bench: Bench) -> None:
    where = (bench.group, bench.account, "frozen")
    body: Any = {"properties": {"allowUpdates": False}}
    bench.arm.application.create(*where, body)
    made = bench.arm.application_package.create(*where, "1", {})
    assert refused(lambda: bench.arm.application_package.activate(*where, "1", {"format": "zip"}))[0] == 409
    assert refused(lambda: bench.arm.application_package.activate(*where, "1", {"format": "tar"}))[0] == 400
    assert made.properties is not None
    BlobClient.from_blob_url(str(made.properties.storage_url)).upload_blob(packed())
    bench.arm.application_package.activate(*where, "1", {"format": "zip"})
    assert refused(lambda: bench.arm.application_package.create(*where, "1", {}))[0] == 409


def test_a_frozen_package_is_not_deleted_and_an_application_only_without_packages(bench: Bench) -> None:
    where = (bench.group, bench.account, "kept")
    publish(bench, "kept", "1", packed(), allowUpdates=False)
    assert refused(lambda: bench.arm.application_package.delete(*where, "1"))[0] == 409
    assert refused(lambda: bench.arm.application.delete(*where))[:2] == (409, "ApplicationNotEmpty")
    body: Any = {"properties": {"allowUpdates": True}}
    bench.arm.application.update(*where, body)
    bench.arm.application_package.delete(*where, "1")
    bench.arm.application.delete(*where)


def test_tags_of_a_package_outlive_its_activation_and_only_a_put_gives_the_link(bench: Bench) -> None:
    where = (bench.group, bench.account, "tagged", "1")
    bench.arm.application.create(*where[:3], {})
    made = bench.arm.application_package.create(*where, {"tags": {"a": "b"}})
    assert made.properties is not None
    assert made.properties.storage_url_expiry is not None
    BlobClient.from_blob_url(str(made.properties.storage_url)).upload_blob(packed())
    assert bench.arm.application_package.activate(*where, {"format": "zip"}).tags == {"a": "b"}
    found = bench.arm.application_package.get(*where)
    assert (found.tags, found.properties and found.properties.storage_url) == ({"a": "b"}, None)


def test_every_application_has_a_container_of_its_own_and_a_blob_for_each_version(bench: Bench) -> None:
    places = []
    for name, version in (("My_App", "1.0"), ("My_App", "2.0"), ("my-app", "1.0")):
        bench.arm.application.create(bench.group, bench.account, name, {})
        made = bench.arm.application_package.create(bench.group, bench.account, name, version, {})
        assert made.properties is not None
        places.append(str(made.properties.storage_url).partition("?")[0].rsplit("/", 2)[1:])
    (first, _), (second, _), (third, _) = places
    assert [blob for _, blob in places] == ["1.0", "2.0", "1.0"]
    assert first == second != third
    assert all(re.fullmatch("app-my-app-[0-9a-f]{32}", container) for container in (first, third))


def test_a_link_is_to_one_blob_only(bench: Bench) -> None:
    from azure.core.exceptions import HttpResponseError

    where = (bench.group, bench.account, "linked")
    bench.arm.application.create(*where, {})
    made = bench.arm.application_package.create(*where, "1", {})
    assert made.properties is not None
    other = str(made.properties.storage_url).replace("/1?", "/2?")
    assert other != made.properties.storage_url
    with pytest.raises(HttpResponseError):
        BlobClient.from_blob_url(other, retry_total=0).upload_blob(packed())


@pytest.mark.parametrize(("name", "version"), [("a b", "1"), ("ok", "a b")])
def test_names_are_batchs(bench: Bench, name: str, version: str) -> None:
    def make() -> None:
        bench.arm.application.create(bench.group, bench.account, name, {})
        bench.arm.application_package.create(bench.group, bench.account, name, version, {})

    status, code, _ = refused(make)
    assert (status, code) == (400, "InvalidPropertyValue")
