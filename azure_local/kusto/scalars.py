"""Expressions as functions of a row, with the type of their value known before any row is read."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from azure_local.kusto import values
from azure_local.kusto.errors import meaningless
from azure_local.kusto.syntax import Among, Between, Binary, Called, Expression, Literal, Name, Part, Star
from azure_local.kusto.values import is_number, wider

Row = Mapping[str, Any]
ARITHMETIC = ("+", "-", "*", "/", "%")
SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Typed:
    """The type of an expression's value, and the value for a row."""

    type: str
    of: Callable[[Row], Any]


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression can refer to: columns with their types, and the present moment.

    function  how a function with its arguments becomes an expression
    """

    columns: Mapping[str, str]
    now: datetime
    function: Callable[[Called, Scope], Typed]

    def compiled(self, expression: Expression) -> Typed:
        """QueryError for names that there are not and types that do not go together."""
        match expression:
            case Literal(value, kind):
                return Typed(kind, lambda row: value)
            case Name(name, at):
                return self._column(name, at)
            case Binary():
                return self._binary(expression)
            case Among():
                return self._among(expression)
            case Between():
                return self._between(expression)
            case Part():
                return self._part(expression)
            case Called():
                return self.function(expression, self)
            case Star(at):
                raise meaningless("SEM0100", "'*' is not an expression.", at)

    def _column(self, name: str, at: int) -> Typed:
        if name not in self.columns:
            text = f"Failed to resolve scalar expression named '{name}'"
            raise meaningless("SEM0100", text, at)
        return Typed(self.columns[name], lambda row: row[name])

    def condition(self, expression: Expression) -> Typed:
        """An expression that must be true or false."""
        typed = self.compiled(expression)
        if typed.type != "bool":
            raise meaningless("SEM0024", f"Expression of type {typed.type} is not a condition.", expression.at)
        return typed

    def _binary(self, both: Binary) -> Typed:
        if both.sign in ("and", "or"):
            return self._logical(both)
        return self._arithmetic(both) if both.sign in ARITHMETIC else self._compared(both)

    def _logical(self, both: Binary) -> Typed:
        left, right = self.condition(both.left).of, self.condition(both.right).of
        if both.sign == "and":
            return Typed("bool", lambda row: bool(left(row)) and bool(right(row)))
        return Typed("bool", lambda row: bool(left(row)) or bool(right(row)))

    def _arithmetic(self, both: Binary) -> Typed:
        left, right = self.compiled(both.left), self.compiled(both.right)
        kind = _of_arithmetic(both.sign, left.type, right.type)
        if kind is None:
            text = f"Cannot apply '{both.sign}' to values of types {left.type} and {right.type}."
            raise meaningless("SEM0025", text, both.at)
        whole = kind == "long"
        return Typed(kind, lambda row: calculated(both.sign, left.of(row), right.of(row), whole=whole))

    def _compared(self, both: Binary) -> Typed:
        left, right = self.compiled(both.left), self.compiled(both.right)
        if both.sign in SIGNS:
            if not _comparable(left.type, right.type, both.sign):
                text = f"Cannot compare values of types {left.type} and {right.type}. Try adding explicit casts"
                raise meaningless("SEM0064", text, both.at)
            return Typed("bool", lambda row: _holds(SIGNS[both.sign], left.of(row), right.of(row)))
        for one in (left, right):
            if one.type not in ("string", "dynamic", "guid"):
                text = f"Operator '{both.sign}' needs texts, not values of type {one.type}."
                raise meaningless("SEM0025", text, both.at)
        if both.sign == "matches regex" and isinstance(both.right, Literal):
            _check_pattern(both.right)
        test = textual(both.sign)
        return Typed(
            "bool", lambda row: test(values.text(left.of(row), left.type), values.text(right.of(row), right.type))
        )

    def _among(self, among: Among) -> Typed:
        value, items = self.compiled(among.value), [self.compiled(item) for item in among.items]
        for item in items:
            if not _comparable(value.type, item.type, "=="):
                text = f"Cannot compare values of types {value.type} and {item.type}. Try adding explicit casts"
                raise meaningless("SEM0064", text, among.at)
        folded, wanted = among.sign.endswith("~"), not among.sign.startswith("!")

        def of(row: Row) -> bool:
            one, others = value.of(row), [item.of(row) for item in items]
            if folded:
                one, others = str(one).lower(), [str(other).lower() for other in others]
            return (one in others) is wanted

        return Typed("bool", of)

    def _between(self, between: Between) -> Typed:
        value, low, high = (self.compiled(one) for one in (between.value, between.low, between.high))
        if high.type == "timespan" and low.type == "datetime":  # `between (start .. 1h)`: as long after the start
            begin, length = low.of, high.of
            high = Typed("datetime", lambda row: calculated("+", begin(row), length(row), whole=False))
        for one in (low, high):
            if not _comparable(value.type, one.type, "<"):
                text = f"Cannot compare values of types {value.type} and {one.type}. Try adding explicit casts"
                raise meaningless("SEM0064", text, between.at)
        wanted = not between.sign.startswith("!")

        def of(row: Row) -> bool:
            one, least, most = value.of(row), low.of(row), high.of(row)
            if None in (one, least, most):
                return False
            return (_holds(operator.le, least, one) and _holds(operator.le, one, most)) is wanted

        return Typed("bool", of)

    def _part(self, part: Part) -> Typed:
        value, key = self.compiled(part.value), self.compiled(part.key)
        if value.type != "dynamic":
            raise meaningless("SEM0027", f"A value of type {value.type} has no members.", part.at)

        def of(row: Row) -> Any:
            whole, name = value.of(row), key.of(row)
            try:
                return whole[name] if isinstance(whole, (dict, list)) else None
            except (KeyError, IndexError, TypeError):
                return None

        return Typed("dynamic", of)


def _of_arithmetic(sign: str, left: str, right: str) -> str | None:
    """The type of the result; None if the operands do not go together."""
    if is_number(left) and is_number(right):
        return wider(left, right)
    pairs = {
        ("datetime", "-", "datetime"): "timespan",
        ("datetime", "-", "timespan"): "datetime",
        ("datetime", "+", "timespan"): "datetime",
        ("timespan", "+", "datetime"): "datetime",
        ("timespan", "+", "timespan"): "timespan",
        ("timespan", "-", "timespan"): "timespan",
        ("timespan", "/", "timespan"): "real",
    }
    if sign in ("*", "/") and left == "timespan" and is_number(right):
        return "timespan"
    if sign == "*" and is_number(left) and right == "timespan":
        return "timespan"
    return pairs.get((left, sign, right))


def calculated(sign: str, left: Any, right: Any, *, whole: bool) -> Any:
    """Null where an operand is, and where there is no result."""
    if left is None or right is None:
        return None
    try:
        if sign == "/":
            return int(left / right) if whole else left / right
        calculate = {"+": operator.add, "-": operator.sub, "*": operator.mul, "%": operator.mod}
        return calculate[sign](left, right)
    except (ArithmeticError, ValueError, TypeError):
        return None


def _comparable(left: str, right: str, sign: str) -> bool:
    """A dynamic value is compared with anything that it can be equal to."""
    if left == right:
        return left != "dynamic" or sign in ("==", "!=")
    texts = {"string", "guid"}
    if "dynamic" in (left, right):
        return True
    return (is_number(left) and is_number(right)) or {left, right} <= texts


def _holds(test: Callable[[Any, Any], bool], left: Any, right: Any) -> bool:
    """Nothing holds of null but that it is not a value."""
    if left is None or right is None:
        return test is operator.ne and left is not right
    if isinstance(left, (int, float)) != isinstance(right, (int, float)):
        return test is operator.ne
    try:
        return test(left, right)
    except TypeError:
        return test is operator.ne


def textual(sign: str) -> Callable[[str, str], bool]:
    """The test of an operator on texts; but for those in `_cs`, letter case does not matter."""
    negated, plain = sign.startswith("!"), sign.removeprefix("!")
    exact = plain.endswith("_cs") or plain == "matches regex"
    tests: dict[str, Callable[[str, str], bool]] = {
        "=~": operator.eq,
        "~": operator.eq,
        "has": has,
        "contains": lambda whole, part: part in whole,
        "startswith": str.startswith,
        "endswith": str.endswith,
        "matches regex": _matches,
    }
    test = tests[plain.removesuffix("_cs")]

    def found(whole: str, part: str) -> bool:
        holds = test(whole, part) if exact else test(whole.lower(), part.lower())
        return holds is not negated

    return found


def _check_pattern(pattern: Literal) -> None:
    try:
        re.compile(str(pattern.value))
    except re.error as error:
        raise meaningless("SEM0041", f"The regular expression is not valid: {error}", pattern.at) from None


def _matches(whole: str, pattern: str) -> bool:
    try:
        return re.search(pattern, whole) is not None
    except re.error:
        return False


def has(whole: str, term: str) -> bool:
    """Whether the term stands in the text with nothing of letters or digits before and behind it."""
    return re.search(rf"(?<![^\W_]){re.escape(term)}(?![^\W_])", whole) is not None
