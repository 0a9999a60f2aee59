"""Whom tasks act as, and what they bring to their nodes beside blobs and local files."""

from __future__ import annotations

from tests.conftest import World
from tests.tasks.test_lab import applied, printed


def test_a_task_has_its_packages_its_identity_its_user_and_files_by_url(lab: World) -> None:
    (lab.file.parent / "tool").mkdir()
    (lab.file.parent / "tool/words.txt").write_text("from a package\n")
    lab.text["storage"][lab.account]["allowSharedKeyAccess"] = True
    lab.text["batchAccount"]["autoStorage"] = f"storage/{lab.account}"
    lab.text["applications"] = {"tool": {"packages": {"1.0": "tool"}}}
    lab.text["identities"]["id-other"] = lab.text["identities"]["id-pool"]
    lab.text["pools"]["pool"]["identity"] = ["identities/id-pool", "identities/id-other"]
    applied(lab, {"warm": {"command": "true"}})
    lab.container("images").upload_blob("public/a.txt", "by url\n")
    url = lab.container("images").url
    reference = {"identityReference": {"resourceId": "identities/id-other"}}
    task = {
        "command": "cat public/a.txt b.txt $AZ_BATCH_APP_PACKAGE_tool_1_0/words.txt; echo $AZURE_CLIENT_ID",
        "resourceFiles": [
            {"storageContainerUrl": url, "blobPrefix": "public/", **reference},
            {"httpUrl": f"{url}/public/a.txt", "filePath": "b.txt", **reference},
        ],
        "applicationPackageReferences": [{"applicationId": "tool", "version": "1.0"}],
        "identity": "identities/id-other",
        "userIdentity": {"autoUser": {"scope": "Task"}},
        "outputs": [{"pattern": "b.txt", "to": f"storage/{lab.account}/results"}],
    }
    live = applied(lab, {"brings": task})
    (name,) = (name for name in live if name.startswith("brings"))
    other = f"{lab.cloud().group_id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-other"
    client = lab.cloud().arm("GET", other).body["properties"]["clientId"]
    assert printed(lab, name) == f"by url\nby url\nfrom a package\n{client}\n"
    assert live[name]["userIdentity"] == {"autoUser": {"scope": "task"}}
    (output,) = live[name]["outputFiles"]
    assert output["destination"]["container"]["identityReference"]["resourceId"].lower() == other.lower()
    assert lab.plan().steps == ()
    own = lab.text["jobs"]["job"]["tasks"]["brings"]
    own["identity"] = "identities/id-pool"
    (step,) = lab.plan().steps
    assert str(step.address) == "tasks/job", "another identity makes another task"
