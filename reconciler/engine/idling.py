"""What has less while nothing is to be done, which is known once a plan tells which work begins. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.kind import Kinds
from reconciler.model import Action, Address, Desired, Observed, Plan, Step

BEGINNING = (Action.CREATE, Action.REPLACE)


def settled(
    kinds: Kinds, plan: Plan, desired: Mapping[Address, Desired], observed: tuple[Observed, ...]
) -> tuple[Mapping[Address, Desired], tuple[Observed, ...]] | None:
    """What is asked for and what is said of what is live, given the work that the plan begins; None if all stays."""
    asked, seen = dict(desired), {}
    work = [step.address for step in plan.steps if _works(kinds, step)]
    needs = {address: set(_needed(address, desired)) for address in work}
    for resource in observed:
        address = resource.address
        idles = kinds[address.kind].idles
        if idles and address in asked and not asked[address].open:
            coming = [begun for begun in work if address in needs[begun]]
            asked[address], seen[address] = idles(asked[address], resource, coming)
    if all(seen[resource.address] is resource for resource in observed if resource.address in seen):
        return None
    return asked, tuple(seen.get(resource.address, resource) for resource in observed)


def _works(kinds: Kinds, step: Step) -> bool:
    """Whether tasks follow from it: those of a new job, or those that a change adds."""
    kind = kinds[step.address.kind]
    begins = step.action in BEGINNING or (kind.summarised and step.action is Action.UPDATE)
    return kind.job_of is not None and begins


def _needed(address: Address, desired: Mapping[Address, Desired]) -> Iterator[Address]:
    """All that work refers to, and what that does; not the work that it follows."""
    seen: set[Address] = set()
    left = [address]
    while left:
        want = desired[left.pop()]
        new = {*want.refs} - {*want.follows} - seen
        seen |= new
        left += new
        yield from new
