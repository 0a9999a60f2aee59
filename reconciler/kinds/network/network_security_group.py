"""A network security group: which connections are let into and out of the subnets that it stands at.

Rules and tags change in place, the location does not. It is empty when no subnet and no interface has it. Its rules are
the spec's as a whole: one that others have added goes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.cloud import arm
from reconciler.kind import ArmType, Kind
from reconciler.kind.arm import Plain, Raw
from reconciler.kind.inverse import Inverse, Known, Section, tracked
from reconciler.kind.words import Unsayable, without
from reconciler.kinds.network import held
from reconciler.model import Address, Body, Desired, Observed, Rule
from reconciler.spec import networks
from reconciler.spec.schema import schema
from reconciler.spec.spec import Spec

NAME = "network_security_group"
ARM = ArmType("Microsoft.Network/networkSecurityGroups", "2025-09-01", rare=True)
FIELDS = {**arm.TAGGED, "properties.securityRules": Rule.LIVE, "properties.flushConnection": Rule.LIVE}
SHOWN = frozenset({"provisioningState", "etag", "description"})
EMPTY = ("sourceAddressPrefixes", "destinationAddressPrefixes", "sourcePortRanges", "destinationPortRanges")
"""What Azure shows as an empty list beside its singular."""


def expand(spec: Spec) -> Iterable[Desired]:
    group = Address("resource_group", spec.azure.resource_group)
    for network in networks.of(spec).values():
        for name, section in network["networkSecurityGroups"].items():
            rules = [{"name": rule, "properties": dict(body)} for rule, body in section["securityRules"].items()]
            body = {**arm.tagged(spec, section), "properties": {"securityRules": sorted(rules, key=_name)}}
            yield Desired(Address(NAME, name), body, (group,), section["protect"])


def _name(rule: dict[str, Any]) -> str:
    return str(rule["name"])


def _normalised(body: Raw) -> Body:
    """The rules in the order of their names: a list, so that one of others is a difference."""
    shown = body["properties"].get("securityRules") or ()
    rules = [{"name": rule["name"], "properties": _said(rule["properties"])} for rule in shown]
    return {**body, "properties": {"securityRules": sorted(rules, key=_name)}}


def _said(rule: Body) -> dict[str, Any]:
    return {name: value for name, value in rule.items() if name not in SHOWN and (name not in EMPTY or value)}


def entry(observed: Observed, known: Known, notes: list[str]) -> Section:
    shape = schema()["$defs"]["security_rule"]["properties"]
    rules = {rule["name"]: dict(rule["properties"]) for rule in observed.body["properties"]["securityRules"]}
    for name, rule in rules.items():
        if strange := sorted(rule.keys() - shape.keys()):
            raise Unsayable(f"its rule {name} has {', '.join(strange)}, for which a spec has no words")
    usual = {key: part["default"] for key, part in shape.items() if "default" in part}
    said = {name: without(rule, usual) for name, rule in rules.items()}
    return {**({"securityRules": said} if said else {}), **tracked(observed, known, notes)}


PLAIN = Plain(name=NAME, arm=ARM, normalise=_normalised, replaces=True)
KIND = Kind(
    name=NAME,
    arm=ARM,
    fields=FIELDS,
    expand=expand,
    **PLAIN.verbs(),
    noun="network security group",
    inverse=Inverse(say=entry, place=held.place("networkSecurityGroups"), tagged=True, every=PLAIN.every),
)
