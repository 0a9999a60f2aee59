"""Counted things."""

from __future__ import annotations

import pytest

from reconciler.words import count, size, some


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


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (3_200_000_000, "3.2 GB"),
        (5 * 10**12, "5.0 TB"),
        (5 * 10**15, "5,000.0 TB"),
    ],
)
def test_a_size_is_told_in_the_unit_that_fits(number: int, words: str) -> None:
    assert size(number) == words


@pytest.mark.parametrize(
    ("names", "words"), [("", ""), ("a", "a"), ("abcde", "a, b, c, d, e"), ("abcdefg", "a, b, c, d, e and 2 more")]
)
def test_of_many_names_the_first_few_are_told(names: str, words: str) -> None:
    assert some(list(names)) == words
