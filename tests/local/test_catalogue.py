"""What Compute offers and what is left of the quotas, what pools can boot, and what a kill does to all of it."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import azure_local
from tests.conftest import SPEED, Azure
from tests.local.machines import ALMA, Place, temporary, until, wanted
from tests.local.registries import SUBSCRIPTION

HERE = f"{SUBSCRIPTION}/providers/Microsoft.Compute"
JAMMY = "publishers/Canonical/artifacttypes/vmimage/offers/0001-com-ubuntu-server-jammy/skus/22_04-lts-gen2/versions"


@pytest.fixture(scope="module")
def place(azure_server: Azure) -> Iterator[Place]:
    yield from temporary(azure_server, "uksouth")


def usage(place: Place, name: str) -> dict[str, Any]:
    found = place.get(f"{HERE}/locations/{place.region}/usages")["value"]
    return dict(next(one for one in found if one["name"]["value"] == name))


def test_versions_of_an_image_are_listed_and_a_new_one_is_the_latest(place: Place) -> None:
    path = f"{HERE}/locations/{place.region}/{JAMMY}"
    before = [one["name"] for one in place.get(path)]
    urn = "canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2"
    azure_local.ask(place.azure.folder, "POST", "platform-images", {"urn": urn, "version": "22.04.202612010"})
    after = [one["name"] for one in place.get(path)]
    assert after == [*before, "22.04.202612010"]
    assert [one["name"] for one in place.get(path, top="1", orderby="name desc")] == ["22.04.202612010"]
    assert place.get(f"{path}/22.04.202612010")["properties"]["hyperVGeneration"] == "V2"
    made = place.machine("newest")["properties"]["storageProfile"]["imageReference"]
    assert made["exactVersion"] == "22.04.202612010"
    place.delete("virtualMachines/newest")


def test_what_the_catalogue_does_not_have_is_not_found(place: Place) -> None:
    there = f"{HERE}/locations/{place.region}"
    for path in (f"{there}/{JAMMY}/latest", f"{there}/{JAMMY}/1.0.0", f"{there}/{JAMMY.replace('22_04', '23_04')}"):
        assert place.refused("GET", path)[:2] == (404, "NotFound")
    assert place.refused("GET", f"{HERE}/locations/atlantis/{JAMMY}")[:2] == (400, "NoRegisteredProviderFound")
    assert place.refused("GET", f"{HERE}/locations/atlantis/usages")[0] == 400


def test_usages_count_cores_of_the_family_and_the_region(place: Place) -> None:
    assert usage(place, "standardDSv5Family")["name"]["localizedValue"] == "Standard DSv5 Family vCPUs"
    before = usage(place, "cores")["currentValue"]
    place.machine("counted", hardwareProfile={"vmSize": "standard_d4s_v5"})
    assert usage(place, "standardDSv5Family")["currentValue"] == 4
    assert usage(place, "cores")["currentValue"] == before + 4
    place.post("virtualMachines/counted/deallocate")
    assert usage(place, "standardDSv5Family")["currentValue"] == 4, "deallocated cores count"
    place.delete("virtualMachines/counted")
    assert usage(place, "cores")["currentValue"] == before


def test_skus_are_those_of_the_region_and_what_is_sold_out_is_restricted(place: Place) -> None:
    azure_local.ask(place.azure.folder, "POST", "restrictions", {"location": "norwayeast", "size": "Standard_E4s_v5"})
    found = place.get(f"{HERE}/skus", filter="location eq 'norwayeast'")["value"]
    sizes = {one["name"]: one for one in found if one["resourceType"] == "virtualMachines"}
    assert {one["resourceType"] for one in found} == {"virtualMachines", "disks"}
    assert sizes["Standard_E4s_v5"]["restrictions"][0]["reasonCode"] == "NotAvailableForSubscription"
    assert sizes["Standard_E8s_v5"]["restrictions"] == []
    assert "Standard_NC4as_T4_v3" not in sizes, "no GPUs in Norway"
    assert place.refused("GET", f"{HERE}/skus?$filter=name eq 'x'")[0] == 400


def pool(image: Any, agent: str = "batch.node.ubuntu 22.04") -> dict[str, Any]:
    machine = {"imageReference": image, "nodeAgentSkuId": agent}
    deployment = {"virtualMachineConfiguration": machine}
    return {"properties": {"vmSize": "standard_d2s_v3", "deploymentConfiguration": deployment}}


def test_a_pool_boots_a_version_or_the_latest_where_it_is_replicated_with_its_node_agent(place: Place) -> None:
    group = place.id("x").split("/providers/")[0]
    account = f"{group}/providers/Microsoft.Batch/batchAccounts/bagal{os.getpid()}x"
    accepted = place.ask("PUT", account, {"location": place.region})
    assert accepted.status_code == 202, accepted.text
    place.azure.advance(60)
    until(lambda: place.ask("GET", account).status_code, lambda status: status == 200)
    definition = place.id(place.definition())
    version = {"storageProfile": {"source": {"virtualMachineId": place.generalized("source")}}}
    place.put(f"{definition}/versions/1.0.9", version)
    place.put(f"{definition}/versions/1.0.10", version)
    alma = place.generalized("alma", storageProfile={"imageReference": ALMA, "osDisk": {"createOption": "FromImage"}})
    latest = {"excludeFromLatest": True}
    place.put(
        f"{definition}/versions/1.0.11",
        {"storageProfile": {"source": {"virtualMachineId": alma}}, "publishingProfile": latest},
    )

    numbers = itertools.count()

    def made(image: str, agent: str = "batch.node.ubuntu 22.04") -> Any:
        return place.ask("PUT", f"{account}/pools/p{next(numbers)}", pool({"id": image}, agent))

    exact = made(f"{definition}/versions/1.0.9")
    assert exact.status_code == 200, exact.text
    assert made(definition).status_code == 200, "the latest is an Ubuntu: the AlmaLinux is excluded"
    assert "node agent SKU" in made(f"{definition}/versions/1.0.11").text
    assert made(f"{definition}/versions/1.0.11", "batch.node.el 9").status_code == 200
    unknown = made(f"{definition}/versions/7.0.0")
    assert (unknown.status_code, "does not exist" in unknown.text) == (400, True)
    assert "does not exist" in made(place.id("galleries/gal/images/none")).text
    both = place.ask("PUT", f"{account}/pools/p", pool({"id": definition, "version": "latest"}))
    assert "cannot stand beside" in both.text

    other = place.id(place.definition("galleries/gal/images/new"))
    early = place.ask("PUT", f"{other}/versions/1.0.0", {"location": place.region, "properties": version})
    assert "not replicated to the region uksouth" in made(f"{other}/versions/1.0.0").text
    assert "not replicated to the region uksouth" in made(other).text
    place.finish(early)
    assert made(other).status_code == 200


def test_a_group_takes_everything_with_it(azure_server: Azure) -> None:
    places = temporary(azure_server, "spaincentral")
    gone = next(places)
    gone.definition()
    source = gone.generalized("source")
    version = gone.id("galleries/gal/images/img/versions/1.0.0")
    gone.put(version, {"storageProfile": {"source": {"virtualMachineId": source}}})
    gone.machine("running")
    gone.put("virtualMachines/running/runCommands/one", {"source": {"script": "true"}, "asyncExecution": True})
    next(places, None)
    again = Place(azure_server, "spaincentral")
    again.group = gone.group
    again.ask("PUT", f"{SUBSCRIPTION}/resourceGroups/{gone.group}", {"location": "spaincentral"})
    for path in ("virtualMachines", "galleries", "disks", "networkInterfaces", "virtualNetworks"):
        assert again.get(path)["value"] == []
    for path in (version, "virtualMachines/running/runCommands/one"):
        assert again.ask("GET", path).status_code == 404
    assert usage(again, "cores")["currentValue"] == 0
    again.end()
    again.client.close()


def test_a_kill_in_the_middle_of_a_machine_and_of_a_version_loses_nothing(tmp_path: Path) -> None:
    folder, before = tmp_path / "azure", dict(os.environ)
    try:
        folder.mkdir()
        (folder / "wire.on").touch()
        pid = azure_local.up(folder, speed=SPEED)["pid"]
        os.environ.update(azure_local.env(folder))
        place = Place(Azure(folder), "uksouth")
        place.definition()
        source = place.generalized("source")
        interface = place.interface("nic")
        body = {"location": place.region, "properties": wanted(interface)}
        machine = place.ask("PUT", "virtualMachines/vm", body)
        properties = {
            "publishingProfile": {"targetRegions": [{"name": "uksouth"}, {"name": "westeurope"}]},
            "storageProfile": {"source": {"virtualMachineId": source}},
        }
        path = "galleries/gal/images/img/versions/1.0.0"
        version = place.ask("PUT", path, {"location": place.region, "properties": properties})
        os.kill(pid, signal.SIGKILL)
        azure_local.up(folder, speed=SPEED)
        assert place.get(path)["properties"]["provisioningState"] in ("Creating", "Succeeded")
        assert place.finish(machine)["status"] == "Succeeded"
        assert place.codes("vm") == ["ProvisioningState/succeeded", "PowerState/running"]
        assert place.finish(version)["status"] == "Succeeded"
        status = place.get(path, expand="ReplicationStatus")["properties"]["replicationStatus"]
        assert status["aggregatedState"] == "Completed"
        place.delete("virtualMachines/vm")
        assert place.ask("GET", interface).status_code == 404
        place.client.close()
    finally:
        azure_local.down(folder)
        os.environ.clear()
        os.environ.update(before)


def test_the_bases_of_images_have_the_node_agents_that_batch_pairs_them_with(place: Place) -> None:
    from azure_local.batch import offers
    from reconciler.azure.images import BASES

    for base in BASES.values():
        reference = dict(zip(("publisher", "offer", "sku"), base.urn.split(":"), strict=True))
        assert offers.agent(reference) == base.agent
