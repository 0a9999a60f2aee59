"""Laws that hold for any world and any spec."""

from __future__ import annotations

import contextlib
import copy

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model import Action, Address, Desired, Mark
from tests.engine.world import Died, Thing, World, carry_out, plan, spec

NAMES = ("a", "b")
bodies = st.fixed_dictionaries(
    {},
    optional={
        "size": st.integers(0, 2),
        "colour": st.sampled_from(["red", "blue"]),
        "make": st.sampled_from(["x", "y"]),
    },
)
marks = st.sampled_from([Mark("me", "x"), Mark("you", "x"), None])


@st.composite
def specs(draw: st.DrawFn) -> dict[Address, Desired]:
    """Stores, shelves in stores, and shops that use shelves."""
    wanted: list[Desired] = []
    earlier: list[str] = []
    for kind in ("store", "shelf", "shop"):
        names = draw(st.sets(st.sampled_from(NAMES)))
        refs = sorted(draw(st.sets(st.sampled_from(earlier)))) if earlier else []
        links = tuple(map(Address.parse, refs))
        wanted += [Desired(Address(kind, name), draw(bodies), links) for name in sorted(names)]
        earlier += [f"{kind}/{name}" for name in sorted(names)]
    return spec(*wanted)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    addresses = [Address(kind, name) for kind in ("store", "shelf", "shop") for name in NAMES]
    chosen = draw(st.sets(st.sampled_from(addresses)))
    things = {address: Thing(draw(bodies), draw(marks)) for address in sorted(chosen)}
    return World(things, slow=draw(st.integers(0, 2)))


def state(world: World) -> dict[Address, tuple[dict[str, object], str | None]]:
    return {a: (t.body, t.mark.owner if t.mark else None) for a, t in world.things.items()}


@settings(deadline=None, max_examples=30)
@given(worlds(), specs())
def test_after_apply_there_is_nothing_to_do_but_what_was_refused(world: World, desired: dict[Address, Desired]) -> None:
    carry_out(world, desired)
    again = plan(world, desired)
    blocked = {d.address for d in again.of(Action.REFUSE)}
    left = [s for s in again.steps if not blocked & set(desired[s.address].refs)]
    assert left == []


@settings(deadline=None, max_examples=30)
@given(worlds(), specs())
def test_nothing_of_another_owner_is_touched(world: World, desired: dict[Address, Desired]) -> None:
    before = {a: copy.deepcopy(t) for a, t in world.things.items() if t.mark is None or t.mark.owner != "me"}
    carry_out(world, desired)
    assert {a: world.things.get(a) for a in before} == before


@settings(deadline=None, max_examples=30)
@given(worlds(), specs(), st.integers(0, 8), st.booleans())
def test_a_process_killed_at_any_write_leaves_a_world_that_apply_mends(
    world: World,
    desired: dict[Address, Desired],
    moment: int,
    after: bool,
) -> None:
    undisturbed = World(copy.deepcopy(world.things))
    carry_out(undisturbed, desired)
    world.die_after, world.die_before = (moment, -1) if after else (-1, moment)
    with contextlib.suppress(Died):
        carry_out(world, desired)
    world.die_after = world.die_before = -1
    carry_out(world, desired)
    assert state(world) == state(undisturbed)
