"""A place on the local Azure with machines, networks and galleries, as tests make, ask and change them over HTTP."""

from __future__ import annotations

import itertools
import os
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from reconciler.azure.api_versions import api_version_of
from tests.conftest import Azure
from tests.local.registries import SUBSCRIPTION, operator, resources

COMPUTE, NETWORK = "Microsoft.Compute", "Microsoft.Network"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43 + " nobody"
JAMMY = {
    "publisher": "Canonical",
    "offer": "0001-com-ubuntu-server-jammy",
    "sku": "22_04-lts-gen2",
    "version": "latest",
}
ALMA = {"publisher": "almalinux", "offer": "almalinux-x86_64", "sku": "9-gen2", "version": "latest"}
KINDS = (
    "virtualNetworks", "networkSecurityGroups", "publicIP", "networkInterfaces", "natGateways", "privateEndpoints",
    "privateDnsZones",
)  # fmt: skip
VERSIONS = {"/privateDnsZones": "2024-06-01", "/Microsoft.KeyVault": "2026-02-01"}
"""Part of a path → the api-version of what no kind of the client has."""
_numbers = itertools.count()


class Place:
    """A resource group in a region of its own, in which quotas and machines of other tests do not count."""

    def __init__(self, azure: Azure, region: str) -> None:
        number = f"{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}n{next(_numbers)}"
        self.azure, self.region, self.group = azure, region, f"rg-vm-{number}"
        context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
        headers = {"Authorization": f"Bearer {operator()}"}
        front = os.environ["RECONCILE_RESOURCE_MANAGER"]
        self.client = httpx.Client(verify=context, trust_env=False, headers=headers, base_url=front)
        client = resources()
        client.resource_groups.create_or_update(self.group, {"location": region})
        others = ("Microsoft.ManagedIdentity", "Microsoft.Batch", "Microsoft.ContainerRegistry")
        for provider in (COMPUTE, NETWORK, *others):
            client.providers.register(provider)
        azure.advance(60)

    def id(self, path: str) -> str:
        """`virtualMachines/vm` → its id; Network's types are told from Compute's."""
        provider = NETWORK if path.startswith(KINDS) else COMPUTE
        return f"{SUBSCRIPTION}/resourceGroups/{self.group}/providers/{provider}/{path}"

    def ask(self, method: str, path: str, body: Any = None, **query: str) -> httpx.Response:
        """One request about an id, a path below the group, or a whole URL."""
        if path.startswith("https:"):
            return self.client.request(method, path)
        path = path if path.startswith("/") else self.id(path)
        version = next((known for part, known in VERSIONS.items() if part in path), "") or api_version_of(path)
        parameters = {"api-version": version, **{f"${name}": value for name, value in query.items()}}
        return self.client.request(method, path, json=body, params=parameters)

    def get(self, path: str, **query: str) -> Any:
        answer = self.ask("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put(self, path: str, properties: Any, seconds: float = 400, **more: Any) -> Any:
        """Make or change, wait until Azure has done it, and show it."""
        answer = self.ask("PUT", path, {"location": self.region, "properties": properties, **more})
        assert answer.status_code in (200, 201, 202), answer.text
        self.finish(answer, seconds)
        return self.get(path)

    def post(self, path: str) -> None:
        answer = self.ask("POST", path)
        assert answer.status_code in (200, 202), answer.text
        if answer.status_code == 202:
            assert self.finish(answer)["status"] == "Succeeded"

    def delete(self, path: str) -> None:
        answer = self.ask("DELETE", path)
        assert answer.status_code == 202, answer.text
        assert self.finish(answer)["status"] == "Succeeded"

    def finish(self, answer: httpx.Response, seconds: float = 400) -> Any:
        """The status of an accepted operation once it has ended."""
        self.azure.advance(seconds)
        url = answer.headers["Azure-AsyncOperation"]
        return until(lambda: self.ask("GET", url).json(), lambda status: status["status"] != "InProgress")

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str, str]:
        """Status, code and message of an error."""
        answer = self.ask(method, path, body)
        assert answer.status_code >= 400, f"{answer.status_code} {answer.text}"
        error = answer.json()["error"]
        return answer.status_code, error["code"], error["message"]

    def unmade(self, path: str, properties: Any, **more: Any) -> tuple[int, str, str]:
        return self.refused("PUT", path, {"location": self.region, "properties": properties, **more})

    def network(self) -> str:
        """A network with a subnet; the subnet's id."""
        space = {"addressPrefixes": ["10.1.0.0/24"]}
        one = {"name": "one", "properties": {"addressPrefix": "10.1.0.0/26"}}
        if self.ask("GET", "virtualNetworks/net").status_code == 404:
            self.put("virtualNetworks/net", {"addressSpace": space, "subnets": [one]})
        return self.id("virtualNetworks/net/subnets/one")

    def interface(self, name: str, **more: Any) -> str:
        configuration = {"name": "one", "properties": {"subnet": {"id": self.network()}, **more}}
        self.put(f"networkInterfaces/{name}", {"ipConfigurations": [configuration]})
        return self.id(f"networkInterfaces/{name}")

    def machine(self, name: str, **more: Any) -> Any:
        """A running machine, with an interface and a disk that go with it."""
        self.interface(f"{name}-nic")
        properties = wanted(self.id(f"networkInterfaces/{name}-nic"))
        whole: dict[str, Any] = {}
        for key, value in more.items():
            (whole if key in ("identity", "tags") else properties)[key] = value
        return self.put(f"virtualMachines/{name}", properties, **whole)

    def generalized(self, name: str, **more: Any) -> str:
        self.machine(name, **more)
        self.post(f"virtualMachines/{name}/deallocate")
        self.post(f"virtualMachines/{name}/generalize")
        return self.id(f"virtualMachines/{name}")

    def definition(self, path: str = "galleries/gal/images/img", **more: Any) -> str:
        """A definition, in a gallery that is made if it is not there."""
        gallery = path.split("/images/")[0]
        if self.ask("GET", gallery).status_code == 404:
            self.put(gallery, {})
        sku = path.rsplit("/", 1)[-1]
        known = {"osType": "Linux", "osState": "Generalized", "hyperVGeneration": "V2"}
        self.put(path, {**known, "identifier": {"publisher": "pub", "offer": "off", "sku": sku}, **more})
        return path

    def codes(self, name: str) -> list[str]:
        return [one["code"] for one in self.get(f"virtualMachines/{name}/instanceView")["statuses"]]

    def end(self) -> None:
        """Delete the group with everything in it."""
        group = f"{SUBSCRIPTION}/resourceGroups/{self.group}"
        self.ask("DELETE", group)
        self.azure.advance(120)
        until(lambda: self.ask("GET", group).status_code, lambda status: status == 404)


