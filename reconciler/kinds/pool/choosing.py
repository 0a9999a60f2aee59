"""Which of the VM sizes that a spec lists a pool gets. Pure.

The order is the spec's. A pool keeps the size that it has while that works: it is looked at again only where it has no
nodes, and then its own size comes first, unless Azure has just had none of it. What Azure does not tell stands against
no size.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.cloud.capacity import Size
from reconciler.kind.needs import Nodes
from reconciler.kind.quotas import held, quotas
from reconciler.kind.sizes import lacks, most_slots
from reconciler.model import Body

NEAR = 3
"""How many similar names are told of one that does not exist."""
SHORT = ("AllocationFailed", "AllocationTimedOut", "CoreQuotaReached", "IncompatibleVMSize")
"""The ends of codes of resize errors that another size may help against.

Source of the codes: PoolResizeErrorCodes of Batch's .NET client.
"""


@dataclass(frozen=True, slots=True)
class Current:
    """The pool as it is: its size, how many nodes it has, and the code of why it got none, if that is so."""

    size: str
    nodes: int = 0
    failed: str = ""

    @property
    def short(self) -> bool:
        """Whether it has no node because Azure had none of its size."""
        return not self.nodes and self.failed.endswith(SHORT)


@dataclass(frozen=True, slots=True)
class Region:
    """What there is: sizes by lower-case name (None: not asked), the account's properties, the nodes of other pools.

    others: what each other pool has now and is to have; it is counted with whichever takes more of a quota.
    """

    location: str
    sizes: Mapping[str, Size] | None = None
    account: Body = field(default_factory=dict)
    others: tuple[tuple[Nodes, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The size that is taken, none if none can be had, and why each one that stands before it was not."""

    size: str
    passed: tuple[str, ...] = ()


def stays(sizes: Sequence[str], current: Current | None) -> str:
    """The size of a pool that needs no other, as the spec spells it; empty if one must be chosen."""
    if current is None or not current.nodes:
        return ""
    return next((size for size in sizes if size.lower() == current.size.lower()), "")


def choose(sizes: Sequence[str], need: Nodes, region: Region, current: Current | None = None) -> Choice:
    """The first size of the list that can be had for `need`, whose own size does not count."""
    if kept := stays(sizes, current):
        return Choice(kept)
    order = _ordered(sizes, current)
    last = order[-1:] if current and current.short and order[-1].lower() == current.size.lower() else []
    reasons = {size: f"got no node at the last try ({current.failed})" for size in last if current}
    for size in order:
        if reason := against(size, need, region):
            reasons[size] = reason
        else:
            reasons.pop(size, None)
            return Choice(size, tuple(f"{other} {why}" for other, why in reasons.items()))
    return Choice("", tuple(f"{other} {why}" for other, why in reasons.items()))


def _ordered(sizes: Sequence[str], current: Current | None) -> list[str]:
    """The sizes in the order in which they are tried: the pool's own first, or last if Azure had none of it."""
    names = [size.lower() for size in sizes]
    if current is None or current.size.lower() not in names:
        return list(sizes)
    at = names.index(current.size.lower())
    if current.short:
        return [*sizes[at + 1 :], *sizes[:at], sizes[at]]
    return [sizes[at], *sizes[:at], *sizes[at + 1 :]]


def against(name: str, need: Nodes, region: Region) -> str:
    """Why a pool with these nodes cannot be of a size; empty if it can, as far as Azure tells."""
    if region.sizes is None:
        return ""
    size = region.sizes.get(name.lower())
    if size is None:
        near = difflib.get_close_matches(name.lower(), region.sizes, n=NEAR, cutoff=0.8)
        similar = ", ".join(region.sizes[match].name for match in near)
        return f"does not exist in {region.location}{f' (nearest: {similar})' if similar else ''}"
    if not size.offered:
        return f"is sold out or closed to this subscription in {region.location}"
    if need.slots > most_slots(size):
        return f"has {size.cores} cores and takes {most_slots(size)} task slots at most, not {need.slots}"
    if lacking := lacks(size, need):
        return " and ".join(f"{why} ({path})" for path, why in lacking)
    return _short(size, need, region)


def _short(size: Size, need: Nodes, region: Region) -> str:
    """The first quota of the account that has no room for the nodes."""
    assert region.sizes is not None
    wanted = replace(need, size=size.name)
    for quota in quotas(region.account):
        more = held(quota, wanted, region.sizes)
        use = sum(max(held(quota, nodes, region.sizes) for nodes in other) for other in region.others if other)
        if more and use + more > quota.limit:
            return f"needs {more} cores of {quota.name}, which has {use} of {quota.limit} in use or spoken for"
    return ""


def told(choice: Choice) -> str:
    """The choice in words; nothing where the first one was there for the taking."""
    if not choice.size:
        return f"none of its sizes can be had: {'; '.join(choice.passed)}"
    return f"its size is {choice.size}, as {'; '.join(choice.passed)}" if choice.passed else ""
