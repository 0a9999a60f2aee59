"""Counted things."""

from __future__ import annotations

import pytest

from reconciler.words import count


@pytest.mark.parametrize(
    ("number", "noun", "words"),
    [
        (0, "node", "0 nodes"),
        (1, "node", "1 node"),
        (3, "node", "3 nodes"),
        (1, "entry", "1 entry"),
        (2, "entry", "2 entries"),
        (2, "day", "2 days"),
        (2, "storage account", "2 storage accounts"),
        (1200, "task", "1200 tasks"),
    ],
)
def test_a_count_is_told_in_words(number: int, noun: str, words: str) -> None:
    assert count(number, noun) == words


def test_thousands_are_set_apart_on_request() -> None:
    assert count(1200, "task", ",") == "1,200 tasks"
