"""The tasks that a task factory of Batch Shipyard makes, as a sweep or a forEach of a spec. Pure.

Source: Batch Shipyard, task factories. What is not a range or every combination of lists is written out, up to `MOST`
points. Random numbers are drawn once, so that the spec is the same each time.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import comb, perm, prod
from typing import Any

from reconciler.importing.shipyard import commands
from reconciler.importing.shipyard.commands import Said, Unsayable
from reconciler.importing.shipyard.part import Part

MOST = 1_000
"""The points of a sweep that are written out; more of them belong into a file."""
LONGEST = 20
"""The values of a task beyond which no command can want them."""
LIMIT = 100_000
"""The tasks of an entry that a spec takes without a word. Source: docs/tasks.md, limit."""


@dataclass(slots=True)
class Factory:
    """What an entry of `tasks` gets of it, how its values are written in a command, and how many tasks it makes."""

    entry: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Said] = field(default_factory=dict)
    count: int = 1


def read(factory: Part) -> Factory:
    """The factory of a task, unless it is one of `file`, which reads storage. Raises Unsayable."""
    if factory.has("repeat"):
        return _repeat(factory)
    if factory.has("parametric_sweep"):
        return _sweep(factory.part("parametric_sweep"))
    if factory.has("random"):
        return _random(factory.part("random"))
    if factory.has("custom"):
        factory.part("custom").ignore()
        raise Unsayable("a Python module makes its tasks; let it write their values into a CSV file: sweep: FILE.csv")
    raise Unsayable("its task factory is none of repeat, parametric_sweep, random, file and custom")


def _made(sweep: dict[str, Any] | list[dict[str, Any]], names: Sequence[str], count: int) -> Factory:
    if not count:
        raise Unsayable("its task factory makes no task")
    more = {"limit": count} if count > LIMIT else {}
    values = {str(number): commands.value(name) for number, name in enumerate(names)}
    return Factory({"sweep": sweep, **more}, values, count)


def _repeat(factory: Part) -> Factory:
    times = factory.number("repeat") or 0
    return Factory(_made({"copy": {"from": 1, "to": times}}, ["copy"], max(0, times)).entry, {}, times)


def _sweep(sweep: Part) -> Factory:
    kinds: dict[str, Callable[[Part], Factory]] = {
        "product": _product,
        "product_iterables": _iterables,
        "combinations": _combinations,
        "permutations": _permutations,
        "zip": _zip,
    }
    kind = next((kind for kind in kinds if sweep.has(kind)), None)
    if kind is None:
        raise Unsayable(f"its parametric_sweep is none of {', '.join(kinds)}")
    return kinds[kind](sweep)


def _product(sweep: Part) -> Factory:
    """Ranges, of which the stop is not one."""
    values: dict[str, Any] = {}
    count = 1
    for number, part in enumerate(sweep.parts("product")):
        start, stop, step = (part.number(key) for key in ("start", "stop", "step"))
        if start is None or stop is None or not step:
            raise Unsayable("a range of it has no start, stop or step")
        numbers = range(start, stop, step)
        if step < 0 and len(numbers) > MOST:
            raise Unsayable(f"a range of it goes down by more than {MOST:,} steps; turn it round")
        count *= len(numbers)
        values[f"arg{number}"] = _range(numbers)
    return _made(values, list(values), count if values else 0)


def _range(numbers: range) -> Any:
    if len(numbers) < 1 or numbers.step < 0:
        return list(numbers)
    return {"from": numbers[0], "to": numbers[-1], **({"step": numbers.step} if numbers.step != 1 else {})}


def _iterables(sweep: Part) -> Factory:
    lists = _lists(sweep.raw("product_iterables"))
    values = {f"arg{number}": items for number, items in enumerate(lists)}
    return _made(values, list(values), prod(map(len, lists)) if lists else 0)


def _zip(sweep: Part) -> Factory:
    lists = _lists(sweep.raw("zip"))
    return _beside(zip(*lists, strict=False), min(map(len, lists), default=0))


def _combinations(sweep: Part) -> Factory:
    items, length = _chosen(part := sweep.part("combinations"))
    if part.flag("replacement"):
        many = comb(len(items) + length - 1, length)
        return _beside(itertools.combinations_with_replacement(items, length), many)
    return _beside(itertools.combinations(items, length), comb(len(items), length))


def _permutations(sweep: Part) -> Factory:
    items, length = _chosen(sweep.part("permutations"))
    return _beside(itertools.permutations(items, length), perm(len(items), length))


def _chosen(part: Part) -> tuple[list[str], int]:
    """What is chosen from, and how many of it."""
    items, length = _items(part.raw("iterable")), part.number("length") or 0
    if not items or not 1 <= length <= LONGEST:
        raise Unsayable(f"it chooses {length} of {len(items)}, and a spec can say 1 to {LONGEST}")
    return items, length


def _beside(rows: Iterable[Sequence[str]], count: int) -> Factory:
    """Rows whose values go side by side."""
    if count > MOST:
        raise Unsayable(f"it makes more than {MOST:,} tasks; write their values into a CSV file: sweep: FILE.csv")
    columns = list(zip(*rows, strict=True))
    names = [f"arg{number}" for number in range(len(columns))]
    return _made([{name: list(column) for name, column in zip(names, columns, strict=True)}], names, count)


def _lists(value: Any) -> list[list[str]]:
    return [_items(part) for part in value] if isinstance(value, list) else []


def _items(value: Any) -> list[str]:
    """The items of a list, or the characters of a text. Raises Unsayable for what has none."""
    items = list(value) if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, (str, int, float)) for item in items):
        raise Unsayable("what its values are taken from is no text, and no list of texts")
    return [str(item) for item in items]


def _random(part: Part) -> Factory:
    """Numbers that are drawn here, as Python draws them."""
    many, seed = part.number("generate") or 0, part.number("seed")
    if many > MOST:
        raise Unsayable(f"it draws more than {MOST:,} numbers; write them into a CSV file: sweep: FILE.csv")
    source = random.Random(seed or 0)  # noqa: S311 no secret hangs on it
    draw = _integer(part.part("integer"), source) if part.has("integer") else _real(part.part("distribution"), source)
    try:
        numbers = [draw() for _ in range(many)]
    except (ValueError, OverflowError, ZeroDivisionError, ArithmeticError):
        raise Unsayable("nothing can be drawn from its numbers") from None
    part.change(words=f"its {many} numbers were drawn now, and stay; Shipyard drew others each time")
    return _made({"arg0": numbers}, ["arg0"], many)


def _integer(part: Part, source: random.Random) -> Callable[[], int]:
    start, stop, step = (part.number(key) for key in ("start", "stop", "step"))
    if start is None or stop is None:
        raise Unsayable("its integers have no start or stop")
    return lambda: source.randrange(start, stop, step or 1)


DISTRIBUTIONS = {
    "uniform": ("uniform", ("a", "b")),
    "triangular": ("triangular", ("low", "high", "mode")),
    "beta": ("betavariate", ("alpha", "beta")),
    "exponential": ("expovariate", ("lambda",)),
    "gamma": ("gammavariate", ("alpha", "beta")),
    "gauss": ("gauss", ("mu", "sigma")),
    "lognormal": ("lognormvariate", ("mu", "sigma")),
    "pareto": ("paretovariate", ("alpha",)),
    "weibull": ("weibullvariate", ("alpha", "beta")),
}
"""Distribution of Shipyard → the function of Python's random and its arguments."""


def _real(part: Part, source: random.Random) -> Callable[[], float]:
    name = next((name for name in DISTRIBUTIONS if part.has(name)), None)
    if name is None:
        raise Unsayable(f"its distribution is none of {', '.join(DISTRIBUTIONS)}")
    function, arguments = DISTRIBUTIONS[name]
    given = [part.part(name).raw(argument) for argument in arguments]
    given = given[:-1] if name == "triangular" and given[-1] is None else given
    if not all(isinstance(number, (int, float)) for number in given):
        raise Unsayable(f"{name} needs {', '.join(arguments)}")
    return lambda: round(float(getattr(source, function)(*given)), 9)
