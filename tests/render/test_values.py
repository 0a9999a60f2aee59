"""Of two long values the part is shown in which they differ."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.render.values import LONGEST, pair, single

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/rg/providers"
VERSIONS = f"{GROUP}/microsoft.compute/galleries/g/images/image/versions"
IDENTITIES = f"{GROUP}/microsoft.managedidentity/userassignedidentities"


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (1, 5, ("1", "5")),
        (None, "x", ("(none)", '"x"')),
        (f"{VERSIONS}/1.0.0", f"{VERSIONS}/1.0.1", ("…/versions/1.0.0", "…/versions/1.0.1")),
        (
            f"{IDENTITIES}/id-a",
            f"{IDENTITIES}/id-b",
            ("…/userassignedidentities/id-a", "…/userassignedidentities/id-b"),
        ),
        (None, f"{IDENTITIES}/id-b", ("(none)", "…/userassignedidentities/id-b")),
        ([f"{IDENTITIES}/a"], [], ("[…/userassignedidentities/a]", "[]")),
        (
            f"{GROUP}/microsoft.compute/galleries/one/images/i",
            f"{GROUP}/microsoft.compute/galleries/two/images/i",
            ("…/galleries/one/images/i", "…/galleries/two/images/i"),
        ),
        ("echo " + "x" * 100 + "a", "echo " + "x" * 100 + "b", ('…xxxxxxxxxxxxa"', '…xxxxxxxxxxxxb"')),
    ],
)
def test_what_differs_is_what_is_shown(before: object, after: object, shown: tuple[str, str]) -> None:
    assert pair(before, after) == shown


TEXTS = st.text("ab/", max_size=200)


@given(st.text("ab/", max_size=150), TEXTS, TEXTS, st.booleans())
def test_different_values_never_look_alike(same: str, one: str, other: str, identifier: bool) -> None:
    before, after = (f"{'/' if identifier else ''}{same}{text}" for text in (one, other))
    if before == after:
        return
    shown = pair(before, after)
    assert shown[0] != shown[1]
    assert all(len(text) <= LONGEST for text in shown)


@given(
    st.tuples(
        st.lists(st.text("xy", min_size=1, max_size=3), max_size=3),
        st.lists(st.text("xy", min_size=1, max_size=3), max_size=3),
    )
)
def test_lists_of_ids_never_look_alike_either(groups: tuple[list[str], list[str]]) -> None:
    before, after = ([f"/{group}/i/id" for group in names] for names in groups)
    if before != after:
        assert pair(before, after)[0] != pair(before, after)[1]


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_a_value_is_short(value: object) -> None:
    shown = single(value)
    assert len(shown) <= LONGEST
    if value is not None and not str(value).startswith("/") and len(shown) < LONGEST:
        assert json.loads(shown) == value
