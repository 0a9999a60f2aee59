"""Commands that try out autoscale formulas, without Azure: autoscale check, autoscale simulate."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from reconciler import autoscale as language
from reconciler.autoscale import times
from reconciler.autoscale.scenarios import NAMES
from reconciler.errors import ReconcileError

T = TypeVar("T")
INVALID = 4
FILE = click.Path(dir_okay=False, path_type=Path, allow_dash=True)


class Missed(ReconcileError):
    """A simulation did not keep to what was expected of it."""


@click.group()
def autoscale() -> None:
    """Formulas that size a pool: checked, and tried out against made-up or recorded tasks."""


@autoscale.command()
@click.argument("file", type=FILE)
@click.option("--interval", help="The pool's evaluation interval, such as PT15M.")
def check(file: Path, interval: str | None) -> int:
    """Say what is wrong with the formula in FILE (-: standard input), and what will hurt. 4: Batch would refuse it."""
    from reconciler.render.autoscale import findings

    text = _read(file)
    found = _usage(lambda: language.lint(text, interval))
    click.echo(findings(_name(file), found))
    return INVALID if any(one.severity == "error" for one in found) else 0


_OPTIONS = (
    click.option("--formula", type=FILE, help="The file that holds the formula (-: standard input)."),
    click.option("--scenario", type=click.Choice(list(NAMES)), help="A ready-made formula, which needs --max."),
    click.option("--max", "most", type=click.IntRange(0), help="Of a scenario: the most nodes."),
    click.option("--min", "least", type=click.IntRange(0), help="Of a scenario: the fewest nodes.  [default: 0]"),
    click.option(
        "--per-node", type=click.IntRange(1, 256), help="Of a scenario: tasks for a node.  [default: --slots]"
    ),
    click.option("--spot", is_flag=True, help="Of a scenario: Spot nodes."),
    click.option("--constant", nargs=3, type=(int, str, str), metavar="COUNT EVERY TAKES", help="Tasks evenly apart."),
    click.option("--burst", nargs=2, type=(int, str), metavar="COUNT TAKES", help="Tasks all at once."),
    click.option("--diurnal", nargs=3, type=(int, int, str), metavar="COUNT DAYS TAKES", help="Tasks mostly by day."),
    click.option("--trace", type=FILE, help="A CSV of tasks: submitted,duration and, if they differ, slots."),
    click.option("--interval", default="PT5M", show_default=True, help="How often the formula is evaluated."),
    click.option("--slots", type=click.IntRange(1, 256), default=1, show_default=True, help="Task slots of a node."),
    click.option("--boot", default="PT5M", show_default=True, help="How long a node takes to be ready."),
    click.option("--price", type=click.FloatRange(0), default=0.2, show_default=True, help="Of a node hour."),
    click.option("--spot-price", type=click.FloatRange(0), help="Of a Spot node hour.  [default: --price]"),
    click.option("--fixed", "nodes", type=click.IntRange(0), help="Nodes to compare with.  [default: the most it had]"),
    click.option("--expect", multiple=True, metavar="NAME=LIMIT", help="Such as maxQueue=PT10M; may be repeated."),
    click.option("--plot", "picture", type=FILE, help="Draw it into this file: .svg, .png or .html."),
)


def _options(function: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@autoscale.command()
@_options
def simulate(**given: Any) -> None:
    """Run tasks on a pool that scales by a formula, and on one of a fixed size, and compare.

    \b
    reconcile autoscale simulate --scenario pending-tasks --max 20 --burst 200 PT10M
    reconcile autoscale simulate --formula f.txt --trace tasks.csv --expect maxQueue=PT10M

    Durations are ISO 8601 (PT5M) or seconds. 1: an expectation was missed.
    """
    from reconciler.render.autoscale import simulation

    picture: Path | None = given["picture"]
    if picture is not None and picture.suffix[1:] not in ("svg", "png", "html"):
        raise click.UsageError("--plot takes a name that ends in .svg, .png or .html")
    expected = dict(map(_expectation, given["expect"]))
    text, trace, setting = _formula(given), _trace(given), _setting(given)
    scaled = _usage(lambda: language.simulate(trace, text, setting))
    missed = _usage(lambda: language.check(scaled, expected))
    nodes = scaled.max_nodes if given["nodes"] is None else given["nodes"]
    fixed = language.fixed(trace, nodes, setting, until=scaled.seconds)
    prices = (setting.price, setting.spot_price)
    click.echo(simulation(scaled, fixed, nodes, prices))
    if picture is not None:
        from reconciler.render.plot import plot

        _write(picture, plot(scaled, fixed, nodes, prices, picture.suffix[1:]))
    if missed:
        raise Missed("not as expected\n" + "\n".join(missed))


def _formula(given: dict[str, Any]) -> str:
    scenario = given["scenario"]
    if (scenario is None) == (given["formula"] is None):
        raise click.UsageError("say either --formula or --scenario")
    if scenario is None:
        return _read(given["formula"])
    if given["most"] is None:
        raise click.UsageError("a scenario needs --max, the most nodes that it may ask for")
    least, tasks = given["least"] or 0, given["per_node"] or given["slots"]
    return _usage(
        lambda: language.scenarios.formula(scenario, max=given["most"], min=least, perNode=tasks, spot=given["spot"])
    )


def _trace(given: dict[str, Any]) -> language.Trace:
    kinds = {name: given[name] for name in ("constant", "burst", "diurnal", "trace") if given[name]}
    if len(kinds) != 1:
        raise click.UsageError("say one of --constant, --burst, --diurnal and --trace")
    (name, value), seconds = kinds.popitem(), times.duration
    made: dict[str, Callable[[], language.Trace]] = {
        "constant": lambda: language.constant(
            value[0], every=seconds(_span(value[1])), duration=seconds(_span(value[2]))
        ),
        "burst": lambda: language.burst(value[0], duration=seconds(_span(value[1]))),
        "diurnal": lambda: language.diurnal(value[0], days=value[1], duration=seconds(_span(value[2]))),
        "trace": lambda: language.read_csv(_read(value)),
    }
    trace = _usage(made[name])
    if not trace.tasks:
        raise click.UsageError(f"--{name} has no tasks")
    return trace


def _setting(given: dict[str, Any]) -> language.Setting:
    spot = given["price"] if given["spot_price"] is None else given["spot_price"]
    more = {"slots": given["slots"], "price": given["price"], "spot_price": spot}
    return _usage(lambda: language.Setting(interval=_span(given["interval"]), boot=_span(given["boot"]), **more))


def _expectation(text: str) -> tuple[str, str | float]:
    name, equals, limit = text.partition("=")
    if not equals:
        raise click.UsageError(f"--expect takes NAME=LIMIT, such as maxQueue=PT10M, not {text!r}")
    return name.strip(), _span(limit.strip())


def _span(text: str) -> str | float:
    """Seconds where the text is a number, or the text."""
    try:
        return float(text)
    except ValueError:
        return text


def _usage(do: Callable[[], T]) -> T:
    """What cannot be is a wrong command line: a value that does not fit, or a formula with errors."""
    try:
        return do()
    except language.FormulaError as error:
        raise click.UsageError(f"the formula is wrong\n{error}") from None
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _read(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise click.UsageError(f"{file} cannot be read: {reason}") from None


def _write(file: Path, data: bytes) -> None:
    try:
        file.write_bytes(data)
    except OSError as error:
        raise ReconcileError(f"{file} cannot be written: {error.strerror}") from None


def _name(file: Path) -> str:
    return "stdin" if str(file) == "-" else str(file)
