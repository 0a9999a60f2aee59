"""Applications and their packages: uploaded by apply, unpacked on nodes, changed, given up, and gone on with."""

from __future__ import annotations

import logging
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError

from reconciler import marks
from reconciler.cloud.errors import translated
from reconciler.errors import Unreachable
from reconciler.model import Action, Decision, Outcome, Rule, Status
from reconciler.render import as_text
from tests.pools.conftest import Pools

LATEST = ("application_package/tool/1", "application/tool")
TAKES_NOT = "cannot create application_package/tool/1: ApplicationPackageInvalid: "


class Applications(Pools):
    """A world whose account has auto-storage, and one application with one package."""

    @property
    def tool(self) -> dict[str, Any]:
        found: dict[str, Any] = self.world.text["applications"]["tool"]
        return found

    @property
    def folder(self) -> Path:
        return self.world.file.parent

    def write(self, folder: str, text: str) -> None:
        path = self.folder / folder / "bin/say.sh"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\necho {text}\n")
        path.chmod(0o755)

    def decision(self, address: str) -> Decision:
        return next(d for d in self.world.plan().decisions if str(d.address) == address)

    def steps(self) -> dict[str, Action]:
        return {str(step.address): step.action for step in self.world.plan().steps}

    def where(self, *more: str) -> tuple[str, ...]:
        return (self.world.text["azure"]["resourceGroup"], self.world.text["batchAccount"]["name"], "tool", *more)

    def application(self) -> dict[str, Any]:
        found: dict[str, Any] = self.world.cloud().batch_management.application.get(*self.where()).as_dict()
        return found

    def package(self, version: str) -> dict[str, Any]:
        operations = self.world.cloud().batch_management.application_package
        found: dict[str, Any] = operations.get(*self.where(version)).as_dict()
        return found

    def containers(self) -> list[str]:
        cloud = self.world.cloud()
        account = f"{cloud.group_id}/providers/Microsoft.Storage/storageAccounts/{self.world.account}"
        return [raw["name"] for raw in cloud.list_arm(f"{account}/blobServices/default/containers")]

    def failed(self) -> Outcome:
        """What went wrong with the one step that failed."""
        outcomes = self.world.apply(poll_seconds=0.05)
        (found,) = [one for one in outcomes.values() if one.status is Status.FAILED]
        return found

    def staying(self) -> dict[str, str]:
        """What would be deleted and stays, and why."""
        return {str(decision.address): decision.reason for decision in self.world.plan().of(Action.KEEP)}

    def says(self, task: str, line: str) -> str:
        """What a task on the pool writes."""
        from azure.batch import models

        batch = self.world.cloud().batch()
        if not list(batch.list_jobs()):
            batch.create_job(models.BatchJobCreateOptions({"id": "job", "poolInfo": {"poolId": "pool"}}))
        batch.create_task("job", models.BatchTaskCreateOptions({"id": task, "commandLine": f"/bin/sh -c '{line}'"}))
        until(lambda: batch.get_task("job", task).state == "completed")
        return b"".join(batch.download_task_file("job", task, "stdout.txt")).decode().strip()


def until(condition: Callable[[], bool]) -> None:
    import time

    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


@pytest.fixture
def apps(pools: Pools) -> Applications:
    world = pools.world
    world.text["storage"] = {world.account: {"allowSharedKeyAccess": True}}
    world.text["batchAccount"]["autoStorage"] = f"storage/{world.account}"
    world.text["applications"] = {"tool": {"packages": {"1": "tool"}}}
    found = Applications(world)
    found.write("tool", "one")
    return found


