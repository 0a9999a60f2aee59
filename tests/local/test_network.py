"""Virtual networks, security groups, addresses and interfaces: references, address spaces, and what is in use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import azure_local
from tests.conftest import Azure
from tests.local.machines import Place, temporary
from tests.local.registries import SUBSCRIPTION

SPACE = {"addressSpace": {"addressPrefixes": ["10.1.0.0/24"]}}
STANDARD: Any = {"sku": {"name": "Standard"}}
STATIC = {"publicIPAllocationMethod": "Static"}


@pytest.fixture(scope="module")
def place(azure_server: Azure) -> Iterator[Place]:
    yield from temporary(azure_server, "norwayeast")


def subnet(name: str, prefix: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "properties": {"addressPrefix": prefix, **more}}


def test_a_network_is_created_then_succeeds_and_holds_its_subnets(place: Place) -> None:
    body = {
        "location": place.region,
        "properties": {**SPACE, "subnets": [subnet("a", "10.1.0.0/28")]},
        "tags": {"k": "v"},
    }
    answer = place.ask("PUT", "virtualNetworks/made", body)
    assert answer.status_code == 201
    assert answer.json()["properties"]["provisioningState"] == "Updating", "Network knows no Creating"
    assert place.finish(answer)["status"] == "Succeeded"
    made = place.get("virtualNetworks/made")
    assert made["properties"]["provisioningState"] == "Succeeded"
    assert made["properties"]["subnets"][0]["id"] == place.id("virtualNetworks/made/subnets/a")
    assert place.ask("PUT", "virtualNetworks/made", body).status_code == 200, "an update is no creation"


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({}, "AddressPrefixesNotSpecified"),
        ({"addressSpace": {"addressPrefixes": ["10.1.0.9/24"]}}, "InvalidCIDRNotation"),
        ({**SPACE, "subnets": [subnet("a", "10.2.0.0/28")]}, "NetcfgInvalidSubnet"),
        ({**SPACE, "subnets": [subnet("a", "10.1.0.0/28"), subnet("b", "10.1.0.8/29")]}, "NetcfgSubnetRangesOverlap"),
        ({"addressSpace": {"addressPrefixes": ["10.1.0.0/24", "10.1.0.0/25"]}}, "NetcfgInvalidVirtualNetworkSite"),
        ({**SPACE, "subnets": [subnet("a", "10.1.0.0/30")]}, "NetcfgInvalidSubnet"),
        ({**SPACE, "subnets": [subnet("a", "10.1.0.0/28"), subnet("A", "10.1.0.16/28")]}, "InvalidRequestFormat"),
        ({**SPACE, "subnets": [subnet("a", "10.1.0.0/28", natGateway={"id": "/none"})]}, "InvalidResourceReference"),
        ({**SPACE, "subnets": [subnet("a", "10.1.0.0/28", routeTable={"id": "/none"})]}, "InvalidParameter"),
        (
            {**SPACE, "subnets": [subnet("a", "10.1.0.0/28", serviceEndpoints=[{"service": "Microsoft.Nothing"}])]},
            "ServiceEndpointServiceNotSupported",
        ),
        ({**SPACE, "subnets": [subnet("a", "10.1.0.0/28", networkSecurityGroop={})]}, "InvalidRequestFormat"),
        ({**SPACE, "subnets": [subnet("a", "10.1.0.0/28", defaultOutboundAccess="no")]}, "InvalidRequestFormat"),
        ({**SPACE, "subnets": [{"properties": {"addressPrefix": "10.1.0.0/28"}}]}, "InvalidRequestFormat"),
    ],
)
def test_a_network_that_cannot_be_is_refused(place: Place, properties: Any, code: str) -> None:
    status, found, _ = place.unmade("virtualNetworks/bad", properties)
    assert (status, found) == (400, code)


def test_names_are_networks_names(place: Place) -> None:
    assert place.unmade("virtualNetworks/bad-", SPACE)[1] == "InvalidResourceName"
    assert place.unmade(f"virtualNetworks/{'n' * 65}", SPACE)[1] == "InvalidResourceName"


def test_a_resource_does_not_move_to_another_region(place: Place) -> None:
    place.put("networkSecurityGroups/stays", {})
    elsewhere = {"location": "uksouth", "properties": {}}
    status, code, message = place.refused("PUT", "networkSecurityGroups/stays", elsewhere)
    assert (status, code) == (409, "InvalidResourceLocation")
    assert "already exists in location 'norwayeast'" in message


def test_an_interface_needs_a_subnet_of_its_region_that_is_ready(place: Place) -> None:
    def interface(where: str) -> dict[str, Any]:
        return {"ipConfigurations": [{"name": "c", "properties": {"subnet": {"id": place.id(where)}}}]}

    nowhere = place.unmade("networkInterfaces/bad", interface("virtualNetworks/none/subnets/one"))
    assert nowhere[:2] == (400, "InvalidResourceReference")
    place.network()
    assert place.unmade("networkInterfaces/bad", interface("virtualNetworks/net/subnets/two"))[0] == 400
    elsewhere = {"location": "uksouth", "properties": interface("virtualNetworks/net/subnets/one")}
    assert place.refused("PUT", "networkInterfaces/bad", elsewhere)[1] == "InvalidResourceReference"
    place.azure.fault(operation="network.made", key="virtualNetworks/new", code="InternalServerError")
    place.put("virtualNetworks/new", {**SPACE, "subnets": [subnet("a", "10.1.0.0/28")]})
    body = {"location": place.region, "properties": interface("virtualNetworks/new/subnets/a")}
    early = place.ask("PUT", "networkInterfaces/bad", body)
    assert (early.status_code, early.json()["error"]["code"]) == (429, "RetryableError")
    assert early.json()["error"]["details"][0]["code"] == "ReferencedResourceNotProvisioned"


def test_an_interface_gets_an_address_of_its_subnet(place: Place) -> None:
    place.interface("first")
    place.interface("second")
    addresses = [
        place.get(f"networkInterfaces/{name}")["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"]
        for name in ("first", "second")
    ]
    assert len(set(addresses)) == 2
    assert all(one.startswith("10.1.0.") for one in addresses)


def test_a_public_address_is_standard_and_static_and_serves_one_interface(place: Place) -> None:
    assert place.unmade("publicIPAddresses/ip", STATIC)[1] == "IPv4BasicSkuPublicIpCountLimitReached"
    dynamic = {"publicIPAllocationMethod": "Dynamic"}
    assert place.unmade("publicIPAddresses/ip", dynamic, **STANDARD)[1] == "StandardSkuPublicIPAddressesMustBeStatic"
    place.put("publicIPAddresses/ip", STATIC, **STANDARD)
    address = {"publicIPAddress": {"id": place.id("publicIPAddresses/ip")}}
    place.interface("outward", **address)
    configuration = {"name": "c", "properties": {"subnet": {"id": place.network()}, **address}}
    taken = place.unmade("networkInterfaces/other", {"ipConfigurations": [configuration]})
    assert taken[:2] == (400, "PublicIPAddressInUse")


def test_what_is_in_use_is_not_deleted_and_what_is_free_is(place: Place) -> None:
    group = {"networkSecurityGroup": {"id": place.id("networkSecurityGroups/nsg")}}
    place.put("networkSecurityGroups/nsg", {"securityRules": []})
    place.put("virtualNetworks/used", {**SPACE, "subnets": [subnet("a", "10.1.0.0/28", **group)]})
    place.put("publicIPAddresses/used", STATIC, **STANDARD)
    where = {
        "subnet": {"id": place.id("virtualNetworks/used/subnets/a")},
        "publicIPAddress": {"id": place.id("publicIPAddresses/used")},
    }
    place.put("networkInterfaces/user", {"ipConfigurations": [{"name": "c", "properties": where}]})
    for path, code in (
        ("virtualNetworks/used", "InUseSubnetCannotBeDeleted"),
        ("networkSecurityGroups/nsg", "InUseNetworkSecurityGroupCannotBeDeleted"),
        ("publicIPAddresses/used", "PublicIPAddressCannotBeDeleted"),
    ):
        assert place.refused("DELETE", path)[:2] == (400, code)
    assert place.unmade("virtualNetworks/used", {**SPACE, "subnets": []})[1] == "InUseSubnetCannotBeDeleted"
    assert place.put("virtualNetworks/used", SPACE)["properties"]["subnets"][0]["name"] == "a", (
        "it says nothing of them"
    )
    for path in (
        "networkInterfaces/user",
        "virtualNetworks/used",
        "networkSecurityGroups/nsg",
        "publicIPAddresses/used",
    ):
        place.delete(path)
        assert place.ask("GET", path).status_code == 404
        assert place.ask("DELETE", path).status_code == 204


def test_security_rules_are_checked(place: Place) -> None:
    rule = {"access": "Deny", "direction": "Inbound", "protocol": "*", "priority": 100}
    addresses = {
        "sourceAddressPrefix": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "*",
        "sourcePortRange": "*",
    }
    for bad, code in (
        ({"priority": 99}, "SecurityRuleInvalidPriority"),
        ({"access": "Block"}, "InvalidRequestFormat"),
        ({"priority": "100"}, "InvalidRequestFormat"),
        ({"sourceAddressPrefix": "10.0.0.0/33"}, "SecurityRuleInvalidAddressPrefix"),
        ({"destinationPortRange": "443-80"}, "SecurityRuleInvalidPortRange"),
        ({"sourcePortRange": ""}, "SecurityRuleParameterMissing"),
    ):
        rules = [{"name": "r", "properties": {**rule, **addresses, **bad}}]
        assert place.unmade("networkSecurityGroups/rules", {"securityRules": rules})[1] == code
    two = [{"name": name, "properties": {**rule, **addresses}} for name in ("a", "b")]
    assert place.unmade("networkSecurityGroups/rules", {"securityRules": two})[1] == "SecurityRuleConflict"
    made = place.put(
        "networkSecurityGroups/rules", {"securityRules": [{"name": "r", "properties": {**rule, **addresses}}]}
    )
    assert made["properties"]["securityRules"][0]["properties"]["provisioningState"] == "Succeeded"


def test_a_patch_changes_the_tags_and_nothing_else(place: Place) -> None:
    place.put("networkSecurityGroups/tagged", {}, tags={"a": "1"})
    assert place.ask("PATCH", "networkSecurityGroups/tagged", {"tags": {"b": "2"}}).json()["tags"] == {"b": "2"}
    assert place.refused("PATCH", "networkSecurityGroups/tagged", {"properties": {}})[1] == "InvalidRequestFormat"
    assert place.refused("PATCH", "networkSecurityGroups/tagged", {"tags": {"b": 2}})[0] == 400


def test_a_subnet_is_written_by_itself_and_is_in_its_network(place: Place) -> None:
    assert place.refused("PUT", "virtualNetworks/none/subnets/a", {})[1] == "ParentResourceNotFound"
    place.put("virtualNetworks/apart", {**SPACE, "subnets": [subnet("a", "10.1.0.0/28")]})
    path = "virtualNetworks/apart/subnets/b"
    body = {"properties": {"addressPrefix": "10.1.0.16/28", "serviceEndpoints": [{"service": "Microsoft.Storage"}]}}
    azure_local.ask(place.azure.folder, "POST", "durations", {"subnet": 3900})
    answer = place.ask("PUT", path, body)
    assert (answer.status_code, answer.json()["properties"]["provisioningState"]) == (201, "Updating")
    early = place.refused("PUT", "virtualNetworks/apart/subnets/c", {"properties": {"addressPrefix": "10.1.0.32/28"}})
    assert early[:2] == (409, "AnotherOperationInProgress"), "one at a time in a network"
    azure_local.ask(place.azure.folder, "POST", "durations", {"subnet": 4})
    place.finish(answer, 4000)
    made = place.get(path)["properties"]
    assert made["provisioningState"] == "Succeeded"
    assert made["serviceEndpoints"][0]["locations"] == [place.region]
    assert [one["name"] for one in place.get("virtualNetworks/apart/subnets")["value"]] == ["a", "b"]
    assert [one["name"] for one in place.get("virtualNetworks/apart")["properties"]["subnets"]] == ["a", "b"]
    overlaps = place.refused("PUT", "virtualNetworks/apart/subnets/c", {"properties": {"addressPrefix": "10.1.0.0/27"}})
    assert overlaps[1] == "NetcfgSubnetRangesOverlap"
    place.delete("virtualNetworks/apart/subnets/a")
    assert place.ask("GET", "virtualNetworks/apart/subnets/a").status_code == 404
    assert place.ask("DELETE", "virtualNetworks/apart/subnets/a").status_code == 204


def test_a_subnet_in_use_keeps_its_addresses(place: Place) -> None:
    place.put("virtualNetworks/kept", {**SPACE, "subnets": [subnet("a", "10.1.0.0/28")]})
    where = {"subnet": {"id": place.id("virtualNetworks/kept/subnets/a")}}
    place.put("networkInterfaces/keeper", {"ipConfigurations": [{"name": "c", "properties": where}]})
    path = "virtualNetworks/kept/subnets/a"
    assert place.refused("DELETE", path)[1] == "InUseSubnetCannotBeDeleted"
    moved = {"properties": {"addressPrefix": "10.1.0.16/28"}}
    assert place.refused("PUT", path, moved)[1] == "InUsePrefixCannotBeDeleted"
    place.finish(
        place.ask("PUT", path, {"properties": {"addressPrefix": "10.1.0.0/28", "defaultOutboundAccess": False}})
    )
    assert place.get(path)["properties"]["defaultOutboundAccess"] is False


def test_a_subnet_has_five_addresses_less_and_gives_free_ones_again(place: Place) -> None:
    place.put("virtualNetworks/small", {**SPACE, "subnets": [subnet("a", "10.1.0.0/29")]})
    where = {"subnet": {"id": place.id("virtualNetworks/small/subnets/a")}}
    body = {"ipConfigurations": [{"name": "c", "properties": where}]}

    def address(name: str) -> str:
        found = place.put(f"networkInterfaces/{name}", body)["properties"]["ipConfigurations"][0]
        return str(found["properties"]["privateIPAddress"])

    assert [address(f"small-{number}") for number in range(3)] == ["10.1.0.4", "10.1.0.5", "10.1.0.6"]
    assert place.unmade("networkInterfaces/small-3", body)[1] == "SubnetIsFull"
    place.delete("networkInterfaces/small-1")
    assert (address("small-0"), address("small-3")) == ("10.1.0.4", "10.1.0.5")


def test_a_rule_is_written_by_itself_and_is_in_its_group(place: Place) -> None:
    place.put("networkSecurityGroups/alone", {})
    path = "networkSecurityGroups/alone/securityRules/out"
    rule = {
        "access": "Deny", "direction": "Outbound", "protocol": "Tcp", "priority": 200, "sourceAddressPrefix": "*",
        "sourcePortRange": "*", "destinationAddressPrefix": "Internet", "destinationPortRanges": ["443", "8000-8080"],
    }  # fmt: skip
    place.finish(place.ask("PUT", path, {"properties": rule}))
    assert place.get("networkSecurityGroups/alone")["properties"]["securityRules"][0]["name"] == "out"
    other = "networkSecurityGroups/alone/securityRules/other"
    assert place.refused("PUT", other, {"properties": rule})[1] == "SecurityRuleConflict"
    place.finish(place.ask("PUT", other, {"properties": {**rule, "direction": "Inbound"}}))
    place.delete(path)
    assert [one["name"] for one in place.get("networkSecurityGroups/alone/securityRules")["value"]] == ["other"]


def test_a_nat_gateway_has_addresses_of_its_own_and_goes_after_its_subnets(place: Place) -> None:
    out: dict[str, Any] = {"sku": {"name": "Standard"}}
    assert place.unmade("natGateways/out", {})[1] == "InvalidRequestFormat"
    nowhere = {"publicIpAddresses": [{"id": place.id("publicIPAddresses/none")}]}
    assert place.unmade("natGateways/out", nowhere, **out)[1] == "InvalidResourceReference"
    assert place.unmade("natGateways/out", {"idleTimeoutInMinutes": 3}, **out)[1] == "NatGatewayIdleTimeoutOutOfRange"
    place.put("publicIPAddresses/out", STATIC, **STANDARD)
    addresses = {"publicIpAddresses": [{"id": place.id("publicIPAddresses/out")}]}
    place.put("natGateways/out", addresses, **out)
    assert place.unmade("natGateways/second", addresses, **out)[1] == "PublicIPAddressInUse"
    gateway = {"natGateway": {"id": place.id("natGateways/out")}}
    place.put("virtualNetworks/out", {**SPACE, "subnets": [subnet("a", "10.1.0.0/28", **gateway)]})
    used = place.id("virtualNetworks/out/subnets/a")
    assert place.get("natGateways/out")["properties"]["subnets"] == [{"id": used}]
    assert place.refused("DELETE", "natGateways/out")[:2] == (400, "CannotDeleteNatGatewayAssociatedToSubnet")
    assert place.refused("DELETE", "publicIPAddresses/out")[1] == "PublicIPAddressCannotBeDeleted"
    for path in ("virtualNetworks/out", "natGateways/out", "publicIPAddresses/out"):
        place.delete(path)


def test_a_prefix_has_a_range_of_its_length(place: Place) -> None:
    assert place.unmade("publicIPPrefixes/range", {"prefixLength": 27}, **STANDARD)[1] == "InvalidPublicIPPrefixLength"
    made = place.put("publicIPPrefixes/range", {"prefixLength": 30}, **STANDARD)
    assert made["properties"]["ipPrefix"].endswith("/30")
    prefixes = {"publicIpPrefixes": [{"id": place.id("publicIPPrefixes/range")}]}
    place.put("natGateways/ranged", prefixes, **STANDARD)
    assert place.refused("DELETE", "publicIPPrefixes/range")[1] == "InUsePublicIpPrefixCannotBeDeleted"


def test_a_quota_of_the_region_bounds_what_is_made(place: Place) -> None:
    usages = f"{SUBSCRIPTION}/providers/Microsoft.Network/locations/{place.region}/usages"
    known = {one["name"]["value"]: one for one in place.get(usages)["value"]}
    assert known["PublicIPAddresses"]["name"]["localizedValue"] == "Public IP Addresses"
    there = known["PublicIPAddresses"]["currentValue"]
    quota = {"location": place.region, "name": "PublicIPAddresses", "limit": there + 1}
    azure_local.ask(place.azure.folder, "POST", "quotas", quota)
    place.put("publicIPAddresses/last", STATIC, **STANDARD)
    assert place.unmade("publicIPAddresses/over", STATIC, **STANDARD)[:2] == (400, "PublicIPCountLimitReached")
    place.put("publicIPAddresses/last", STATIC, **STANDARD)
    azure_local.ask(place.azure.folder, "POST", "quotas", {**quota, "limit": 1000})
