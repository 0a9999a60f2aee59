"""A text fits, is known again, and leaves nothing open where it is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.forge import text

FOLD = "<details><summary>s</summary>"
LINES = ["", "words of a plan", "```diff", "```", "````", "~~~", FOLD, "</details>", "ä" * 90]
LINKS = ["", "https://example.org/runs/" + "1" * 300]


@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=60), st.integers(1000, 3000), st.sampled_from(LINKS))
def test_it_fits_whatever_it_is(lines: list[str], room: int, link: str) -> None:
    said = "\n".join(lines)
    fitted, cut = text.fitted(said, link, room)
    assert len(fitted.encode()) <= room
    assert cut == (len(said.strip().encode()) > room)
    if cut:
        assert fitted.startswith("✂️ **Cut**: ")
        assert link in fitted.splitlines()[0]
    else:
        assert fitted == said.strip()


def test_a_comment_that_is_left_open_is_closed() -> None:
    fitted, _ = text.fitted("a\n<!-- hidden\n" + "x\n" * 1000, "", 500)
    assert fitted.endswith("x\n-->")
    fitted, _ = text.fitted("a\n<!-- hidden -->\n" + "x\n" * 1000, "", 500)
    assert fitted.count("-->") == 1


def test_a_line_that_is_too_long_stands_in_part() -> None:
    body, cut = text.made("prod", "ä" * 70_000, "https://example.org/1", "a" * 64)
    assert cut
    assert 65_000 < len(body.encode()) <= 65_536
    assert body.startswith(f"<!-- reconcile ci prod sha256:{'a' * 64} -->\n✂️ **Cut**: ")


@pytest.mark.parametrize(
    ("body", "known"),
    [
        ("<!-- reconcile ci prod -->\nx", ("prod", "")),
        (f"<!-- reconcile ci prod sha256:{'a' * 64} -->", ("prod", "a" * 64)),
        ("> <!-- reconcile ci prod -->", None),
        (" <!-- reconcile ci prod -->", None),
        ("<!-- reconcile ci prod sha256:abc -->", None),
        ("<!-- reconcile plan prod -->", None),
        ("", None),
    ],
)
def test_it_is_known_by_what_it_begins_with(body: str, known: tuple[str, str] | None) -> None:
    assert text.named(body) == known


@pytest.mark.parametrize("name", ["prod", "a", "eu-1.prod_x", "a" * 100])
def test_a_name_can_stand_everywhere(name: str) -> None:
    assert text.NAME.fullmatch(name)


@pytest.mark.parametrize("name", ["", "a b", "-a", "a-", "a/b", "a" * 101, "a'b", "é", "a\n", "--> x"])
def test_what_cannot_stand_everywhere_is_no_name(name: str) -> None:
    assert not text.NAME.fullmatch(name)