def test_a_folder_is_uploaded_once_and_a_task_finds_it_and_a_zip_is_sent_as_it_is(apps: Applications) -> None:
    with zipfile.ZipFile(apps.folder / "tool.zip", "w") as archive:
        archive.writestr("a.txt", "a")
    apps.tool.update({"packages": {"1": "tool", "zipped": "tool.zip"}, "defaultVersion": "1"})
    apps.pool.update({"nodes": 1, "applicationPackages": [{"id": "tool", "version": "1"}]})
    apps.done()
    assert apps.application()["properties"] == {"allowUpdates": False, "defaultVersion": "1"}
    assert apps.says("said", "$AZ_BATCH_APP_PACKAGE_tool_1/bin/say.sh") == "one"
    (name,) = apps.containers()
    container = apps.world.container(name)
    (blob,) = (one for one in container.list_blobs() if "zipped" in one.name)
    assert container.download_blob(blob.name).readall() == (apps.folder / "tool.zip").read_bytes()


def test_where_keys_are_off_everyone_reaches_packages_as_an_identity(apps: Applications) -> None:
    world = apps.world
    world.text["storage"] = {world.account: {}}
    roles = [{"role": "Storage Blob Data Contributor", "scope": f"storage/{world.account}"}]
    world.text["identities"] = {"id-pool": {"roles": roles}}
    world.text["batchAccount"]["autoStorageIdentity"] = "identities/id-pool"
    apps.pool.update(
        {"nodes": 1, "identity": "identities/id-pool", "applicationPackages": [{"id": "tool", "version": "1"}]}
    )
    apps.done()
    assert apps.says("said", "$AZ_BATCH_APP_PACKAGE_tool_1/bin/say.sh") == "one"


def test_a_plan_of_unchanged_packages_asks_little(apps: Applications) -> None:
    def asked() -> int:
        before = apps.world.azure.exchanges()
        assert apps.world.plan().steps == ()
        return apps.world.azure.exchanges() - before

    apps.done()
    of_one = asked()
    apps.tool["packages"] |= {"2": "tool", "3": "tool"}
    apps.done()
    assert asked() - of_one == 2  # one for each locked version


def test_other_content_needs_another_version_unless_updates_are_allowed(apps: Applications) -> None:
    apps.done()
    apps.write("tool", "two")
    refused = apps.decision("application_package/tool/1")
    assert refused.action is Action.REFUSE
    told = "has other content than this version; give it a new version under packages, or set allowUpdates: true"
    assert refused.reason == f"{apps.folder / 'tool'} {told}"
    apps.tool["allowUpdates"] = True
    planned = apps.decision("application_package/tool/1")
    assert planned.action is Action.UPDATE
    assert [(c.path, c.rule) for c in planned.diff.changes] == [("content", Rule.NEW_NODES)]
    overwritten = "its zip is overwritten; another version under packages: leaves it to those that use it"
    assert planned.disturbs == overwritten
    assert "(new nodes only)" in as_text.plan(apps.world.plan())
    apps.world.azure.fault(match={"path": "/activate"}, times=7, action={"status": 503, "code": "ServerBusy"})
    apps.done()  # which sits out a passing trouble
    assert apps.application()["properties"]["allowUpdates"] is True
    apps.tool["allowUpdates"] = False
    apps.done()


def test_a_new_version_becomes_the_default_and_the_old_one_goes_and_all_of_it_when_all_is_destroyed(
    apps: Applications,
) -> None:
    apps.tool.update({"displayName": "A tool", "defaultVersion": "1"})
    apps.pool["applicationPackages"] = [{"id": "tool"}]
    apps.done()
    apps.write("newer", "two")
    apps.tool["packages"] = {"2": "newer"}
    apps.tool["defaultVersion"] = "2"
    del apps.tool["displayName"]
    assert apps.steps() == {
        "application_package/tool/1": Action.DELETE,
        "application_package/tool/2": Action.CREATE,
        "application/tool": Action.UPDATE,
    }
    apps.done()
    assert apps.application()["properties"] == {"allowUpdates": False, "defaultVersion": "2"}
    outcomes = apps.world.apply(destroying=True, poll_seconds=0.05)
    assert {one.status for one in outcomes.values()} == {Status.DONE}, [one.error for one in outcomes.values()]


