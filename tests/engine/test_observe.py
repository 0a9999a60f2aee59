"""What is seen of a world that can be read only in part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from reconciler.engine.observe import Sight, observe
from reconciler.errors import AzureError, SignedOut
from reconciler.kind import ArmType, Kinds
from reconciler.model import Address, Health
from tests.engine.world import KINDS, Sky, Thing, World, want

WORLD = World({Address("store", "a"): Thing({}, None), Address("shop", "s"): Thing({}, None)})
DESIRED = {one.address: one for one in (want("store/a"), want("shelf/b"), want("shop/s"))}


def denied() -> AzureError:
    return AzureError(403, "AuthorizationFailed", "no")


def blind(kinds: Kinds, error: Callable[[], Exception], *names: str) -> Kinds:
    """The kinds, those of these names with a list that fails, each time with an error of its own."""

    def fail(cloud: Any, wanted: Any) -> Any:
        raise error()

    return {name: replace(kind, list=fail) if name in names else kind for name, kind in kinds.items()}


def seen(sight: Sight) -> tuple[list[str], list[str]]:
    """What is known, and what is not."""
    return [str(one.address) for one in sight.resources], [str(one.address) for one in sight.unknown]


def test_what_is_asked_for_of_a_kind_that_cannot_be_read_is_unknown() -> None:
    sight = observe(Sky(WORLD), blind(KINDS, denied, "shelf"), DESIRED)
    assert seen(sight) == (["shop/s", "store/a"], ["shelf/b"])
    (unknown,) = sight.unknown
    assert (unknown.health, unknown.mark) == (Health.UNKNOWN, None)
    assert unknown.detail.startswith("cannot read the shelfs of rg: AuthorizationFailed: no")
    assert {str(want.address): bool(want.unreadable) for want in sight.marked(DESIRED).values()} == {
        "store/a": False,
        "shelf/b": True,
        "shop/s": False,
    }


def test_a_kind_that_needs_another_is_unknown_with_it() -> None:
    kinds = {**KINDS, "shop": replace(KINDS["shop"], reads=("shelf",))}
    sight = observe(Sky(WORLD), blind(kinds, denied, "shelf"), DESIRED)
    assert seen(sight) == (["store/a"], ["shelf/b", "shop/s"])
    assert len({unknown.detail for unknown in sight.unknown}) == 1, "for one reason"
    assert sight.notes(Sky(WORLD), kinds) == (
        "what else is among the shelfs of rg and the shops of rg is not known, and nothing of it is deleted",
    )


def test_what_left_the_spec_among_the_unread_is_not_seen_and_a_note_says_why() -> None:
    sight = observe(Sky(WORLD), blind(KINDS, denied, "shelf"), {})
    (note,) = sight.notes(Sky(WORLD), KINDS)
    unseen = "what else is among the shelfs of rg is not known, and nothing of it is deleted"
    assert note.startswith(f"{unseen}: cannot read the shelfs of rg: ")
    assert "AuthorizationFailed: no" in note


def test_lists_that_cannot_be_read_for_one_cause_are_told_together_and_only_those_with_something_to_delete() -> None:
    kinds = {**KINDS, "store": replace(KINDS["store"], deletable=False)}
    sight = observe(Sky(WORLD), blind(kinds, denied, "store", "shelf", "shop"), {})
    (note,) = sight.notes(Sky(WORLD), kinds)
    assert note.startswith("what else is among the shelfs of rg and the shops of rg is not known")
    assert len(sight.reasons()) == 1


def test_what_a_name_stands_for_cannot_be_asked_and_it_is_not_there() -> None:
    shelf = replace(want("shelf/b"), unreadable="no answer")
    store = replace(want("store/a"), unreadable="no answer")
    sight = observe(Sky(WORLD), KINDS, {one.address: one for one in (shelf, store)})
    assert seen(sight) == (["shop/s", "store/a"], ["shelf/b"])
    assert sight.unknown[0].detail == "no answer"


def test_nothing_of_arm_can_be_read_or_nobody_is_signed_in() -> None:
    kinds = {**KINDS, **{name: replace(KINDS[name], arm=ArmType(f"X/{name}", "1")) for name in ("store", "shelf")}}
    with pytest.raises(AzureError, match="AuthorizationFailed"):
        observe(Sky(WORLD), blind(kinds, denied, "store", "shelf"), DESIRED)
    assert seen(observe(Sky(WORLD), blind(kinds, denied, "store"), DESIRED))[1] == ["store/a"]
    with pytest.raises(SignedOut):
        observe(Sky(WORLD), blind(KINDS, lambda: SignedOut("run az login"), "shop"), DESIRED)
