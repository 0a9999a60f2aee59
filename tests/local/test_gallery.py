"""Galleries, image definitions and image versions: what cannot change, where copies are, and what `latest` means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Azure
from tests.local.machines import ALMA, Place, temporary, until

IMAGE = "galleries/gal/images/img"
HOME = "germanywestcentral"


@pytest.fixture(scope="module")
def place(azure_server: Azure) -> Iterator[Place]:
    yield from temporary(azure_server, HOME)


@pytest.fixture(scope="module")
def source(place: Place) -> str:
    """A generalized machine, beside a gallery with a definition that it fits."""
    place.definition(IMAGE)
    return place.generalized("source")


def version(source: str, *regions: str, **more: Any) -> dict[str, Any]:
    targets = [{"name": region, "regionalReplicaCount": 1} for region in regions or (HOME,)]
    profile = {"targetRegions": targets, **more}
    return {"publishingProfile": profile, "storageProfile": {"source": {"virtualMachineId": source}}}


def change(place: Place, path: str, tags: Any = None, **properties: Any) -> Any:
    """A PATCH: Azure wants the storage profile with any property."""
    storage = {"source": place.get(path)["properties"]["storageProfile"]["source"]}
    body = {"properties": {"storageProfile": storage, **properties}}
    return place.ask("PATCH", path, body if tags is None else {**body, "tags": tags})


def replication(place: Place, path: str) -> dict[str, str]:
    status = place.get(path, expand="ReplicationStatus")["properties"]["replicationStatus"]
    return {"": status["aggregatedState"], **{one["region"]: one["state"] for one in status["summary"]}}


def test_a_gallery_is_made_changed_and_listed(place: Place) -> None:
    answer = place.ask("PUT", "galleries/first_1.x", {"location": place.region, "properties": {"description": "d"}})
    assert (answer.status_code, answer.json()["properties"]["provisioningState"]) == (201, "Creating")
    place.finish(answer)
    made = place.get("galleries/first_1.x")["properties"]
    assert made["identifier"]["uniqueName"].endswith("-FIRST_1.X")
    patched = place.ask("PATCH", "galleries/first_1.x", {"tags": {"a": "1"}, "properties": {"description": "e"}}).json()
    assert (patched["tags"], patched["properties"]["description"]) == ({"a": "1"}, "e")
    assert "first_1.x" in [one["name"] for one in place.get("galleries")["value"]]
    place.delete("galleries/first_1.x")


@pytest.mark.parametrize("name", ["with-hyphen", ".dot", "dot.", "g" * 81])
def test_a_gallery_has_no_hyphen_in_its_name(place: Place, name: str) -> None:
    assert place.unmade(f"galleries/{name}", {})[:2] == (400, "InvalidParameter")


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"osType": None}, "InvalidParameter", "properties.osType' is missing"),
        ({"osState": "Generalised"}, "InvalidParameter", "Allowed values are Generalized,Specialized"),
        ({"hyperVGeneration": "2"}, "InvalidParameter", "Allowed values are V1,V2"),
        ({"identifier": {"publisher": "p", "offer": "o"}}, "InvalidParameter", "identifier.sku' is missing"),
        (
            {"identifier": {"publisher": "p", "offer": "o", "sku": "a b"}},
            "InvalidParameter",
            "identifier.sku is invalid",
        ),
        ({"endOfLifeDate": "soon"}, "BadRequest", "Could not convert string to DateTime"),
        ({"recommended": {"vCPUs": {"min": "2"}}}, "BadRequest", "properties.recommended.vCPUs.min"),
        ({"recomended": {}}, "BadRequest", "Could not find member 'recomended'"),
    ],
)
def test_a_definition_that_cannot_be_is_refused(place: Place, source: str, change: Any, code: str, words: str) -> None:
    identifier = {"publisher": "p", "offer": "o", "sku": "bad"}
    good = {"osType": "Linux", "osState": "Generalized", "hyperVGeneration": "V2", "identifier": identifier}
    status, found, message = place.unmade("galleries/gal/images/bad", {**good, **change})
    assert (status, found) == (400, code)
    assert words in message


def test_what_versions_have_in_common_cannot_change_and_the_rest_can(place: Place, source: str) -> None:
    live = place.get(IMAGE)["properties"]
    fixed: list[tuple[str, Any]] = [
        ("hyperVGeneration", "V1"),
        ("osState", "Specialized"),
        ("architecture", "Arm64"),
        ("osType", "Windows"),
    ]
    needed = {name: live[name] for name in ("identifier", "osState", "osType")}
    assert "Required parameter" in place.refused("PATCH", IMAGE, {"properties": {"description": "new"}})[2]
    fixed.append(("identifier", {**live["identifier"], "sku": "other"}))
    for name, value in fixed:
        status, code, message = place.refused("PATCH", IMAGE, {"properties": {**needed, name: value}})
        assert (status, code) == (409, "PropertyChangeNotAllowed")
        assert message == f"Changing property 'galleryImage.properties.{name}' is not allowed."
        assert place.unmade(IMAGE, {**live, name: value})[1] == "PropertyChangeNotAllowed"
    answer = place.ask("PATCH", IMAGE, {"properties": {**needed, "description": "new"}, "tags": {"a": "1"}})
    assert (answer.status_code, answer.json()["properties"]["provisioningState"]) == (200, "Updating")
    place.finish(answer)
    shown = place.get(IMAGE)
    assert (shown["properties"]["description"], shown["tags"]) == ("new", {"a": "1"})
    same = {"osType": "Linux", "osState": "Generalized", "identifier": {**live["identifier"], "offer": "OFF"}}
    assert place.unmade("galleries/gal/images/twin", same)[:2] == (409, "Conflict")
    assert place.unmade("galleries/none/images/img", same)[1] == "ParentResourceNotFound"


def test_copies_come_region_by_region_and_the_version_succeeds_with_the_last(place: Place, source: str) -> None:
    path = f"{IMAGE}/versions/1.0.0"
    body = {"location": place.region, "properties": version(source, "West Europe", HOME, "uksouth")}
    answer = place.ask("PUT", path, body)
    assert (answer.status_code, answer.json()["properties"]["provisioningState"]) == (201, "Creating")
    assert replication(place, path)[""] == "InProgress"
    place.azure.advance(285)
    assert replication(place, path) == {
        "": "InProgress", "Germany West Central": "Completed", "West Europe": "Replicating", "UK South": "Replicating",
    }  # fmt: skip
    assert place.get(path)["properties"]["provisioningState"] == "Creating"
    assert "replicationStatus" not in place.get(path)["properties"]
    place.azure.advance(120)
    assert replication(place, path)["West Europe"] == "Completed"
    assert place.finish(answer, 120)["status"] == "Succeeded"
    assert set(replication(place, path).values()) == {"Completed"}
    names = [one["name"] for one in place.get(path)["properties"]["publishingProfile"]["targetRegions"]]
    assert names == ["West Europe", "Germany West Central", "UK South"], "shown by their full names"
    place.delete(path)


def test_regions_dates_and_tags_of_a_version_change_in_place(place: Place, source: str) -> None:
    path = f"{IMAGE}/versions/1.1.0"
    place.put(path, version(source))
    regions = [{"name": HOME, "regionalReplicaCount": 2}, {"name": "uksouth"}]
    profile = {"targetRegions": regions, "excludeFromLatest": True, "endOfLifeDate": "2030-01-01T00:00:00Z"}
    bare = place.refused("PATCH", path, {"properties": {"publishingProfile": profile}})
    assert "storageProfile' is missing" in bare[2]
    answer = change(place, path, tags={"b": "2"}, publishingProfile=profile)
    assert (answer.status_code, answer.json()["properties"]["provisioningState"]) == (200, "Updating")
    assert replication(place, path)["UK South"] == "Replicating"
    assert place.finish(answer, 130)["status"] == "Succeeded"
    shown = place.get(path)
    kept = shown["properties"]["publishingProfile"]
    assert shown["tags"] == {"b": "2"}
    assert (kept["excludeFromLatest"], kept["endOfLifeDate"]) == (True, "2030-01-01T00:00:00Z")
    assert [one["regionalReplicaCount"] for one in kept["targetRegions"]] == [2, 1]
    place.finish(place.ask("PATCH", path, {"tags": {"c": "3"}}))
    assert place.get(path)["properties"]["publishingProfile"] == kept, "a PATCH of tags leaves the rest"
    place.finish(change(place, path, publishingProfile={"targetRegions": [{"name": HOME}]}))
    assert set(replication(place, path)) == {"", "Germany West Central"}
    again = place.put(path, version(source, HOME, "uksouth", excludeFromLatest=False))
    assert again["properties"]["publishingProfile"]["excludeFromLatest"] is False, "a PUT on what is there changes it"
    place.delete(path)


def test_what_is_in_a_version_never_changes(place: Place, source: str) -> None:
    path = f"{IMAGE}/versions/1.2.0"
    place.put(path, version(source))
    other = version(source.replace("source", "other"))
    assert place.unmade(path, other)[:2] == (409, "PropertyChangeNotAllowed")
    for fixed in ({"storageAccountType": "Premium_LRS"}, {"replicationMode": "Shallow"}):
        answer = change(place, path, publishingProfile=fixed)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "PropertyChangeNotAllowed")
    away = change(place, path, publishingProfile={"targetRegions": [{"name": "uksouth"}]})
    assert (away.status_code, away.json()["error"]["code"]) == (400, "InvalidParameter")
    block = "blockDeletionBeforeEndOfLife"
    place.finish(
        change(place, path, safetyProfile={block: True}, publishingProfile={"endOfLifeDate": "2099-01-01T00:00:00Z"})
    )
    assert place.refused("DELETE", path)[:2] == (409, "OperationNotAllowed")
    place.finish(change(place, path, safetyProfile={block: False}))
    place.delete(path)


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("1.0", {}, "InvalidParameter"),
        ("1.0.4294967296", {}, "InvalidParameter"),
        ("v1.0.0", {}, "InvalidParameter"),
        ("9.0.0", {"targetRegions": [{"name": "uksouth"}]}, "InvalidParameter"),
        ("9.0.0", {"targetRegions": [{"name": HOME}, {"name": "atlantis"}]}, "InvalidParameter"),
        ("9.0.0", {"targetRegions": [{"name": HOME}, {"name": "Germany West Central"}]}, "InvalidParameter"),
        ("9.0.0", {"targetRegions": [{"name": HOME, "regionalReplicaCount": 0}]}, "InvalidParameter"),
        ("9.0.0", {"targetRegions": [{"name": HOME, "regionalReplicaCount": "1"}]}, "BadRequest"),
        ("9.0.0", {"targetRegions": [{"name": HOME, "replicas": 1}]}, "BadRequest"),
        ("9.0.0", {"targetRegions": [HOME]}, "BadRequest"),
        ("9.0.0", {"excludeFromLatest": "yes"}, "BadRequest"),
        ("9.0.0", {"endOfLifeDate": "never"}, "BadRequest"),
        ("9.0.0", {"storageAccountType": "Cheap"}, "InvalidParameter"),
    ],
)
def test_a_version_that_cannot_be_is_refused(place: Place, source: str, name: str, change: Any, code: str) -> None:
    status, found, _ = place.unmade(f"{IMAGE}/versions/{name}", version(source, **change))
    assert (status, found) == (400, code)


def test_a_version_comes_from_a_generalized_machine_of_its_place_and_generation(place: Place, source: str) -> None:
    path = f"{IMAGE}/versions/9.1.0"
    assert place.unmade(path, version(source.replace("source", "nobody")))[:2] == (404, "NotFound")
    assert place.unmade(path, {"storageProfile": {}})[:2] == (400, "InvalidParameter")
    elsewhere = {"location": "uksouth", "properties": version(source, "uksouth")}
    assert place.refused("PUT", path, elsewhere)[:2] == (400, "InvalidParameter")
    place.machine("fresh")
    status, code, message = place.unmade(path, version(place.id("virtualMachines/fresh")))
    assert (status, code) == (400, "BadRequest")
    assert "different OS state ['Specialized'] than the parent gallery image OS state ['Generalized']" in message
    place.definition("galleries/gal/images/gen1", hyperVGeneration="V1")
    body = {"location": place.region, "properties": version(source)}
    made = place.ask("PUT", "galleries/gal/images/gen1/versions/1.0.0", body)
    assert made.status_code == 201, "Azure finds out only later"
    status_document = place.finish(made, 10)
    assert status_document["error"]["code"] == "Conflict"
    assert "different Hypervisor generation ['V2']" in status_document["error"]["message"]
    assert place.get("galleries/gal/images/gen1/versions/1.0.0")["properties"]["provisioningState"] == "Failed"
    place.delete("galleries/gal/images/gen1/versions/1.0.0")
    place.delete("virtualMachines/fresh")


def test_a_source_that_is_deleted_too_early_spoils_the_version(place: Place, source: str) -> None:
    other = place.generalized("early")
    path = f"{IMAGE}/versions/2.0.0"
    answer = place.ask("PUT", path, {"location": place.region, "properties": version(other, HOME, "uksouth")})
    gone = place.ask("DELETE", other)
    place.finish(gone, 70)
    assert place.finish(answer, 500)["status"] == "Failed"
    assert place.get(path)["properties"]["provisioningState"] == "Failed"
    assert replication(place, path)[""] == "Failed"
    place.delete(path)


def test_a_source_can_go_once_the_home_region_has_its_copy(place: Place, source: str) -> None:
    other = place.generalized("late")
    path = f"{IMAGE}/versions/2.1.0"
    answer = place.ask("PUT", path, {"location": place.region, "properties": version(other, HOME, "uksouth")})
    place.azure.advance(290)
    until(lambda: replication(place, path)["Germany West Central"], lambda state: state == "Completed")
    place.finish(place.ask("DELETE", other), 70)
    assert place.finish(answer, 200)["status"] == "Succeeded"
    place.delete(path)


def test_what_holds_others_is_not_deleted_nor_right_after_them(place: Place, source: str) -> None:
    place.definition("galleries/nest/images/one")
    place.put("galleries/nest/images/one/versions/1.0.0", version(source))
    status, code, message = place.refused("DELETE", "galleries/nest/images/one")
    assert (status, code) == (409, "CannotDeleteResource")
    assert "Microsoft.Compute/galleries/nest/images/one/versions/1.0.0" in message
    assert place.refused("DELETE", "galleries/nest")[1] == "CannotDeleteResource"
    for path in ("galleries/nest/images/one/versions/1.0.0", "galleries/nest/images/one"):
        answer = place.ask("DELETE", path)
        place.finish(answer, 21)
        assert place.ask("GET", path).status_code == 404
        place.azure.advance(30)
    place.delete("galleries/nest")


def test_for_a_while_a_definition_believes_in_a_version_that_is_gone(place: Place, source: str) -> None:
    place.definition("galleries/gal/images/slow")
    path = "galleries/gal/images/slow/versions/1.0.0"
    place.put(path, version(source))
    answer = place.ask("DELETE", path)
    assert answer.status_code == 202
    place.azure.advance(15)
    until(lambda: place.ask("GET", path).status_code, lambda status: status == 404)
    assert place.refused("DELETE", "galleries/gal/images/slow")[1] == "CannotDeleteResource"
    place.azure.advance(30)
    place.delete("galleries/gal/images/slow")


def test_machines_boot_latest_which_is_the_highest_that_is_not_excluded(place: Place, source: str) -> None:
    definition = place.definition("galleries/gal/images/newest")
    for name, more in (("1.0.9", {}), ("1.0.10", {}), ("1.1.0", {"excludeFromLatest": True})):
        place.put(f"{definition}/versions/{name}", version(source, **more))
    alma = place.generalized("alma", storageProfile={"imageReference": ALMA, "osDisk": {"createOption": "FromImage"}})
    place.put(f"{definition}/versions/1.0.11", version(alma, HOME))
    reference = {"imageReference": {"id": place.id(definition)}, "osDisk": {"createOption": "FromImage"}}
    assert place.machine("booted", storageProfile=reference)["properties"]["provisioningState"] == "Succeeded"
    place.delete("virtualMachines/booted")
    nowhere = {**reference, "imageReference": {"id": place.id("galleries/gal/images/none")}}
    properties = {"hardwareProfile": {"vmSize": "Standard_D2s_v5"}, "storageProfile": nowhere}
    assert place.unmade("virtualMachines/booted", properties)[0] == 400
