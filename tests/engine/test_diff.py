"""Which differences count, where they are, and what they cost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.diff import diff
from reconciler.model import Rule
from tests.engine.world import kind

TABLE = kind("thing", fields={"a": Rule.LIVE, "a.secret": Rule.IGNORE, "a.b": Rule.REPLACE})


def changes(wanted: dict[str, Any], found: dict[str, Any]) -> list[tuple[str, Any, Any, Rule]]:
    made = diff(TABLE.rule, wanted, found)
    return [(c.path, c.before, c.after, c.rule) for c in made.changes]


@pytest.mark.parametrize(
    ("wanted", "found", "expected"),
    [
        ({}, {"a": 1}, []),
        ({"a": {}}, {"a": {"x": 1}}, []),
        ({"a": {}}, {}, []),
        ({"a": {"x": 1}}, {"a": {"x": 1, "added by Azure": 2}}, []),
        ({"a": {"x": 1}}, {}, [("a", None, {"x": 1}, Rule.LIVE)]),
        ({"a": None}, {}, []),
        ({"a": None}, {"a": 3}, [("a", 3, None, Rule.LIVE)]),
        ({"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 2}}}, [("a.b.c", 2, 1, Rule.REPLACE)]),
        ({"a": {"secret": 1}}, {"a": {"secret": 2}}, []),
        ({"a": [{"n": 1}, {"n": 2}]}, {"a": [{"n": 1}, {"n": 3}]}, [("a[1].n", 3, 2, Rule.LIVE)]),
        ({"a": [1, 2]}, {"a": [1]}, [("a[1]", None, 2, Rule.LIVE)]),
        (
            {"a": [{"n": 1}]},
            {"a": [{"n": 1, "o": 2}, 3]},
            [("a[0].o", 2, None, Rule.LIVE), ("a[1]", 3, None, Rule.LIVE)],
        ),
        ({"a": ["x", "y"]}, {"a": ["w", "x", "y"]}, [("a[0]", "w", None, Rule.LIVE)]),
        ({"a": list("yzv")}, {"a": list("xyz")}, [("a[0]", "x", None, Rule.LIVE), ("a[2]", None, "v", Rule.LIVE)]),
        ({"a": list("xyzx")}, {"a": list("yxx")}, [("a[0]", None, "x", Rule.LIVE), ("a[2]", "x", "z", Rule.LIVE)]),
        ({"a": [None]}, {"a": []}, [("a[0]", None, None, Rule.LIVE)]),
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": "1"}, {"a": 1}, [("a", 1, "1", Rule.LIVE)]),
        ({"a": {"x": 1}}, {"a": "text"}, [("a", "text", {"x": 1}, Rule.LIVE)]),
    ],
)
def test_declared_differences_are_found_where_they_are(
    wanted: dict[str, Any], found: dict[str, Any], expected: list[tuple[str, Any, Any, Rule]]
) -> None:
    assert changes(wanted, found) == expected


def test_a_field_without_a_rule_is_an_error_of_the_kind() -> None:
    with pytest.raises(LookupError, match="no rule for field z"):
        changes({"z": 1}, {"z": 2})


json = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abxy"), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.just("a"), json), st.dictionaries(st.just("a"), json))
@example({"a": [None, {}]}, {"a": [None, None]})
def test_no_difference_means_that_every_declared_leaf_is_there(wanted: dict[str, Any], found: dict[str, Any]) -> None:
    assert changes(wanted, wanted) == []
    everything = kind("thing", fields={"a": Rule.LIVE})
    if not diff(everything.rule, wanted, found):
        assert _covers(found.get("a"), wanted.get("a")) or "a" not in wanted


def _covers(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(_covers(found.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        return all(_covers(there, value) for there, value in zip(found, wanted, strict=True))
    return bool(found == wanted) or (found is None and wanted == {})
