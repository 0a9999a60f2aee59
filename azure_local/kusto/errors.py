"""Why a query is refused, with its place in the text."""

from __future__ import annotations


class QueryError(Exception):
    """A query that cannot be run.

    kind  `SyntaxError` or `SemanticError`
    code  the number that Azure's query language gives it (where it is not documented, inferred)
    at    the offset in the text, from 0
    """

    def __init__(self, kind: str, code: str, message: str, at: int, token: str = "") -> None:
        super().__init__(message)
        self.kind, self.code, self.message, self.at, self.token = kind, code, message, at, token


def unreadable(at: int, token: str) -> QueryError:
    """The text does not follow the grammar."""
    return QueryError("SyntaxError", "SYN0002", f"Query could not be parsed at '{token}'", at, token)


def meaningless(code: str, message: str, at: int) -> QueryError:
    """The text can be read, but not run."""
    return QueryError("SemanticError", code, message, at)


def unoffered(what: str, at: int) -> QueryError:
    """A part of the language that is not offered here, though Azure has it."""
    return meaningless("SEM0000", f"{what} is not offered by the local Azure.", at)


def place(text: str, at: int) -> tuple[int, int]:
    """Line, from 1, and column, from 0, of an offset."""
    before = text[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1)
