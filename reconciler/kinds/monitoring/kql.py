"""What can be seen of a query without Azure: brackets and quotes that do not close, and its table. Pure.

The language has strings in double and single quotes, with `@` before one where a backslash means itself, and comments
from `//` to the end of the line. Source: learn.microsoft.com, the string data type of the Kusto Query Language.
"""

from __future__ import annotations

import re

from reconciler.azure.monitor import TABLES
from reconciler.spec.references import nearest

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
    return "" if TOKEN.sub("", query).strip() else "has nothing but comments; begin it with a table"


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
