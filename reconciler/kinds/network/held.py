"""Where a spec says what stands beside a network in Azure, and with it in the spec. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.kind.inverse import Known
from reconciler.kind.words import Unsayable
from reconciler.model import Observed
from reconciler.spec import networks


def place(key: str, within: Callable[[Observed], str] = lambda observed: "") -> Callable[..., tuple[str, ...]]:
    """The path of a live resource in a spec: under the network that `within` has the id of, else under the first."""

    def found(observed: Observed, known: Known) -> tuple[str, ...]:
        names = known.names("virtual_network")
        name = known.name("virtual_network", within(observed)) or next(iter(names), None)
        if name is None:
            raise Unsayable("no virtual network is in the spec, under which it would stand")
        return networks.SECTION, name, key, observed.address.name

    return found


def network_of(reference: Mapping[str, Any] | None) -> str:
    """The id of the network of a reference to a subnet."""
    return str((reference or {}).get("id", "")).lower().partition("/subnets/")[0]
