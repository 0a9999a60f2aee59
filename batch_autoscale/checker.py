"""Checks the types of a formula without running it, by the operators, functions and methods of Microsoft's page."""

from __future__ import annotations

from collections.abc import Collection

from batch_autoscale import names, parser, signatures, times
from batch_autoscale.errors import FormulaError, Place, Problem
from batch_autoscale.names import Type
from batch_autoscale.signatures import TI, D, S, T, U, V
from batch_autoscale.syntax import (
    Binary,
    Call,
    Formula,
    Index,
    Member,
    Method,
    Name,
    Node,
    Number,
    Statement,
    Ternary,
    Text,
    Unary,
    Vector,
)


def typecheck(text: str) -> dict[str, Type]:
    """The type of each variable at the end of the formula. FormulaError holds every syntax and type error."""
    formula, problems = parser.read(text)
    broken = parser.assigned(text) - {statement.target for statement in formula.statements}
    types, errors = check(formula, broken)
    if problems or errors:
        raise FormulaError([*problems, *errors])
    return types


def check(formula: Formula, broken: Collection[str] = ()) -> tuple[dict[str, Type], list[Problem]]:
    """The types of the variables, and the problems.

    `broken` names variables set by statements that could not be read; their use is not reported again.
    """
    reader = _Checker()
    reader.types = dict.fromkeys(broken, U)
    for statement in formula.statements:
        reader.statement(statement)
    return reader.types, reader.problems


def type_of(node: Node, types: dict[str, Type]) -> Type:
    """The type of one expression of a formula that has been checked."""
    reader = _Checker()
    reader.types = types
    return reader.value(node)