def wanted(interface: str, image: Any = None, **more: Any) -> dict[str, Any]:
    """The properties of a machine as azure-mgmt-compute sends them."""
    login = {"path": "/home/azureuser/.ssh/authorized_keys", "keyData": KEY}
    return {
        "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
        "storageProfile": {
            "imageReference": image or JAMMY,
            "osDisk": {"createOption": "FromImage", "deleteOption": "Delete"},
        },
        "osProfile": {
            "computerName": "vm",
            "adminUsername": "azureuser",
            "linuxConfiguration": {"disablePasswordAuthentication": True, "ssh": {"publicKeys": [login]}},
        },
        "networkProfile": {"networkInterfaces": [{"id": interface, "properties": {"deleteOption": "Delete"}}]},
        **more,
    }


def changed(properties: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with the value at `a.b.c` changed, or taken away if it is None."""
    first, _, rest = path.partition(".")
    inner = changed(properties.get(first, {}), rest, value) if rest else value
    kept = {name: one for name, one in properties.items() if name != first}
    return kept if inner is None else {**kept, first: inner}


def until(look: Callable[[], Any], done: Callable[[Any], bool], seconds: float = 20) -> Any:
    """What `look` sees once it is `done`."""
    deadline = time.monotonic() + seconds
    while not done(seen := look()):
        assert time.monotonic() < deadline, f"still {seen}"
        time.sleep(0.01)
    return seen


def temporary(azure: Azure, region: str) -> Iterator[Place]:
    place = Place(azure, region)
    with place.client:
        yield place
        azure.clear_faults()
        place.end()