def test_an_application_that_left_the_spec_goes_with_its_packages_after_its_pools_and_then_its_account(
    apps: Applications,
) -> None:
    apps.world.text["applications"]["more"] = {"packages": {"1": "tool"}}
    apps.tool["defaultVersion"] = "1"
    apps.pool["applicationPackages"] = [{"id": "tool"}]
    apps.done()
    (kept,) = (name for name in apps.containers() if "more" in name)
    apps.world.container(kept).upload_blob("theirs", b"x")
    del apps.world.text["applications"]
    apps.pool["applicationPackages"] = []
    apps.done()
    assert list(apps.world.cloud().batch_management.application.list(*apps.where()[:2])) == []
    assert apps.containers() == [kept], "what others put beside a package keeps its container"
    apps.world.container(kept).delete_container()
    del apps.world.text["batchAccount"]["autoStorage"], apps.world.text["storage"]
    apps.done()
    account = apps.world.cloud().batch_management.batch_account.get(*apps.where()[:2]).as_dict()
    assert "autoStorage" not in account["properties"]


def test_packages_go_along_to_an_account_of_another_name(apps: Applications) -> None:
    apps.tool["defaultVersion"] = "1"
    apps.pool["applicationPackages"] = [{"id": "tool"}]
    apps.done()
    before = apps.containers()
    apps.world.text["batchAccount"]["name"] += "b"
    apps.done()
    assert apps.package("1")["properties"]["state"] == "Active"
    (after,) = apps.containers()
    assert [after] != before


def test_another_case_is_the_same_application(apps: Applications) -> None:
    apps.tool["packages"] = {"1-a": "tool"}
    apps.done()
    apps.world.text["applications"] = {"TOOL": {"packages": {"1-A": "tool"}}}
    assert apps.world.plan().steps == ()


def test_what_a_pool_of_others_uses_stays(apps: Applications) -> None:
    apps.write("newer", "two")
    apps.tool["packages"]["2"] = "newer"
    apps.done()
    group, account, _ = apps.where()
    used = {"id": apps.application()["id"], "version": "1"}
    live = apps.live()["properties"]
    body: Any = {key: live[key] for key in ("vmSize", "deploymentConfiguration", "scaleSettings")}
    body["applicationPackages"] = [used]
    operations = apps.world.cloud().batch_management
    operations.pool.create(group, account, "other", {"properties": body})
    del apps.tool["packages"]["1"]
    use = "stays: it is used by what this spec does not own: pool/other; move or delete that first"
    assert apps.staying() == {"application_package/tool/1": use}
    del apps.world.text["applications"]
    assert apps.staying() == dict.fromkeys(("application/tool", "application_package/tool/1"), use)
    done = apps.world.apply(poll_seconds=0.05)
    assert {name: outcome.status for name, outcome in done.items()} == {"application_package/tool/2": Status.DONE}
    assert apps.package("1")["properties"]["state"] == "Active"
    operations.pool.begin_delete(group, account, "other", polling_interval=0.1).result()
    apps.done()


def test_an_application_with_a_package_of_others_stays(apps: Applications) -> None:
    apps.done()
    group, account, name = apps.where()
    operations = apps.world.cloud().batch_management.application_package
    operations.create(group, account, name, "theirs", {})
    del apps.world.text["applications"]
    holds = "stays: it holds what this spec does not own: application_package/tool/theirs; move or delete that first"
    assert apps.staying() == {"application/tool": holds}
    apps.world.apply(poll_seconds=0.05)
    with pytest.raises(HttpResponseError, match="does not allow its packages to be updated or deleted"):
        operations.delete(*apps.where("theirs"))
    apps.world.cloud().batch_management.application.update(group, account, name, {"properties": {"allowUpdates": True}})
    operations.delete(group, account, name, "theirs")
    apps.done()