class _Checker:
    def __init__(self) -> None:
        self.types: dict[str, Type] = {}
        self.problems: list[Problem] = []

    def wrong(self, place: Place, message: str, remedy: str = "", code: str = "type") -> Type:
        self.problems.append(Problem(place, message, remedy, code))
        return U

    def statement(self, statement: Statement) -> None:
        option = statement.target == names.OPTION
        kind = self.option(statement.value) if option else self.plain(self.type(statement.value))
        if statement.target is None:
            return
        name, place = names.canonical(statement.target), statement.at
        if kind is Type.NOTHING:
            self.wrong(statement.value.at, "stop() gives no value", "write stop(); as a statement of its own")
            kind = U
        if name in names.METRICS:
            self.wrong(place, f"{name} is read only", "give your variable another name", "read-only")
        elif name in names.INTERVALS or name in names.OPTIONS:
            self.wrong(place, f"{name} is a word of the language", "give your variable another name", "read-only")
        elif name in names.WRITABLE:
            self.target(name, kind, statement.value)
        else:
            self.types[name] = kind

    def target(self, name: str, kind: Type, value: Node) -> None:
        expected = names.WRITABLE[name]
        if kind not in (expected, U):
            remedy = "take one value of it, such as avg(...) or val(..., 0)" if kind is V else ""
            self.wrong(value.at, f"{name} takes a {expected.value}, not a {kind.value}", remedy)

    def option(self, node: Node) -> Type:
        """The value of $NodeDeallocationOption: the bare name of an option, or a ternary between such names."""
        if isinstance(node, Ternary):
            self.truth(node.condition)
            for branch in (node.yes, node.no):
                self.option(branch)
            return S
        word = node.name if isinstance(node, Name) else node.value if isinstance(node, Text) else None
        if word is None or word in self.types:
            return self.plain(self.type(node))
        if word not in names.OPTIONS or isinstance(node, Text):
            hint = names.closest(word, names.OPTIONS)
            remedy = f"write one of {', '.join(names.OPTIONS)}, without quotes" + (f"; {hint}" if hint else "")
            return self.wrong(node.at, f"{word!r} is not a node deallocation option", remedy, "deallocation-option")
        return S

    @staticmethod
    def plain(kind: Type) -> Type:
        """A service variable used as a value is a double."""
        return D if kind is Type.METRIC else kind

    def type(self, node: Node) -> Type:
        """The type of an expression; the deallocation options are strings."""
        match node:
            case Number():
                return D
            case Text():
                return S
            case Name():
                return self.name(node)
            case Unary():
                return self.unary(node)
            case Binary():
                return self.binary(node)
            case Ternary():
                return self.ternary(node)
            case Call():
                return self.call(node)
            case Method():
                return self.method(node)
            case Member():
                return self.member(node)
            case _:
                return self.vector(node)

    def value(self, node: Node) -> Type:
        return self.plain(self.type(node))

    def truth(self, node: Node) -> None:
        kind = self.value(node)
        if kind not in (D, U):
            self.wrong(node.at, f"a condition is a double, not a {kind.value}", "compare it with something")

    def name(self, node: Name) -> Type:
        name = names.canonical(node.name)
        if name in self.types:
            return self.types[name]
        if name in names.METRICS:
            return Type.METRIC
        if name in names.WRITABLE:
            return names.WRITABLE[name]
        if name in names.INTERVALS:
            return TI
        if name in names.OPTIONS:
            return S
        known = [*self.types, *names.METRICS, *names.WRITABLE, *names.INTERVALS, *names.OPTIONS]
        other = name[1:] if name.startswith("$") else f"${name}"
        hint = f"did you mean {other}?" if other in self.types else names.closest(name, known)
        return self.wrong(node.at, f"{name} has no value here", hint or "set it in a statement before", "unknown-name")

    def unary(self, node: Unary) -> Type:
        kind = self.value(node.value)
        if kind in (D, U) or (kind is TI and node.operator == "-"):
            return kind
        remedy = "multiply it by a vector-first expression: vector * -1" if kind is V else ""
        return self.wrong(node.at, f"`{node.operator}` does not go with a {kind.value}", remedy)

    def binary(self, node: Binary) -> Type:
        left, right, sign = self.value(node.left), self.value(node.right), node.operator
        if U in (left, right):
            return U
        if sign in ("&&", "||"):
            result = D if (left, right) == (D, D) else None
        elif sign in ("+", "-", "*", "/"):
            result = signatures.ARITHMETIC.get((left, sign, right))
        else:
            result = D if left is right and left in signatures.COMPARED else None
        if result is not None:
            return result
        if Type.NOTHING in (left, right):
            return self.wrong(node.at, "stop() gives no value", "write stop(); as a statement of its own")
        remedy = signatures.REMEDIES.get((left, sign, right), "")
        if not remedy and S in (left, right):
            remedy = "strings can only be compared, and only with strings"
        if not remedy and V in (left, right):
            remedy = "take one value of the vector, such as avg(...) or val(..., 0)"
        return self.wrong(node.at, f"`{sign}` does not go between a {left.value} and a {right.value}", remedy)

    def ternary(self, node: Ternary) -> Type:
        self.truth(node.condition)
        yes, no = self.value(node.yes), self.value(node.no)
        for kind, other in ((yes, no), (no, yes)):
            if kind in (Type.NOTHING, U):
                return other
        if yes is no:
            return yes
        return self.wrong(node.at, f"one branch is a {yes.value}, the other a {no.value}", "give both one type")

    def vector(self, node: Node) -> Type:
        if isinstance(node, Vector):
            self.list(node.items, "a vector")
            return V
        assert isinstance(node, Index)
        kind, index = self.value(node.value), self.value(node.index)
        if kind not in (V, U) or index not in (D, U):
            return self.wrong(node.at, "only a doubleVec has elements, at a double", "write val(vector, position)")
        return D

    def member(self, node: Member) -> Type:
        kind = self.type(node.value)
        if node.member in names.METHODS:
            return self.wrong(node.at, f"{node.member} is a method", f"write {node.member}(...)")
        if kind not in (T, U):
            return self.wrong(node.at, f"a {kind.value} has no member {node.member}", "only a timestamp has members")
        if node.member not in names.MEMBERS:
            remedy = names.closest(node.member, names.MEMBERS) or f"it has {', '.join(names.MEMBERS)}"
            return self.wrong(node.at, f"a timestamp has no member {node.member}", remedy)
        return D

    def list(self, nodes: tuple[Node, ...], owner: str) -> tuple[Type, ...]:
        """The types of a doubleVecList: doubles and doubleVecs in any mixture."""
        types = tuple(self.value(node) for node in nodes)
        for node, kind in zip(nodes, types, strict=True):
            if kind not in (D, V, U):
                self.wrong(node.at, f"{owner} takes doubles and doubleVecs, not a {kind.value}")
        return types

    def call(self, node: Call) -> Type:
        name, arguments = node.function, node.arguments
        if name in names.REDUCERS:
            self.list(arguments, f"{name}()")
            return D
        if name in names.COMPONENTWISE:
            return self.componentwise(node)
        if name not in signatures.FUNCTIONS:
            for argument in arguments:
                self.type(argument)
            remedy = names.closest(name, names.FUNCTIONS) or f"there are {', '.join(sorted(names.FUNCTIONS))}"
            return self.wrong(node.at, f"there is no function {name}()", remedy, "unknown-name")
        parameters, result = signatures.FUNCTIONS[name]
        if name == "time" and not arguments:
            return T
        self.exactly(node, parameters)
        if name == "time" and isinstance(arguments[0], Text):
            self.date(arguments[0])
        return result

    def date(self, node: Text) -> None:
        """A date written in the formula as text is checked now, not only when the formula runs."""
        try:
            if node.value:
                times.read(node.value)
        except ValueError as error:
            self.wrong(
                node.at, str(error), 'write it as "2026-01-31T08:00:00Z" or "Sat, 31 Jan 2026 08:00:00 GMT"', "date"
            )

    def componentwise(self, node: Call) -> Type:
        types = self.list(node.arguments, f"{node.function}()")
        if not types:
            return self.wrong(node.at, f"{node.function}() needs an argument")
        return types[0] if len(types) == 1 and types[0] in (D, U) else V

    def exactly(self, node: Call, parameters: tuple[Type, ...]) -> None:
        takes = ("() or " if node.function == "time" else "") + signatures.listed(parameters)
        kinds = [self.value(argument) for argument in node.arguments]
        right = len(kinds) == len(parameters) and all(a in (b, U) for a, b in zip(kinds, parameters, strict=True))
        if not right:
            self.wrong(node.at, f"{node.function}() takes {takes}", f"it has {signatures.listed(kinds)}")

    def method(self, node: Method) -> Type:
        kind = self.type(node.value)
        kinds = [self.value(argument) for argument in node.arguments]
        if kind is U:
            return names.METHODS.get(node.method, U)
        if node.method not in names.METHODS:
            remedy = names.closest(node.method, names.METHODS) or f"there are {', '.join(names.METHODS)}"
            return self.wrong(node.at, f"there is no method {node.method}()", remedy, "unknown-name")
        if kind is not Type.METRIC:
            remedy = "only read-only service variables such as $PendingTasks have samples"
            return self.wrong(node.at, f"a {kind.value} has no {node.method}()", remedy)
        if U not in kinds and not signatures.fits(node.method, kinds):
            self.wrong(
                node.at, f"{node.method}() does not take {signatures.listed(kinds)}", signatures.FORMS[node.method]
            )
        return names.METHODS[node.method]
