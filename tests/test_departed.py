"""Keys that left the spec are told from keys of others by the owner mark alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler import departed, marks
from reconciler.model import Address, Desired, Mark, Observed

MAPS = ("tags", "properties.metadata")
NAMES = st.dictionaries(st.text(min_size=1, max_size=40), st.text(max_size=5), max_size=60)
ADDRESS = Address("pool", "p")


def body(tags: dict[str, str], metadata: dict[str, str]) -> dict[str, object]:
    return {"tags": tags, "properties": {"metadata": metadata}}


@given(before=NAMES, after=NAMES, theirs=NAMES)
def test_what_was_ours_and_is_not_asked_for_is_asked_to_be_absent(
    before: dict[str, str], after: dict[str, str], theirs: dict[str, str]
) -> None:
    mark = Mark("me", "x", keys=departed.tokens(MAPS, body(before, {})))
    live = Observed(ADDRESS, "", body({**theirs, **before}, theirs), mark)
    asked = departed.asked(MAPS, Desired(ADDRESS, body(after, {})), live).body
    assert asked["tags"] == {**after, **dict.fromkeys(before.keys() - after.keys())}
    assert asked["properties"]["metadata"] == {}, "the same key of another map was never ours"


@given(ours=NAMES, theirs=NAMES)
def test_a_mark_is_read_back_from_tags_of_at_most_256_characters(ours: dict[str, str], theirs: dict[str, str]) -> None:
    mark = Mark("me", "x", True, departed.tokens(MAPS, body(ours, {})))
    old = Mark("me", "y", False, departed.tokens(MAPS, body({**ours, **theirs}, theirs)))
    said = {name: value for name, value in {**theirs, **ours}.items() if not name.startswith(marks.PREFIX)}
    tags = marks.with_mark({**marks.with_mark(said, old), **dict.fromkeys(theirs.keys() - ours.keys())}, mark)
    assert marks.mark_of(tags) == mark
    assert marks.without_mark(tags) == {name: value for name, value in said.items() if name in ours}
    assert all(len(value) <= 256 for name, value in tags.items() if name.startswith(marks.PREFIX))


def test_a_mark_without_keys_forgets_nothing() -> None:
    live = Observed(ADDRESS, "", body({"a": "1"}, {"b": "2"}), Mark("me", "x"))
    desired = Desired(ADDRESS, body({}, {}))
    assert departed.asked(MAPS, desired, live) is desired
    unmarked = Observed(ADDRESS, "", body({"a": "1"}, {}))
    assert departed.asked(MAPS, desired, unmarked) is desired


def test_tags_without_an_owner_are_no_mark() -> None:
    assert marks.mark_of(None) is None
    assert marks.mark_of({marks.DIGEST: "x", marks.PROTECT: "true"}) is None
    assert marks.mark_of({marks.OWNER: "me", marks.PROTECT: "false"}) == Mark("me", "")
