"""Private endpoints, private DNS zones, and the connections that the resources show."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from azure_local.settings import TENANT
from azure_local.tokens import Tokens
from tests.conftest import Azure
from tests.local.machines import Place, temporary
from tests.local.registries import SUBSCRIPTION, resources

SPACE = {"addressSpace": {"addressPrefixes": ["10.2.0.0/24"]}}
NETWORK = "virtualNetworks/private"
ZONE = "privatelink.blob.core.windows.net"
ARM = "https://management.azure.com"
PROVIDERS = f"{SUBSCRIPTION}/resourceGroups/{{}}/providers"


@pytest.fixture(scope="module")
def place(azure_server: Azure) -> Iterator[Place]:
    for made in temporary(azure_server, "swedencentral"):
        for provider in ("Storage", "KeyVault"):
            resources().providers.register(f"Microsoft.{provider}")
        azure_server.advance(60)
        subnets = [{"name": "endpoints", "properties": {"addressPrefix": "10.2.0.0/26"}}]
        made.put(NETWORK, {**SPACE, "subnets": subnets})
        yield made


@pytest.fixture(scope="module")
def account(place: Place) -> str:
    return storage(place, "salinks")


def storage(place: Place, name: str) -> str:
    """The id of a storage account that is made."""
    name = f"{name}{place.group.rpartition('-')[2]}"
    account = f"{PROVIDERS.format(place.group)}/Microsoft.Storage/storageAccounts/{name}"
    body = {"location": place.region, "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {}}
    assert place.ask("PUT", account, body).status_code == 202
    place.azure.advance(60)
    return account


def endpoint(place: Place, target: str, group: str = "blob", *, manual: bool = False, **more: Any) -> dict[str, Any]:
    member = "manualPrivateLinkServiceConnections" if manual else "privateLinkServiceConnections"
    one = {"name": "link", "properties": {"privateLinkServiceId": target, "groupIds": [group]}}
    return {"subnet": {"id": place.id(f"{NETWORK}/subnets/endpoints")}, member: [one], **more}


def state(place: Place, name: str) -> str:
    properties = place.get(f"privateEndpoints/{name}")["properties"]
    one = (properties["privateLinkServiceConnections"] or properties["manualPrivateLinkServiceConnections"])[0]
    return str(one["properties"]["privateLinkServiceConnectionState"]["status"])


def zone(place: Place, name: str, link: bool = True) -> None:
    done(place, f"privateDnsZones/{name}", {"location": "global"})
    if link:
        body = {"location": "global", "properties": {"virtualNetwork": {"id": place.id(NETWORK)}}}
        done(place, f"privateDnsZones/{name}/virtualNetworkLinks/net", body)


def done(place: Place, path: str, body: Any) -> Any:
    """Make something, wait for its end, and show it."""
    answer = place.ask("PUT", path, body)
    assert answer.status_code in (200, 201, 202), answer.text
    place.azure.advance(60)
    return place.get(path)


def grouped(place: Place, name: str, *zones: str) -> Any:
    """Write the zone group of an endpoint."""
    configs = [
        {"name": one.replace(".", "-"), "properties": {"privateDnsZoneId": place.id(f"privateDnsZones/{one}")}}
        for one in zones
    ]
    return done(
        place,
        f"privateEndpoints/{name}/privateDnsZoneGroups/default",
        {"properties": {"privateDnsZoneConfigs": configs}},
    )


def test_an_endpoint_has_an_interface_and_is_seen_at_both_ends(place: Place, account: str) -> None:
    made = place.put("privateEndpoints/blobs", endpoint(place, account))
    assert state(place, "blobs") == "Approved"
    dns = made["properties"]["customDnsConfigs"][0]
    name = account.rpartition("/")[2]
    assert dns == {"fqdn": f"{name}.blob.core.windows.net", "ipAddresses": ["10.2.0.4"]}
    interface = made["properties"]["networkInterfaces"][0]["id"]
    assert place.get(interface)["properties"]["privateEndpoint"]["id"] == made["id"]
    assert place.refused("DELETE", interface)[1] == "NicInUseWithPrivateEndpoint"
    subnet = place.get(f"{NETWORK}/subnets/endpoints")["properties"]
    assert subnet["privateEndpoints"] == [{"id": made["id"]}]
    assert place.refused("DELETE", f"{NETWORK}/subnets/endpoints")[1] == "InUseSubnetCannotBeDeleted"
    (seen,) = place.get(account)["properties"]["privateEndpointConnections"]
    assert seen["properties"]["privateEndpoint"]["id"] == made["id"]
    assert place.get(f"{account}/privateEndpointConnections")["value"][0]["id"] == seen["id"]
    place.delete("privateEndpoints/blobs")
    assert place.ask("GET", interface).status_code == 404
    assert place.get(account)["properties"]["privateEndpointConnections"] == []


def test_a_manual_connection_waits_for_an_answer(place: Place, account: str) -> None:
    place.put("privateEndpoints/asks", endpoint(place, account, manual=True))
    assert state(place, "asks") == "Pending"
    (seen,) = place.get(f"{account}/privateEndpointConnections")["value"]
    for word in ("Approved", "Rejected"):
        body = {"properties": {"privateLinkServiceConnectionState": {"status": word, "description": "so"}}}
        assert place.ask("PUT", seen["id"], body).status_code == 200
        assert state(place, "asks") == word
    assert place.ask("DELETE", seen["id"]).status_code == 200
    assert state(place, "asks") == "Disconnected"
    place.delete("privateEndpoints/asks")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"subnet": {"id": "/none/subnets/none"}}, "InvalidResourceReference"),
        ({"privateLinkServiceConnections": []}, "PrivateEndpointMustHaveOneConnection"),
        ({"id": "/subscriptions/none"}, "InvalidPrivateLinkServiceId"),
        ({"id": "{}none"}, "InvalidResourceReference"),
        ({"groups": []}, "MissingParameterOnPrivateLinkServiceConnection"),
        ({"groups": ["blob", "file"]}, "OnlyOneGroupIdPermitted"),
        ({"groups": ["blobs"]}, "BadRequest"),
        ({"name": ""}, "InvalidRequestFormat"),
    ],
)
def test_an_endpoint_that_leads_nowhere_is_refused(
    place: Place, account: str, changed: dict[str, Any], code: str
) -> None:
    wanted = endpoint(place, account)
    (one,) = wanted["privateLinkServiceConnections"]
    one["properties"]["groupIds"] = changed.pop("groups", ["blob"])
    one["properties"]["privateLinkServiceId"] = changed.pop("id", account).replace("{}", account)
    one["name"] = changed.pop("name", "link")
    assert place.unmade("privateEndpoints/bad", {**wanted, **changed})[1] == code


def test_who_may_not_approve_asks(place: Place, account: str) -> None:
    identity = f"{PROVIDERS.format(place.group)}/Microsoft.ManagedIdentity/userAssignedIdentities/id-asks"
    known = done(place, identity, {"location": place.region})["properties"]
    permission = {"actions": ["Microsoft.Network/*"], "notActions": [], "dataActions": [], "notDataActions": []}
    group = f"{SUBSCRIPTION}/resourceGroups/{place.group}"
    roles, name = f"{group}/providers/Microsoft.Authorization", str(uuid.uuid4())
    role = {"roleName": f"networks {name}", "type": "CustomRole", "description": "", "permissions": [permission]}
    made = place.ask("PUT", f"{roles}/roleDefinitions/{name}", {"properties": {**role, "assignableScopes": [group]}})
    who = {"principalId": known["principalId"], "principalType": "ServicePrincipal"}
    assigned = {"properties": {"roleDefinitionId": made.json()["id"], **who}}
    assert place.ask("PUT", f"{roles}/roleAssignments/{uuid.uuid4()}", assigned).status_code == 201
    place.azure.advance(600)
    token = Tokens(place.azure.folder).issue(known["principalId"], known["clientId"], ARM, identity)["access_token"]
    headers = {"Authorization": f"Bearer {token}"}

    def put(*, manual: bool) -> Any:
        body = {"location": place.region, "properties": endpoint(place, account, manual=manual)}
        url = f"{place.id('privateEndpoints/asked')}?api-version=2025-09-01"
        return place.client.put(url, json=body, headers=headers)

    refused = put(manual=False).json()["error"]
    assert refused["code"] == "LinkedAuthorizationFailed"
    assert "Microsoft.Storage/storageAccounts/privateEndpointConnectionsApproval/action" in refused["message"]
    assert put(manual=True).status_code == 201
    place.azure.advance(60)
    assert state(place, "asked") == "Pending"
    place.delete("privateEndpoints/asked")


def test_each_service_says_what_it_offers(place: Place, account: str) -> None:
    offered = place.get(f"{account}/privateLinkResources")["value"]
    assert {one["name"]: one["properties"]["requiredZoneNames"] for one in offered}["blob"] == [ZONE]
    registry = f"{PROVIDERS.format(place.group)}/Microsoft.ContainerRegistry/registries/"
    registry += f"acrlinks{place.group.rpartition('-')[2]}"
    body = {"location": place.region, "sku": {"name": "Basic"}, "properties": {}}
    done(place, registry, body)
    assert place.unmade("privateEndpoints/images", endpoint(place, registry, "registry"))[1] == "BadRequest"
    done(place, registry, {**body, "sku": {"name": "Premium"}})
    made = place.put("privateEndpoints/images", endpoint(place, registry, "registry"))
    names = [one["fqdn"] for one in made["properties"]["customDnsConfigs"]]
    known = registry.rpartition("/")[2]
    assert names == [f"{known}.azurecr.io", f"{known}.swedencentral.data.azurecr.io"]
    assert len({one["ipAddresses"][0] for one in made["properties"]["customDnsConfigs"]}) == 2
    place.delete("privateEndpoints/images")


def test_a_vault_keeps_its_connections_when_it_is_written_again(place: Place) -> None:
    vault = f"{PROVIDERS.format(place.group)}/Microsoft.KeyVault/vaults/kvl{place.group.rpartition('-')[2]}"
    body = {
        "location": place.region,
        "properties": {"tenantId": TENANT, "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True},
    }
    assert place.ask("PUT", vault, body).status_code == 201
    place.put("privateEndpoints/secrets", endpoint(place, vault, "vault"))
    assert place.ask("PUT", vault, body).status_code == 200
    shown = place.get(vault)["properties"]["privateEndpointConnections"]
    assert shown[0]["properties"]["privateLinkServiceConnectionState"]["status"] == "Approved"
    place.delete("privateEndpoints/secrets")


def test_a_zone_group_writes_the_names_and_takes_them_back(place: Place, account: str) -> None:
    zone(place, ZONE)
    zone(place, "privatelink.vaultcore.azure.net", link=False)
    place.put("privateEndpoints/named", endpoint(place, account))
    name = account.rpartition("/")[2]
    path = "privateEndpoints/named/privateDnsZoneGroups/default"
    none = {"name": "none", "properties": {"privateDnsZoneId": place.id("privateDnsZones/none")}}
    assert (
        place.refused("PUT", path, {"properties": {"privateDnsZoneConfigs": [none]}})[1] == "InvalidPrivateDnsZoneIds"
    )
    made = grouped(place, "named", ZONE, "privatelink.vaultcore.azure.net")
    fits, other = made["properties"]["privateDnsZoneConfigs"]
    assert [one["fqdn"] for one in fits["properties"]["recordSets"]] == [f"{name}.{ZONE}"]
    assert other["properties"]["recordSets"] == []
    record = place.get(f"privateDnsZones/{ZONE}/A/{name}")["properties"]
    assert record["aRecords"] == [{"ipv4Address": "10.2.0.4"}]
    assert place.get("privateEndpoints/named")["properties"]["customDnsConfigs"] == []
    second = "privateEndpoints/named/privateDnsZoneGroups/second"
    several = place.refused("PUT", second, {"properties": {"privateDnsZoneConfigs": []}})
    assert several[1] == "MoreThanOnePrivateDnsZoneGroupPerPrivateEndpointNotAllowed"
    assert place.get(f"privateDnsZones/{ZONE}")["properties"]["numberOfRecordSets"] == 2
    grouped(place, "named")
    assert place.ask("GET", f"privateDnsZones/{ZONE}/A/{name}").status_code == 404
    grouped(place, "named", ZONE)
    place.delete("privateEndpoints/named")
    assert place.ask("GET", f"privateDnsZones/{ZONE}/A/{name}").status_code == 404


def test_a_zone_is_global_and_goes_after_its_links(place: Place) -> None:
    assert place.refused("PUT", "privateDnsZones/some.where", {"location": "swedencentral"})[1] == (
        "LocationNotAvailableForResourceType"
    )
    assert place.refused("PUT", "privateDnsZones/nodots", {"location": "global"})[1] == "BadRequest"
    zone(place, "some.where")
    link = {"location": "global", "properties": {"virtualNetwork": {"id": place.id(NETWORK)}}}
    done(place, "privateDnsZones/some.where/virtualNetworkLinks/net", link)
    assert "overlapping" in place.refused("PUT", "privateDnsZones/some.where/virtualNetworkLinks/other", link)[2]
    assert place.refused("DELETE", "privateDnsZones/some.where")[:2] == (409, "CannotDeleteResource")
    record = {"properties": {"ttl": 60, "aRecords": [{"ipv4Address": "10.9.9.9"}]}}
    assert place.refused("PUT", "privateDnsZones/some.where/A/host", {"properties": {"ttl": 60}})[1] == "BadRequest"
    assert place.ask("PUT", "privateDnsZones/some.where/A/host", record).status_code == 201
    assert place.ask("PUT", "privateDnsZones/some.where/A/host", record).status_code == 200
    assert [one["name"] for one in place.get("privateDnsZones/some.where/A")["value"]] == ["host"]
    place.delete("privateDnsZones/some.where/virtualNetworkLinks/net")
    place.delete("privateDnsZones/some.where")
    assert place.ask("GET", "privateDnsZones/some.where/A/host").status_code == 404


def test_an_endpoint_of_a_deleted_resource_is_disconnected(place: Place) -> None:
    account = storage(place, "sagone")
    place.put("privateEndpoints/gone", endpoint(place, account))
    assert place.ask("DELETE", account).status_code == 200
    assert state(place, "gone") == "Disconnected"
    storage(place, "sagone")
    assert state(place, "gone") == "Disconnected", "another resource of the same name does not know it"
    place.delete("privateEndpoints/gone")
