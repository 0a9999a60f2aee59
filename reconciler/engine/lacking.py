"""What needs something that others have yet to make is put off until it is there: it could not work without. Pure."""

from __future__ import annotations

from collections.abc import Container, Mapping

from reconciler.model import Action, Address, Decision, Desired, Why

MADE = (Action.CREATE, Action.UPDATE, Action.REPLACE)


def held(
    decisions: Mapping[Address, Decision], desired: Mapping[Address, Desired], live: Container[Address]
) -> dict[Address, Decision]:
    """The decisions, with what is put off. `desired` has what is needed first; what is there is of use still."""
    made = dict(decisions)
    roots = {a: a for a, want in desired.items() if want.existing and made[a].action is Action.DEFER}
    for address, want in desired.items() if roots else ():
        root = next((roots[ref] for ref in want.refs if ref in roots), None)
        if root is not None and made[address].action in MADE:
            made[address] = Decision(address, Action.DEFER, Why.HELD, f"waits for {root}, which is not there yet")
            if address not in live:
                roots[address] = root
    return made
