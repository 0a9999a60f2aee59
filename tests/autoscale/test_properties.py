"""What holds for every formula, also for text that is none."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from batch_autoscale import (
    FormulaError,
    Place,
    Problem,
    bounds,
    checker,
    evaluate,
    every,
    lint,
    names,
    parse,
    show,
    syntax,
)
from batch_autoscale.syntax import Node
from tests.autoscale.cases import NOW, load

AT = Place(1, 1)
NAMES = ("x", "$y", "$PendingTasks", "$CPUPercent", "TimeInterval_Hour", "$TargetDedicatedNodes", "requeue")
VALUES = ("1", "2.5", "1e300", '"a"', '"2026"', "avg(", "time(", "val(", "min(", "stop()", "[", "(", "-", "!")
AFTER = (
    ".GetSample(",
    ".GetSamplePercent(",
    ".Count()",
    ".hour",
    "=",
    ";",
    "?",
    ":",
    ")",
    "]",
    ",",
    "+",
    "*",
    "/",
    "<",
)
ODD = ("==", "&&", "||", "//", "/*", "%", "'", '"', "$", "é", "\r", "\u2028")
WORDS = st.sampled_from([*NAMES, *VALUES, *AFTER, *ODD, "\n", " "])
TEXT = st.text() | st.lists(WORDS, max_size=40).map(" ".join) | st.lists(WORDS, max_size=40).map("".join)
SAMPLES = {"PendingTasks": every([1, 2, 3] * 60, NOW), "CPUPercent": every([0.5], NOW)}


def _inside(place: Place, text: str) -> bool:
    lines = text.split("\n")
    return place == AT or (place.line <= len(lines) and place.column <= len(lines[place.line - 1]))


@settings(max_examples=200, deadline=None)
@given(TEXT)
@example("/*\n*/:")
def test_any_text_gives_values_or_an_error_at_a_place_in_it(text: str) -> None:
    results: str = ""
    problems: tuple[Problem, ...] = ()
    try:
        results = evaluate(text, SAMPLES, now=NOW).results
    except FormulaError as error:
        problems = error.problems
    assert results.startswith("$TargetDedicatedNodes=") or problems
    assert all(_inside(problem.place, text) and problem.message for problem in problems)


@settings(max_examples=100, deadline=None)
@given(TEXT)
@example("/*\n*/:")
def test_any_text_can_be_linted(text: str) -> None:
    for finding in lint(text):
        assert _inside(finding.place, text)
        assert finding.remedy


def _wrap(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    binary = st.builds(syntax.Binary, st.just(AT), st.sampled_from(sorted(syntax.LEVEL)), inner, inner)
    several = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(
        binary,
        st.builds(syntax.Unary, st.just(AT), st.sampled_from("-!"), inner),
        st.builds(syntax.Ternary, st.just(AT), inner, inner, inner),
        st.builds(syntax.Call, st.just(AT), st.sampled_from(["avg", "min", "f"]), several),
        st.builds(syntax.Method, st.just(AT), inner, st.sampled_from(["GetSample", "m"]), several),
        st.builds(syntax.Member, st.just(AT), inner, st.sampled_from(["hour", "m"])),
        st.builds(syntax.Index, st.just(AT), inner, inner),
        st.builds(syntax.Vector, st.just(AT), several),
    )


LEAVES = st.one_of(
    st.builds(syntax.Number, st.just(AT), st.floats(min_value=0, allow_infinity=False, allow_nan=False)),
    st.builds(syntax.Text, st.just(AT), st.text(st.characters(exclude_characters='"\n', codec="utf-8"))),
    st.builds(syntax.Name, st.just(AT), st.sampled_from(NAMES)),
)
STATEMENTS = st.builds(syntax.Statement, st.just(AT), st.none() | st.sampled_from(NAMES), st.recursive(LEAVES, _wrap))


@settings(max_examples=200, deadline=None)
@given(st.lists(STATEMENTS, max_size=4).map(tuple).map(syntax.Formula))
def test_a_printed_tree_reads_as_the_same_tree(tree: syntax.Formula) -> None:
    assert parse(show(tree)) == tree


NUMBERS = st.integers(0, 9).map(lambda value: syntax.Number(AT, float(value))) | st.sampled_from(
    [syntax.Name(AT, "$TaskSlotsPerNode"), syntax.Method(AT, syntax.Name(AT, "$PendingTasks"), "Count", ())]
)


def _doubles(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    signs = sorted(syntax.LEVEL)
    calls = st.sampled_from(["min", "max", "avg", "sum", "ceil", "floor", "round", "len", "std"])
    one = inner.map(lambda node: (node,))
    return st.one_of(
        st.builds(syntax.Binary, st.just(AT), st.sampled_from(signs), inner, inner),
        st.builds(syntax.Unary, st.just(AT), st.sampled_from("-!"), inner),
        st.builds(syntax.Ternary, st.just(AT), inner, inner, inner),
        st.builds(syntax.Call, st.just(AT), calls, one),
        st.builds(syntax.Call, st.just(AT), st.sampled_from(["min", "max", "avg", "sum"]), st.tuples(inner, inner)),
    )


@settings(max_examples=200, deadline=None)
@given(st.recursive(NUMBERS, _doubles), st.integers(0, 50))
def test_no_value_leaves_the_span_that_the_linter_found(node: Node, count: int) -> None:
    tree = syntax.Formula((syntax.Statement(AT, "x", node),))
    assert checker.check(tree)[1] == []
    span = bounds.targets(tree)["x"]
    value = evaluate(show(tree), {"PendingTasks": every([1.0] * count, NOW)}, now=NOW).variables["x"]
    assert isinstance(value, float)
    slack = 1e-9 * abs(value)
    assert value != value or span.low - slack <= value <= span.high + slack


def test_the_tables_hold_a_formula_for_every_function_and_method() -> None:
    text = "".join(case["formula"] for table in ("page", "language") for case in load(table))
    assert [word for word in (*names.FUNCTIONS, *names.METHODS) if f"{word}(" not in text] == ["rand"]
    numbers = {evaluate("x = rand();", now=NOW, seed=seed).variables["x"] for seed in (1, 1, 2)}
    assert len(numbers) == 2
    assert all(isinstance(number, float) and 0 <= number < 1 for number in numbers)
