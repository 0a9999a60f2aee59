"""Whether a security group lets nodes out to what Batch needs. Pure.

Rules are tried by priority, and the first that fits decides; what none fits may go out, by a rule that every group has.
Source: learn.microsoft.com, Batch, simplified compute node communication: outbound to BatchNodeManagement and Storage
of the region at port 443. What a service tag holds beside itself (Internet, AzureCloud) is taken from its description.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.spec.networks import SecurityRule

NEEDED = ("BatchNodeManagement", "Storage")
WIDE = ("*", "internet", "azurecloud", "0.0.0.0/0")
PORT = 443


def shuts_out(rules: Mapping[str, SecurityRule], region: str) -> Iterator[tuple[str, str]]:
    """(rule, service tag) of each that keeps nodes from a service that Batch needs."""
    outbound = sorted((rule["priority"], name) for name, rule in rules.items() if rule["direction"] == "Outbound")
    for tag in NEEDED:
        first = next((name for _, name in outbound if _fits(rules[name], tag, region)), None)
        if first is not None and rules[first]["access"] == "Deny":
            yield first, tag


def _fits(rule: SecurityRule, tag: str, region: str) -> bool:
    places = {*WIDE, f"azurecloud.{region}", tag.lower(), f"{tag.lower()}.{region}"}
    anywhere = rule["sourceAddressPrefix"].lower() in ("*", "virtualnetwork", "0.0.0.0/0")
    protocol = rule["protocol"] in ("*", "Tcp")
    return anywhere and protocol and rule["destinationAddressPrefix"].lower() in places and _port(rule)


def _port(rule: SecurityRule) -> bool:
    first, _, last = rule["destinationPortRange"].partition("-")
    return first == "*" or (first.isdigit() and int(first) <= PORT <= int(last or first))
