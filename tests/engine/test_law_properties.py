"""The law of targets and excludes holds over any graph of what is live, what is wanted, and whose it is.

The law is said here once more, as what must be true of a plan, and not as a way to make one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from reconciler.engine import plan as planning
from reconciler.engine.law import Choice
from reconciler.engine.observe import observe
from reconciler.model import Action, Address, Desired, Mark, Plan, Status
from tests.engine.world import KINDS, Sky, Thing, World, carry_out

NAMES = "abc"
ADDRESSES = tuple(Address(kind, name) for kind in KINDS for name in NAMES)
MADE = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE, Action.WAIT, Action.DEFER, Action.NONE})
WRITES = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE})


@dataclass(frozen=True)
class Case:
    """A world, what is wanted of it, and what a command is limited to."""

    world: World
    desired: Mapping[Address, Desired]
    choice: Choice
    destroying: bool

    def plan(self) -> Plan:
        observed = observe(Sky(self.world), KINDS, self.desired).resources
        if self.destroying:
            return planning.destroy("me", KINDS, self.desired, observed, choice=self.choice)
        return planning.make("me", KINDS, self.desired, observed, choice=self.choice)

    def ours(self, address: Address) -> bool:
        thing = self.world.things.get(address)
        return thing is not None and thing.mark is not None and thing.mark.owner == "me"

    def protected(self) -> set[Address]:
        live = {a for a, thing in self.world.things.items() if self.ours(a) and thing.mark and thing.mark.protect}
        return live | {a for a, want in self.desired.items() if want.protect and self.ours(a)}

    def uses(self) -> dict[Address, set[Address]]:
        return {address: set(thing.uses) for address, thing in self.world.things.items()}

    def refs(self) -> dict[Address, set[Address]]:
        return {address: set(want.refs) for address, want in self.desired.items()}


def earlier(address: Address) -> list[Address]:
    """What a resource may need: anything of an earlier kind."""
    order = list(KINDS)
    return [other for other in ADDRESSES if order.index(other.kind) < order.index(address.kind)]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    things: dict[Address, Thing] = {}
    for address in ADDRESSES:
        if draw(st.booleans()):
            there = [other for other in earlier(address) if other in things]
            uses = draw(st.sets(st.sampled_from(there), max_size=2)) if there else ()
            owner = draw(st.sampled_from(["me", "me", "me", "you", None]))
            mark = Mark(owner, "x", draw(st.integers(0, 5)) == 0) if owner else None
            occupants = ("somebody",) if draw(st.integers(0, 4)) == 0 else ()
            body = {"size": draw(st.integers(1, 2)), "colour": draw(st.sampled_from(["red", "blue"]))}
            things[address] = Thing(body, mark, occupants=occupants, uses=tuple(sorted(uses)))
    desired: dict[Address, Desired] = {}
    for address in ADDRESSES:
        if draw(st.booleans()):
            there = [other for other in earlier(address) if other in desired]
            refs = draw(st.sets(st.sampled_from(there), max_size=2)) if there else ()
            body = {"size": 1, "colour": "red"}
            desired[address] = Desired(address, body, tuple(sorted(refs)), draw(st.integers(0, 7)) == 0)
    world = World(things)
    known = [a for a in ADDRESSES if a in desired or (a in things and (m := things[a].mark) and m.owner == "me")]
    some = st.sets(st.sampled_from(known), max_size=2) if known else st.just(set[Address]())
    targets = draw(some)
    excludes = draw(some) - targets
    return Case(world, desired, Choice(tuple(sorted(targets)), tuple(sorted(excludes))), draw(st.booleans()))


def closure(start: Iterable[Address], edges: Mapping[Address, Iterable[Address]]) -> set[Address]:
    seen: set[Address] = set()
    todo = list(start)
    while todo:
        address = todo.pop()
        if address not in seen:
            seen.add(address)
            todo += edges.get(address, ())
    return seen


def inverse(edges: Mapping[Address, Iterable[Address]]) -> dict[Address, set[Address]]:
    return {a: {other for other, refs in edges.items() if a in refs} for a in ADDRESSES}


def by_action(plan: Plan, *actions: Action) -> set[Address]:
    return {d.address for d in plan.decisions if d.action in actions}


def whole(case: Case, plan: Plan) -> set[Address]:
    """What the plan leaves just as it is wanted."""
    occupied = {a for a, thing in case.world.things.items() if thing.occupants and thing.body["colour"] != "red"}
    return by_action(plan, Action.UPDATE) - occupied


@settings(deadline=None, max_examples=60)
@given(cases())
def test_nothing_is_deleted_that_something_needs_which_stays(case: Case) -> None:
    plan = case.plan()
    deleted = by_action(plan, Action.DELETE)
    event(f"{'destroy' if case.destroying else 'apply'}, {min(len(deleted), 3)} deleted")
    for address, uses in case.uses().items():
        if address not in deleted and address not in whole(case, plan):
            assert not uses & deleted, (address, plan)


@settings(deadline=None, max_examples=60)
@given(cases())
def test_the_excluded_the_protected_and_what_is_of_others_keep_all_that_they_need(case: Case) -> None:
    plan = case.plan()
    written = by_action(plan, *WRITES, Action.DELETE)
    deleted = by_action(plan, Action.DELETE)
    others = {address for address in case.world.things if not case.ours(address)}
    assert not written & (others | set(case.choice.excludes))
    assert not deleted & case.protected()
    if case.destroying:  # nothing changes then: whatever stays needs what it needs
        staying = (case.protected() | set(case.choice.excludes) | others) & case.world.things.keys()
        assert not deleted & closure(staying, case.uses())


@settings(deadline=None, max_examples=60)
@given(cases())
def test_a_plan_is_about_the_targets_and_what_the_law_gives_them(case: Case) -> None:
    """Making reaches down to what is needed, deleting up to what needs it; nothing else is in the plan."""
    plan = case.plan()
    wanted = set() if case.destroying else set(case.desired)
    up, down = inverse(case.uses()), case.refs()
    given_by = {a: down[a] if a in wanted else up[a] if case.ours(a) else set() for a in ADDRESSES}
    reach = closure(case.choice.targets, given_by) if case.choice.targets else set(ADDRESSES)
    left = closure(case.choice.excludes, inverse(down if not case.destroying else {}))
    in_plan = {d.address for d in plan.decisions}
    about = (wanted | {a for a in case.world.things if case.ours(a)}) & reach
    assert in_plan == about - left
    for address in by_action(plan, *WRITES):
        needed = set(down[address])
        assert needed <= in_plan, (address, needed - in_plan)


@settings(deadline=None, max_examples=60)
@given(cases())
def test_only_what_must_stay_stays(case: Case) -> None:
    """A resource is kept for a reason: something that stays needs it."""
    plan = case.plan()
    deleted, changed = by_action(plan, Action.DELETE), whole(case, plan)
    needing = inverse(case.uses())
    for decision in plan.of(Action.KEEP):
        staying = {user for user in needing[decision.address] if user not in deleted and user not in changed}
        assert staying or decision.address in case.protected(), decision


@settings(deadline=None, max_examples=60)
@given(
    cases(),
    st.sets(st.sampled_from(ADDRESSES), min_size=1, max_size=4),
    st.sets(st.sampled_from(list(KINDS)), max_size=1),
)
def test_destroy_keeps_what_something_unread_may_need(case: Case, closed: set[Address], unread: set[str]) -> None:
    """What is `closed` cannot be read, nor any list of the kind `unread`; all of it needs what the spec says."""
    hidden = {address for address in case.desired if address in closed or address.kind in unread}
    desired = {a: replace(want, unreadable="no answer" if a in hidden else "") for a, want in case.desired.items()}
    seen = observe(Sky(case.world), KINDS, case.desired).resources
    observed = [one for one in seen if one.address not in hidden and one.address.kind not in unread]
    lists = {kind: f"the list of {kind}" for kind in unread}
    plan = planning.destroy("me", KINDS, desired, observed, choice=case.choice, unread=lists)
    deleted, order = by_action(plan, Action.DELETE), list(KINDS)
    event(f"{len(hidden)} hidden, {min(len(deleted), 3)} deleted")
    assert deleted <= {one.address for one in observed}
    known = {one.address: case.uses()[one.address] for one in observed} | {a: case.refs()[a] for a in hidden}
    needed = closure((ref for address in hidden for ref in case.refs()[address]), known)
    assert not deleted & needed
    assert all(order.index(address.kind) >= order.index(kind) for address in deleted for kind in unread)
    if not case.choice.targets:
        assert by_action(plan, Action.UNKNOWN) == hidden - set(case.choice.excludes)


@settings(deadline=None, max_examples=60)
@given(cases())
def test_what_a_plan_decides_is_done_to_the_end(case: Case) -> None:
    """In this world nothing can be deleted that is used, and nothing made that lacks what it needs."""
    plan = case.plan()
    assume(not plan.of(Action.REFUSE))  # such a plan is not carried out
    outcomes = carry_out(case.world, dict(case.desired), plan)
    assert [outcome for outcome in outcomes if outcome.status not in (Status.DONE, Status.DEFERRED)] == []
