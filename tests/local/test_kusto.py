"""The query language that the local Azure knows: answers, and errors with their place."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azure_local.kusto import engine, functions, lexer, values
from azure_local.kusto.engine import Table
from azure_local.kusto.errors import QueryError, place
from tests.documents import loaded

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
CASES = loaded((Path(__file__).parent / "kusto.yaml").read_text())
COLUMNS = {
    "TimeGenerated": "datetime",
    "id_s": "string",
    "n_d": "real",
    "Level": "string",
    "text_s": "string",
    "json_s": "string",
    "none_s": "string",
}
TEXTS = ("a Disk is full", "harddisks", "disk", "node-1 left", "noode", "")
ROWS = [
    {
        "TimeGenerated": NOW - timedelta(minutes=number),
        "id_s": "abc"[number % 3],
        "n_d": float(number),
        "Level": ("Error", "Info", "error", "Debug", "Info", "Warning")[number] if number != 4 else "Error",
        "text_s": TEXTS[number],
        "json_s": '{"a": {"b": 7}, "list": ["x", "y"]}',
        "none_s": "",
    }
    for number in range(6)
]
TABLES = {"T": Table(COLUMNS, ROWS)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["query"]))
def test_a_query_has_its_answer_or_its_error(case: dict[str, Any]) -> None:
    query = case["query"]
    if "rows" in case:
        found = engine.run(query, TABLES, NOW)
        assert [[row[name] for name in found.columns] for row in found.rows] == case["rows"]
        assert engine.check(query, TABLES, NOW) == found.columns
        return
    with pytest.raises(QueryError) as caught:
        engine.check(query, TABLES, NOW)
    assert [caught.value.kind, caught.value.code, *place(query, caught.value.at)] == case["error"]


LANGUAGE = """T | where summarize by extend project count ( ) == > n_d id_s 'x' 5m 3 1.5 ago bin , in ! has and not ..
between order asc take - . [ ]"""
WORDS = st.sampled_from(LANGUAGE.split())
VALUES = st.sampled_from(
    [
        "n_d",
        "id_s",
        "TimeGenerated",
        "json_s",
        "'x'",
        "5m",
        "0",
        "1e300",
        "99999999d",
        "parse_json(json_s)",
        "dynamic([1, 'a'])",
    ]
)
CALLS = st.sampled_from(sorted({*functions.PLAIN, *functions.SPECIAL} - {"-"}))


@given(CALLS, st.lists(VALUES, min_size=1, max_size=3), st.sampled_from(["+", "-", "*", "/", "==", "<", "has"]), VALUES)
def test_any_call_has_a_value_of_its_type_or_is_refused(name: str, given: list[str], sign: str, other: str) -> None:
    query = f"T | project x = {name}({', '.join(given)}) | extend y = x {sign} {other} | order by x asc | distinct x, y"
    with suppress(QueryError):
        found = engine.run(query, TABLES, NOW)
        shown = [[values.shown(row[column], kind) for column, kind in found.columns.items()] for row in found.rows]
        assert json.loads(json.dumps(shown, allow_nan=False)) == shown


@given(st.lists(WORDS, max_size=14).map(" ".join) | st.text(max_size=40))
def test_any_text_is_answered_or_refused_with_its_place(query: str) -> None:
    refused = None
    try:
        found = engine.run(query, TABLES, NOW)
    except QueryError as error:
        refused = error
    if refused is not None:
        assert 0 <= refused.at <= len(query)
        assert refused.message
        return
    assert found.columns == engine.check(query, TABLES, NOW)
    assert all(list(row) == list(found.columns) for row in found.rows)


@given(st.lists(st.integers(0, 5)), st.integers(0, 6))
def test_a_group_of_each_value_has_all_rows_and_where_has_its_share(numbers: list[int], limit: int) -> None:
    table = {"T": Table({"n": "long"}, [{"n": number} for number in numbers])}
    grouped = engine.run("T | summarize c = count() by n", table, NOW).rows
    assert {row["n"]: row["c"] for row in grouped} == {number: numbers.count(number) for number in set(numbers)}
    below = engine.run(f"T | where n < {limit} | count", table, NOW).rows[0]["Count"]
    others = engine.run(f"T | where not(n < {limit}) | count", table, NOW).rows[0]["Count"]
    assert below + others == len(numbers)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)), st.integers(1, 100_000))
def test_a_bin_begins_before_its_moment_and_not_earlier_than_its_length(moment: datetime, length: int) -> None:
    size = timedelta(seconds=length)
    at = moment.replace(tzinfo=UTC)
    begins = functions.rounded(at, size)
    assert begins <= at < begins + size
    assert functions.rounded(begins, size) == begins


@given(st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_a_span_is_read_as_it_is_spelt(length: timedelta) -> None:
    from azure_local.kusto import parser

    spelt = values.span(abs(length))
    assert parser.span(spelt) == abs(length)


@given(st.text())
def test_words_are_where_they_say(text: str) -> None:
    with suppress(QueryError):
        for token in lexer.words(text):
            assert text[token.at : token.at + len(token.text)] == token.text
