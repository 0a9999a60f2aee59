"""Network security groups and their rules, which stand in them and are also written one by one.

The six rules that every group has beside its own are not shown.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from azure_local import serving, tracked
from azure_local.azure import Azure
from azure_local.common import registered
from azure_local.http import Answer, Call, Failure
from azure_local.network import inner, provider, references
from azure_local.network.inner import Inner
from azure_local.tracked import Document, Type

GROUP = Type(
    provider=provider.NETWORK,
    name="Microsoft.Network/networkSecurityGroups",
    store="securityGroup",
    versions=provider.VERSIONS,
    shape="NetworkSecurityGroup",
    seconds=6,
    update="TagsObject",
    offered=("securityRules", "flushConnection"),
    naming=provider.NAME % 78,
)
TAG = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9]+)?")
"""A service tag such as `Storage.WestEurope`; which ones there are is not checked."""
PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")


async def put(azure: Azure, call: Call) -> Answer:
    registered(azure, GROUP.namespace)
    body = tracked.body(azure, call, GROUP)
    rules = _fitted(azure, {"id": GROUP.key(azure, call)}, body["properties"].get("securityRules", []))
    return references.kept(azure, call, GROUP, {**body, "properties": {**body["properties"], "securityRules": rules}})


async def get(azure: Azure, call: Call) -> Answer:
    resource = tracked.lookup(azure, call, GROUP)["resource"]
    users = subnets_with(azure, "networkSecurityGroup", resource["id"])
    more = {"subnets": [{"id": one} for one in users]} if users else {}
    return Answer(200, {**resource, "properties": {**resource["properties"], **more}})


async def delete(azure: Azure, call: Call) -> Answer:
    key = GROUP.key(azure, call)
    subnets = subnets_with(azure, "networkSecurityGroup", key)
    if users := [*references.users(azure, "interface", f'{key}"'), *subnets]:
        text = f"Network security group {key} cannot be deleted because it is in use by the following resources: "
        text += (
            f"{users[0]}. In order to delete the Network security group, remove the association with the resource(s)."
        )
        raise Failure(400, "InUseNetworkSecurityGroupCannotBeDeleted", f"{text} See aka.ms/deletensg.")
    return await tracked.remove(azure, call, GROUP, 10)


def subnets_with(azure: Azure, member: str, resource_id: str) -> list[str]:
    """The ids of the subnets whose `member` refers to the resource."""
    networks = (document["resource"]["properties"]["subnets"] for document in azure.store.list("network"))
    every = (subnet for subnets in networks for subnet in subnets)
    return [
        one["id"] for one in every if references.id_of(one["properties"].get(member)).lower() == resource_id.lower()
    ]


def _fitted(azure: Azure, group: Document, listed: list[dict[str, Any]]) -> list[Document]:
    """The rules as they are kept. Failure 400 for one that is wrong, or in the way of another."""
    inner.unique(group["id"], listed)
    taken: dict[tuple[str, int], str] = {}
    for rule in listed:
        settings = rule.get("properties") or {}
        if "priority" not in settings:
            raise provider.unparsed("MissingRequiredProperty", "Required parameter 'priority' is missing (null).")
        _check(rule["name"], settings)
        place = (settings["direction"], settings["priority"])
        if place in taken:
            text = f"Security rule {rule['name']} conflicts with rule {taken[place]}. Rules cannot have the same "
            raise Failure(400, "SecurityRuleConflict", f"{text}Priority and Direction.")
        taken[place] = rule["name"]
    return [_kept(group["id"], rule) for rule in listed]


def _kept(group: str, rule: Document) -> Document:
    name = rule["name"]
    shown = {**rule["properties"], "provisioningState": "Succeeded"}
    kind = f"{GROUP.name}/securityRules"
    whole = {"id": f"{group}/securityRules/{name}", "name": name, "etag": references.etag(), "type": kind}
    return {**whole, "properties": shown}


def _check(name: str, rule: Document) -> None:
    """Failure 400 for a rule that cannot be. Its codes but that of the priority are inferred."""
    if not 100 <= rule["priority"] <= 4096:
        text = f"Security rule has invalid Priority. Value provided: {rule['priority']}. Allowed range 100-4096."
        raise Failure(400, "SecurityRuleInvalidPriority", text)
    for side in ("source", "destination"):
        ways = ("AddressPrefix", "AddressPrefixes", "ApplicationSecurityGroups")
        prefixes = _either(name, rule, *(f"{side}{way}" for way in ways))
        for prefix in prefixes:
            if isinstance(prefix, str) and not _prefix(prefix):
                text = f"Security rule {name} has invalid Address prefix. Value provided: {prefix}"
                raise Failure(400, "SecurityRuleInvalidAddressPrefix", text)
        for ports in _either(name, rule, f"{side}PortRange", f"{side}PortRanges"):
            if not _ports(ports):
                text = f"Security rule has invalid Port range. Value provided: {ports}. Value should be an integer OR "
                raise Failure(400, "SecurityRuleInvalidPortRange", f"{text}integer range with '-' delimiter.")


def _either(name: str, rule: Document, *members: str) -> list[Any]:
    """The values of the first of these members that the rule has. Failure 400 if it has none."""
    for member in members:
        if rule.get(member):
            value = rule[member]
            return value if isinstance(value, list) else [value]
    text = f"Required security rule parameters are missing for security rule with Id: {name}. Security rule must "
    raise Failure(400, "SecurityRuleParameterMissing", f"{text}specify one of {', '.join(members)}.")


def _prefix(text: str) -> bool:
    if text == "*" or TAG.fullmatch(text):
        return True
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _ports(text: str) -> bool:
    match = PORTS.fullmatch("0-65535" if text == "*" else text)
    return match is not None and int(match[1]) <= int(match[2] or match[1]) <= 65535


RULE = Inner(GROUP, "securityRules", "securityRule", "NetworkSecurityGroupRule", _fitted)
SERVICES = (
    serving.service(GROUP, put=put, delete=delete, get=get, patch=serving.tagger(GROUP)),
    inner.service(RULE),
)
