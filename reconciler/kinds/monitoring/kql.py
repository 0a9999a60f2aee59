"""What can be seen of a query without Azure: what does not close, its table, its operators, its columns. Pure.

The language has strings in double and single quotes, with `@` before one where a backslash means itself, and comments
from `//` to the end of the line. Source: learn.microsoft.com, the string data type of the Kusto Query Language.
"""

from __future__ import annotations

import re

from reconciler.azure.monitor import TABLES
from reconciler.spec.references import nearest

STEP = re.compile(r"\|\s*([A-Za-z][\w-]*)?")
OPERATORS = frozenset(
    (
        "as", "assert-schema", "consume", "count", "datatable", "distinct", "evaluate", "extend", "externaldata",
        "facet", "filter", "find", "fork", "getschema", "graph-mark-components", "graph-match",
        "graph-shortest-paths", "graph-to-table", "invoke", "join", "limit", "lookup", "macro-expand",
        "make-graph", "make-series", "mv-apply", "mv-expand", "mvapply", "mvexpand", "order", "parse", "parse-kv",
        "parse-where", "partition", "print", "project", "project-away", "project-by-names", "project-keep",
        "project-rename", "project-reorder", "range", "reduce", "render", "sample", "sample-distinct", "scan",
        "search", "serialize", "sort", "summarize", "take", "top", "top-hitters", "top-nested", "union", "where",
    )
)  # fmt: skip
"""What may come after `|`. Source: learn.microsoft.com, tabular operators of the Kusto Query Language."""
NARROWING = re.compile(r"\|\s*(summarize|project|project-keep|distinct)\b(?!-)")
"""After one of these a query has only columns that it names, or that are called after a function in it (`sum_x`)."""
CLOSES = {")": "(", "]": "[", "}": "{"}
TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*)|(?P<text>@"(?:[^"]|"")*"|@'(?:[^']|'')*'|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
    r"""|(?P<quote>["'])|(?P<open>[(\[{])|(?P<close>[)\]}])""",
    re.DOTALL,
)


def fault(query: str) -> str:
    """What is wrong with a query, with its line and column; empty if nothing is seen."""
    opened: list[tuple[str, int]] = []
    for token in TOKEN.finditer(query):
        at, text = token.start(), token.group()
        if token.lastgroup == "quote":
            return f"the quote {text} {_place(query, at)} is not closed"
        if token.lastgroup == "open":
            opened.append((text, at))
        elif token.lastgroup == "close":
            if not opened or opened[-1][0] != CLOSES[text]:
                return f"{text} {_place(query, at)} closes nothing{_meant(query, opened)}"
            opened.pop()
    if opened:
        return f"{opened[-1][0]} {_place(query, opened[-1][1])} is not closed"
    bare = _bare(query)
    if not bare.strip():
        return "has nothing but comments; begin it with a table"
    lone = next((step for step in STEP.finditer(bare) if not step[1]), None)
    return f"after | {_place(query, lone.start())} comes no operator, such as where" if lone else ""


def _bare(query: str) -> str:
    """The query with blanks in place of comments, brackets and what is in quotes; the rest stays where it is."""
    return TOKEN.sub(lambda token: re.sub(r"[^\n]", "_" if token["text"] else " ", token.group()), query)


def _meant(query: str, opened: list[tuple[str, int]]) -> str:
    return f"; open is {opened[-1][0]} {_place(query, opened[-1][1])}" if opened else ""


def _place(query: str, at: int) -> str:
    line = query.count("\n", 0, at) + 1
    return f"in line {line}, column {at - query.rfind(chr(10), 0, at)}"


def unknown_table(query: str) -> str:
    """A warning of a table that no logs of monitoring reach; empty if it is known, or if the query begins otherwise."""
    bare = re.sub(r"//[^\n]*", "", query).strip()
    first = re.match(r"[A-Za-z_]\w*(?=\s*(\||$))", bare)
    if first is None or first.group() in TABLES or first.group().endswith("_CL"):
        return ""
    close = nearest(first.group(), TABLES)
    return f"begins with {first.group()}, which is no table that is known here{close}; it may be in your workspace"


def unknown_operator(query: str) -> str:
    """A warning of a word after `|` that is no operator; empty if there is none."""
    for step in STEP.finditer(_bare(query)):
        if step[1] and step[1] not in OPERATORS:
            close = nearest(step[1], sorted(OPERATORS))
            return f"has {step[1]} {_place(query, step.start(1))}, which is no operator that is known here{close}"
    return ""


def lacks(query: str, column: str) -> bool:
    """Whether the rows of a query can have no column of this name."""
    function = column.partition("_")[0] if "_" in column else ""
    named = any(word and re.search(rf"\b{re.escape(word)}\b", query) for word in (column, function))
    return NARROWING.search(_bare(query)) is not None and not named
