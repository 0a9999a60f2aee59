"""What is closed is reached by an endpoint whose name resolves, by a rule, or not at all."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential

import azure_local
from azure_local.settings import TENANT
from azure_local.tokens import Tokens
from tests.local.pools import REGION, Bench, bench, until
from tests.local.registries import http

__all__ = ["bench"]

BLOB, BATCH = "privatelink.blob.core.windows.net", "privatelink.batch.azure.com"
OUTSIDE = {"address": "198.51.100.10", "subnet": ""}
BLOBS_CONTRIBUTOR, BATCH_CONTRIBUTOR = (
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "29fe4964-1e60-436b-bd3a-77fd4c178b3c",
)
STANDARD = {"sku": {"name": "Standard"}}
VERSIONS = {"/privateDnsZones": "2024-06-01", "Microsoft.Storage": "2025-01-01", "Microsoft.Batch": "2025-06-01"} | {
    "Microsoft.ContainerRegistry": "2025-11-01",
    "Microsoft.KeyVault": "2026-02-01",
}
"""Part of a path → its api-version."""


class Net:
    """The networks of the bench, and who asks from where."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
        self.client = httpx.Client(verify=context, trust_env=False)
        self.put(
            "Microsoft.Network/virtualNetworks/other",
            {**_space("10.8.0.0/16"), "subnets": [_subnet("10.8.0.0/24")]},
            REGION,
        )

    def id(self, path: str) -> str:
        return f"{self.bench.group_id}/providers/{path}"

    def put(self, path: str, properties: dict[str, Any], location: str = "", **more: Any) -> None:
        """Make or change something of the group, and wait until it is done."""
        where = {"location": location} if location else {}
        self.ask("PUT", self.id(path), {**where, "properties": properties, **more})
        self.bench.azure.advance(60)

    def delete(self, path: str) -> None:
        self.ask("DELETE", self.id(path))
        self.bench.azure.advance(60)

    def ask(self, method: str, key: str, body: Any = None) -> Any:
        version = next((known for part, known in VERSIONS.items() if part in key), "2025-09-01")
        answer = http(method, f"{key}?api-version={version}", _operator(), json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def nodes(self, **properties: Any) -> None:
        """Write the subnet of the nodes anew."""
        wanted = {"addressPrefix": "10.0.0.0/24", **properties}
        self.put("Microsoft.Network/virtualNetworks/net/subnets/nodes", wanted)

    def storage(self, **properties: Any) -> None:
        self.ask("PATCH", self.bench.storage_id, {"properties": properties})

    def account(self, **properties: Any) -> None:
        self.ask("PATCH", self.bench.account_id, {"properties": properties})

    def endpoint(self, name: str, target: str, group: str) -> None:
        one = {"name": name, "properties": {"privateLinkServiceId": target, "groupIds": [group]}}
        subnet = {"id": f"{self.bench.network}/subnets/endpoints"}
        path = f"Microsoft.Network/privateEndpoints/{name}"
        self.put(path, {"subnet": subnet, "privateLinkServiceConnections": [one]}, REGION)

    def zone(self, name: str, endpoint: str = "", policy: str = "Default") -> None:
        """A private zone with a link to the network, and the names of an endpoint in it."""
        path = f"Microsoft.Network/privateDnsZones/{name}"
        self.put(path, {}, "global")
        link = {"virtualNetwork": {"id": self.bench.network}, "resolutionPolicy": policy}
        self.put(f"{path}/virtualNetworkLinks/net", link, "global")
        if endpoint:
            self.named(endpoint, name)

    def named(self, endpoint: str, *zones: str) -> None:
        configs = [
            {"name": "one", "properties": {"privateDnsZoneId": self.id(f"Microsoft.Network/privateDnsZones/{zone}")}}
            for zone in zones
        ]
        path = f"Microsoft.Network/privateEndpoints/{endpoint}/privateDnsZoneGroups/default"
        self.put(path, {"privateDnsZoneConfigs": configs})

    def at(self, where: dict[str, str]) -> Any:
        """Where the client is from now on."""
        return azure_local.ask(self.bench.azure.folder, "POST", "client", where)

    def token(self, resource: str, place: dict[str, str] | None) -> str:
        """A token of the pools' identity, as a node at that place gets it."""
        options: Any = {"api_version": "2024-11-30"}
        known = self.bench.resources.resources.get_by_id(self.bench.identity, **options).as_dict()["properties"]
        who = (known["principalId"], known["clientId"], resource, self.bench.identity)
        return str(Tokens(self.bench.azure.folder).issue(*who, place)["access_token"])

    def blob(self, place: dict[str, str] | None) -> tuple[int, str]:
        """Status and code of a listing of blobs from there; (0, "") if it does not arrive."""
        url = f"{self.bench._endpoint().rstrip('/')}/data?restype=container&comp=list"
        return self._asked(url, self.token("https://storage.azure.com", place), {"x-ms-version": "2025-11-05"})

    def jobs(self, place: dict[str, str] | None) -> tuple[int, str]:
        url = f"{os.environ['RECONCILE_RESOURCE_MANAGER']}/batch/{self.bench.account}/jobs?api-version=2025-06-01"
        return self._asked(url, self.token("https://batch.core.windows.net/", place), {})

    def _asked(self, url: str, bearer: str, headers: dict[str, str]) -> tuple[int, str]:
        try:
            answer = self.client.get(url, headers={"Authorization": f"Bearer {bearer}", **headers})
        except httpx.HTTPError:
            return 0, ""
        code = answer.headers.get("x-ms-error-code") or (answer.json()["code"] if answer.status_code >= 400 else "")
        return answer.status_code, code


def _space(prefix: str) -> dict[str, Any]:
    return {"addressSpace": {"addressPrefixes": [prefix]}}


def _subnet(prefix: str, name: str = "nodes") -> dict[str, Any]:
    return {"name": name, "properties": {"addressPrefix": prefix}}


def _operator() -> str:
    return DefaultAzureCredential().get_token("https://management.azure.com/.default").token


@pytest.fixture(scope="module")
def net(bench: Bench) -> Iterator[Net]:
    found = Net(bench)
    with found.client:
        found.put("Microsoft.Network/virtualNetworks/net/subnets/endpoints", {"addressPrefix": "10.0.1.0/24"})
        bench.blobs().create_container("data")
        bench.grant(bench.storage_id, BLOBS_CONTRIBUTOR)
        bench.grant(bench.account_id, BATCH_CONTRIBUTOR)
        yield found
        found.at(OUTSIDE)


@pytest.fixture(autouse=True)
def open_again(net: Net) -> Iterator[None]:
    yield
    net.at(OUTSIDE)
    net.nodes()
    net.storage(publicNetworkAccess="Enabled", networkAcls={"defaultAction": "Allow"})
    net.account(publicNetworkAccess="Enabled", networkProfile={})


def place(subnet: str, address: str = "198.51.100.77") -> dict[str, str]:
    return {"address": address, "subnet": subnet, "region": REGION}


REFUSED = (403, "AuthorizationFailure")
NOWHERE = (0, "")


def test_a_closed_account_is_reached_by_an_endpoint_whose_name_resolves(net: Net) -> None:
    inside, other = place(net.bench.subnet), place(net.id("Microsoft.Network/virtualNetworks/other/subnets/nodes"))
    assert net.blob(inside)[0] == 200
    net.storage(publicNetworkAccess="Disabled")
    assert net.blob(inside) == REFUSED
    net.endpoint("blobs", net.bench.storage_id, "blob")
    assert net.blob(inside) == REFUSED, "without a zone its public name leads to the public address"
    net.zone(BLOB, policy="NxDomainRedirect")
    assert net.blob(inside) == REFUSED, "it may look for the name elsewhere"
    net.zone(BLOB)
    assert net.blob(inside) == NOWHERE, "with a zone that lacks the name it leads nowhere"
    net.named("blobs", BLOB)
    assert net.blob(inside)[0] == 200
    assert (net.blob(other), net.blob(place("")), net.blob(None)) == (REFUSED, REFUSED, REFUSED)
    net.at({"subnet": net.bench.subnet})
    assert net.blob(None)[0] == 200, "the client stands inside"
    net.nodes(networkSecurityGroup={"id": _denying(net, "VirtualNetwork")})
    assert net.blob(inside) == NOWHERE
    net.nodes()
    (one,) = net.ask("GET", f"{net.bench.storage_id}/privateEndpointConnections")["value"]
    rejected = {"properties": {"privateLinkServiceConnectionState": {"status": "Rejected", "description": "no"}}}
    net.ask("PUT", one["id"], rejected)
    assert net.blob(inside) == NOWHERE
    net.delete("Microsoft.Network/privateEndpoints/blobs")
    assert net.blob(inside) == REFUSED, "nothing has a private name any more"
    net.delete(f"Microsoft.Network/privateDnsZones/{BLOB}/virtualNetworkLinks/net")


def _denying(net: Net, destination: str, ports: str = "443") -> str:
    """A security group that shuts one way out."""
    rule = {
        "access": "Deny", "direction": "Outbound", "protocol": "Tcp", "priority": 100, "sourceAddressPrefix": "*",
        "sourcePortRange": "*", "destinationAddressPrefix": destination, "destinationPortRange": ports,
    }  # fmt: skip
    path = "Microsoft.Network/networkSecurityGroups/deny"
    net.put(path, {"securityRules": [{"name": "out", "properties": rule}]}, REGION)
    return net.id(path)


def test_a_subnet_gets_in_by_its_rule_and_a_service_endpoint(net: Net) -> None:
    inside, rules = place(net.bench.subnet), [{"id": net.bench.subnet}]
    closed = {"defaultAction": "Deny", "virtualNetworkRules": rules}
    with pytest.raises(AssertionError, match="SubnetsHaveNoServiceEndpointsConfigured"):
        net.storage(networkAcls=closed)
    net.nodes(serviceEndpoints=[{"service": "Microsoft.Storage"}])
    net.storage(networkAcls=closed)
    assert net.blob(inside)[0] == 200
    assert net.blob(place(net.bench.subnet, ""))[0] == 200, "no public address is needed for that"
    assert net.blob(place(net.id("Microsoft.Network/virtualNetworks/other/subnets/nodes"))) == REFUSED
    net.storage(publicNetworkAccess="Disabled")
    assert net.blob(inside) == REFUSED
    net.storage(publicNetworkAccess="Enabled")
    net.nodes()
    assert net.blob(inside) == REFUSED, "the rule alone does not do it"


def test_an_address_gets_in_by_its_rule_but_none_of_the_accounts_region(net: Net) -> None:
    for value in ("10.1.2.3", "203.0.113.8/31", "203.0.113.9/29", "::1"):
        with pytest.raises(AssertionError, match="InvalidValuesForRequestParameters"):
            net.storage(networkAcls={"defaultAction": "Deny", "ipRules": [{"value": value}]})
    net.storage(networkAcls={"defaultAction": "Deny", "ipRules": [{"value": "203.0.113.9"}]})
    assert net.blob(None) == REFUSED
    assert net.at({"address": "203.0.113.9"})["address"] == "203.0.113.9"
    assert net.blob(None)[0] == 200
    assert net.blob(place("", "203.0.113.9")) == REFUSED
    assert net.blob({**place("", "203.0.113.9"), "region": "uksouth"})[0] == 200


@pytest.mark.parametrize(
    ("destination", "ports", "arrives"),
    [
        ("Internet", "443", False),
        ("Storage", "400-500", False),
        (f"Storage.{REGION}", "443", False),
        ("*", "*", False),
        ("0.0.0.0/0", "443", False),
        ("Internet", "80", True),
        ("Storage.uksouth", "443", True),
        ("Sql", "443", True),
        ("10.0.0.0/8", "443", True),
    ],
)
def test_a_rule_of_the_subnet_shuts_the_way_out(net: Net, destination: str, ports: str, arrives: bool) -> None:
    net.nodes(networkSecurityGroup={"id": _denying(net, destination, ports)})
    assert net.blob(place(net.bench.subnet)) == ((200, "") if arrives else NOWHERE)


def test_the_client_is_where_it_is_put(net: Net) -> None:
    for body, wrong in (
        ({"address": "here"}, "address must be an IPv4 address"),
        ({"subnet": net.bench.subnet + "-none"}, "subnet: there is no"),
        ({"place": "x"}, "there is no member place"),
    ):
        with pytest.raises(azure_local.Refused, match=wrong):
            net.at(body)
    assert net.at({"subnet": net.bench.subnet})["subnet"] == net.bench.subnet
    assert net.at({}) == {"address": OUTSIDE["address"], "subnet": net.bench.subnet, "region": REGION}


def test_a_batch_account_shows_its_network_profile_as_recorded_and_keeps_to_it(net: Net) -> None:
    known = {"accountAccess": {"defaultAction": "Allow", "ipRules": [{"action": "Allow", "value": "1.2.3.6"}]}}
    net.account(publicNetworkAccess="Enabled", networkProfile=known)
    shown: Any = net.bench.arm.batch_account.get(net.bench.group, net.bench.account).as_dict()
    assert shown["properties"]["networkProfile"] == known
    assert net.jobs(None)[0] == 200
    net.account(networkProfile={"accountAccess": {**known["accountAccess"], "defaultAction": "Deny"}})
    refused = (403, "PublicNetworkAccessNotAllowed")
    assert net.jobs(None) == refused
    with pytest.raises(HttpResponseError) as caught:
        list(net.bench.batch.list_jobs())
    assert OUTSIDE["address"] in str(caught.value)
    net.at({"address": "1.2.3.6"})
    assert net.jobs(None)[0] == 200
    net.account(publicNetworkAccess="Disabled")
    assert net.jobs(None) == refused


ALONE = {"publicIPAddressConfiguration": {"provision": "NoPublicIPAddresses"}}


def test_nodes_need_a_way_to_batch(net: Net) -> None:
    alone = {"subnetId": net.bench.subnet, **ALONE}
    net.bench.put("no-way", net.bench.body(1, networkConfiguration=alone))
    assert "no way to the node management endpoint" in unusable(net, "no-way")
    net.put("Microsoft.Network/publicIPAddresses/out", {"publicIPAllocationMethod": "Static"}, REGION, **STANDARD)
    out = {"publicIpAddresses": [{"id": net.id("Microsoft.Network/publicIPAddresses/out")}]}
    net.put("Microsoft.Network/natGateways/out", out, REGION, **STANDARD)
    net.nodes(natGateway={"id": net.id("Microsoft.Network/natGateways/out")})
    net.bench.pool("by-gateway", 1, networkConfiguration=alone)
    net.account(publicNetworkAccess="Disabled")
    net.bench.put("closed", net.bench.body(1))
    net.at({"subnet": net.bench.subnet})
    with_endpoints(net)
    assert "is disabled" in unusable(net, "closed")
    for name in ("no-way", "by-gateway", "closed"):
        net.bench.drop(name)


def unusable(net: Net, pool: str) -> str:
    """The message of the first node of a pool that is unusable."""
    (node,) = until(lambda: [one for one in net.bench.nodes(pool) if one.state == "unusable"])
    return str((node.errors or [])[0].message)


def with_endpoints(net: Net) -> None:
    """Both endpoints of the Batch account, and their names."""
    for name, group in (("manages", "nodeManagement"), ("asks", "batchAccount")):
        net.endpoint(name, net.bench.account_id, group)
        net.zone(BATCH, name)


def test_an_endpoint_of_the_account_is_for_one_group(net: Net) -> None:
    net.account(publicNetworkAccess="Disabled")
    net.at({"subnet": net.bench.subnet})
    with_endpoints(net)
    assert net.jobs(None)[0] == 200
    net.delete("Microsoft.Network/privateEndpoints/asks")
    assert net.jobs(None) == (403, "PublicNetworkAccessNotAllowed")


def test_a_pool_without_a_way_out_works_by_endpoints_alone(net: Net) -> None:
    net.bench.blobs().get_blob_client("data", "tool").upload_blob(b"#!/bin/sh\n", overwrite=True)
    net.account(publicNetworkAccess="Disabled")
    net.storage(publicNetworkAccess="Disabled")
    net.at({"subnet": net.bench.subnet})
    with_endpoints(net)
    inside = {"networkConfiguration": {"subnetId": net.bench.subnet, **ALONE}}
    reads = {"identityReference": {"resourceId": net.bench.identity}, "filePath": "tool"}
    urls = {"far": "https://example.org/tool", "near": f"{net.bench._endpoint()}data/tool"}
    starts = {
        name: {"commandLine": "/bin/sh ./tool", "waitForSuccess": True, "resourceFiles": [{"httpUrl": url, **reads}]}
        for name, url in urls.items()
    }
    for name, start in starts.items():
        net.bench.put(name, net.bench.body(1, startTask=start, **inside))
        assert failed_to_start(net, name) == "BlobDownloadMiscError"
    net.endpoint("blobs", net.bench.storage_id, "blob")
    net.zone(BLOB, "blobs")
    net.bench.pool("reads", 1, startTask=starts["near"], **inside)
    for name in ("far", "near", "reads"):
        net.bench.drop(name)


def failed_to_start(net: Net, pool: str) -> str:
    """The code with which the start task of a pool's node failed."""
    (node,) = until(lambda: [one for one in net.bench.nodes(pool) if one.state == "starttaskfailed"])
    return str(node.as_dict()["startTaskInfo"]["failureInfo"]["code"])


def test_a_small_subnet_is_soon_full(net: Net) -> None:
    path = "Microsoft.Network/virtualNetworks/net/subnets/small"
    net.put(path, {"addressPrefix": "10.0.2.0/29"})
    net.bench.put("small", net.bench.body(5, networkConfiguration={"subnetId": net.id(path)}))
    full = net.bench.steady("small")
    assert full["currentDedicatedNodes"] == 3
    (error,) = full["resizeOperationStatus"]["errors"]
    assert error["code"] == "AllocationFailed"
    assert "10.0.2.0/29 does not have enough capacity for 2 IP addresses" in error["message"]
    with pytest.raises(AssertionError, match="InUseSubnetCannotBeDeleted"):
        net.delete(path)
    net.bench.drop("small")


def test_a_registry_and_a_vault_are_closed_and_reached_alike(net: Net) -> None:
    for namespace in ("ContainerRegistry", "KeyVault"):
        net.bench.resources.providers.register(f"Microsoft.{namespace}")
    net.bench.azure.advance(60)
    registry, vault = f"acr{net.bench.account}", f"kv-{net.bench.account}"
    closed = {"publicNetworkAccess": "Disabled"}
    net.put(f"Microsoft.ContainerRegistry/registries/{registry}", closed, REGION, sku={"name": "Premium"})
    sku = {"sku": {"family": "A", "name": "standard"}, "tenantId": TENANT}
    net.put(f"Microsoft.KeyVault/vaults/{vault}", {**closed, **sku}, REGION)

    def images(place: dict[str, str] | None) -> str:
        bearer = net.token("https://management.azure.com/", place)
        form = {"grant_type": "access_token", "service": f"{registry}.azurecr.io", "access_token": bearer}
        url = f"{os.environ['RECONCILE_RESOURCE_MANAGER']}/registries/{registry}.azurecr.io/oauth2/exchange"
        return str(net.client.post(url, data=form).json()["errors"][0]["code"])

    def secret(place: dict[str, str] | None) -> str:
        url = f"{os.environ['RECONCILE_RESOURCE_MANAGER']}/vaults/{vault}.vault.azure.net/secrets/s?api-version=7.4"
        bearer = net.token("https://vault.azure.net", place)
        answer = net.client.get(url, headers={"Authorization": f"Bearer {bearer}"})
        return str(answer.json()["error"]["innererror"]["code"])

    inside = place(net.bench.subnet)
    assert (images(inside), images(None), secret(inside)) == ("DENIED", "DENIED", "ForbiddenByConnection")
    net.endpoint("images", net.id(f"Microsoft.ContainerRegistry/registries/{registry}"), "registry")
    net.zone("privatelink.azurecr.io", "images")
    net.endpoint("secrets", net.id(f"Microsoft.KeyVault/vaults/{vault}"), "vault")
    net.zone("privatelink.vaultcore.azure.net", "secrets")
    assert (images(inside), secret(inside)) == ("UNAUTHORIZED", "ForbiddenByRbac"), "let in, and without a role"
    assert (images(None), secret(None)) == ("DENIED", "ForbiddenByConnection")
    listed: dict[str, Any] = {"defaultAction": "Deny", "ipRules": [{"value": OUTSIDE["address"]}]}
    rules = {"publicNetworkAccess": "Enabled", "networkAcls": listed}
    net.put(f"Microsoft.KeyVault/vaults/{vault}", {**sku, **rules}, REGION)
    assert (secret(None), secret(place("", "203.0.113.1"))) == ("ForbiddenByRbac", "ForbiddenByFirewall")
    listed = {"defaultAction": "Deny", "ipRules": [{"action": "Allow", "value": OUTSIDE["address"]}]}
    opened = {"publicNetworkAccess": "Enabled", "networkRuleSet": listed}
    net.put(f"Microsoft.ContainerRegistry/registries/{registry}", opened, REGION, sku={"name": "Premium"})
    assert (images(None), images(place("", "203.0.113.1"))) == ("UNAUTHORIZED", "DENIED")