def test_what_others_made_is_not_touched(apps: Applications) -> None:
    apps.world.text["applications"] = {}
    apps.done()
    operations = apps.world.cloud().batch_management
    group, account, name = apps.where()
    operations.application.create(group, account, name, {})
    operations.application_package.create(group, account, name, "1", {})
    assert apps.world.plan().steps == ()
    apps.world.text["applications"] = {"tool": {"packages": {"1": "tool"}}}
    assert {apps.decision(address).action for address in LATEST} == {Action.REFUSE}
    operations.application_package.delete(*apps.where("1"))
    operations.application.delete(*apps.where())


def test_an_upload_that_broke_off_is_gone_on_with(apps: Applications) -> None:
    """Of new versions, and of two that are there."""
    for cut, version in (("upload", "1"), ("activate", "2")):
        apps.tool["packages"][version] = "tool"
        breaks_off(apps, cut, version)
    apps.tool["allowUpdates"] = True
    for cut, version in (("upload", "1"), ("activate", "2")):
        apps.done()
        apps.write(f"for-{cut}", "two")
        apps.tool["packages"][version] = f"for-{cut}"
        breaks_off(apps, cut, version)


def breaks_off(apps: Applications, cut: str, version: str) -> None:
    """What is to be uploaded is pending after a trouble, and active in the end."""
    path = "/activate" if cut == "activate" else "/app-tool"
    apps.world.azure.fault(match={"path": path}, times=100, action={"status": 403, "code": "Refused"})
    assert "Refused" in str(apps.failed().error)
    apps.world.azure.clear_faults()
    assert apps.package(version)["properties"]["state"] == "Pending"
    planned = apps.decision(f"application_package/tool/{version}")
    assert planned.reason == "its upload did not come to an end"
    apps.done()
    assert apps.package(version)["properties"]["state"] == "Active"


def test_a_folder_that_changes_between_plan_and_apply_is_not_sent(apps: Applications) -> None:
    import threading

    from reconciler.engine import loop
    from reconciler.kinds import KINDS

    apps.world.apply(poll_seconds=0.2, excludes=())
    apps.tool["packages"]["2"] = "tool"
    cloud = apps.world.cloud()
    reading = loop.read(apps.world.spec(), cloud, KINDS)
    apps.write("tool", "changed")
    told: list[Any] = []
    outcomes = loop.carry_out(reading, cloud, KINDS, listen=told.append, stop=threading.Event(), poll_seconds=0.05)
    errors = [one.error for one in outcomes if one.status is Status.FAILED]
    assert errors == [f"{apps.folder / 'tool'} has changed since the plan was made; run plan again"]
    apps.write("tool", "one")


def test_what_azure_says_is_told_and_no_log_error_or_plan_shows_the_link_of_an_upload(
    apps: Applications, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        apps.world.azure.fault(match={"path": "/activate"}, action={"status": 409, "code": "ApplicationPackageInvalid"})
        assert str(apps.failed().error).startswith(TAKES_NOT)
        apps.world.azure.fault(match={"path": "/app-tool"}, times=1, action={"drop": True})
        apps.world.azure.fault(match={"path": "/app-tool"}, times=9, action={"status": 403, "code": "Refused"})
        failed = apps.failed()
        apps.world.azure.clear_faults()
        plan = as_text.plan(apps.world.plan())
        outcomes = apps.world.apply(poll_seconds=0.05)
    secrets = set(re.findall(r"sig=([\w-]{30,})", (apps.world.azure.folder / "wire.jsonl").read_text()))
    assert secrets
    shown = "\n".join([caplog.text, plan, str(failed), *map(str, outcomes.values()), repr(failed.error)])
    assert "app-tool" in caplog.text
    assert [secret for secret in secrets if secret in shown] == []
    assert marks.CONTENT in apps.package("1")["tags"]


def test_a_trouble_on_the_way_is_told_without_the_link() -> None:
    trouble = ServiceRequestError(
        "Max retries exceeded with url: /app-tool/tool-1?sv=1&sig=c2VjcmV0%3D&sp=rw (refused)"
    )
    with pytest.raises(Unreachable) as caught, translated():
        raise trouble
    assert "/app-tool/tool-1?sv=1&sig=<hidden>&sp=rw (refused)" in str(caught.value)
