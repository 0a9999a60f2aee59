"""Commands that try out autoscale formulas: autoscale check, simulate and size, without Azure, and trace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

import batch_autoscale as language
from batch_autoscale.scenarios import NAMES
from reconciler.cli import codes, common, pictures, simulating
from reconciler.errors import ReconcileError, Refused
from reconciler.words import count

INVALID = codes.INVALID
FILE = click.Path(dir_okay=False, path_type=Path, allow_dash=True)
COUNT = click.IntRange(1, 1_000_000)


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

    text = simulating.read(file)
    problems = simulating.usage(lambda: language.lint(text, interval))
    click.echo(findings("stdin" if str(file) == "-" else str(file), problems))
    return INVALID if any(problem.severity == "error" for problem in problems) else 0


_FORMULA = (
    click.option("--pool", metavar="NAME", help="The pool of SPEC.  [default: the only one with autoscale]"),
    click.option("--formula", type=FILE, help="The file that holds the formula (-: standard input)."),
    click.option("--scenario", type=click.Choice(list(NAMES)), help="A ready-made formula, which needs --max."),
    click.option("--max", "most", type=click.IntRange(0), help="Of a scenario: the most nodes."),
    click.option("--min", "least", type=click.IntRange(0), help="Of a scenario: the fewest nodes.  [default: 0]"),
    click.option(
        "--per-node", type=click.IntRange(1, 256), help="Of a scenario: tasks for a node.  [default: --slots]"
    ),
    click.option("--spot", is_flag=True, help="Of a scenario: Spot nodes."),
)
_TASKS = (
    click.option(
        "--constant", nargs=3, type=(COUNT, str, str), metavar="COUNT EVERY TAKES", help="Tasks evenly apart."
    ),
    click.option("--burst", nargs=2, type=(COUNT, str), metavar="COUNT TAKES", help="Tasks all at once."),
    click.option(
        "--diurnal",
        nargs=3,
        type=(COUNT, click.IntRange(1, 366), str),
        metavar="COUNT DAYS TAKES",
        help="Tasks mostly by day.",
    ),
    click.option("--trace", type=FILE, help="A CSV of tasks: submitted,duration and, if needed, slots,id,after."),
)
_NODES = (
    click.option("--interval", help="How often the formula is evaluated.  [default: PT5M]"),
    click.option("--slots", type=click.IntRange(1, 256), help="Task slots of a node.  [default: 1]"),
    click.option("--boot", help="How long a node takes to be ready.  [default: PT5M]"),
    click.option("--price", type=click.FloatRange(0), help="Of a node-hour.  [default: of SPEC's size, or 0.2]"),
    click.option(
        "--prices",
        metavar="FILE",
        type=FILE,
        envvar=common.PRICES,
        help="A file with the price of SPEC's size.  [default: what was asked for before]",
    ),
    click.option("--spot-price", type=click.FloatRange(0), help="Of a Spot node-hour.  [default: as --price]"),
)
_JUDGED = (
    click.option(
        "--fixed", "nodes", type=click.IntRange(0, 100_000), help="Nodes to compare with.  [default: the most it had]"
    ),
    click.option("--expect", multiple=True, metavar="NAME=LIMIT", help="Such as maxQueue=PT10M; may be repeated."),
    click.option("--plot", "picture", type=FILE, help="Draw it into this file: .svg, .png or .html."),
)


Option = Callable[[Callable[..., None]], Callable[..., None]]


def _options(*groups: tuple[Option, ...]) -> Option:
    """All options of some groups, in their order."""

    def decorated(function: Callable[..., None]) -> Callable[..., None]:
        for option in reversed([option for group in groups for option in group]):
            function = option(function)
        return function

    return decorated


@autoscale.command()
@common.spec_argument
@_options(_FORMULA, _TASKS, _NODES, _JUDGED)
def simulate(spec: Path | None, cloud: str | None, pool: str | None, **options: Any) -> None:
    """Run tasks on a pool that scales by a formula, and on one of a fixed size, and compare.

    \b
    reconcile autoscale simulate --scenario pending-tasks --max 20 --burst 200 PT10M
    reconcile autoscale simulate --formula f.txt --trace tasks.csv --expect maxQueue=PT10M
    reconcile autoscale simulate specs/prod.yaml --pool encode --max 30

    Of a pool in SPEC come formula, interval, slots, trace, expectations and price; options go before them.
    Durations are ISO 8601 (PT5M) or seconds. 1: an expectation was missed.
    """
    from reconciler.render.autoscale import simulation

    picture: Path | None = options["picture"]
    pictures.check(picture, text=False)
    base = simulating.Base()
    if spec is not None or pool is not None:
        base = simulating.pool_of(common.load_spec(spec, cloud, trying=False), pool)
    expected = simulating.expected(options, base)
    text, trace = simulating.formula(options, base), simulating.trace(options, base)
    rates = simulating.rates(options, base)
    setting = simulating.setting(options, base, rates)
    scaled = simulating.usage(lambda: language.simulate(trace, text, setting))
    missed = simulating.usage(lambda: language.check(scaled, expected))
    nodes = scaled.max_nodes if options["nodes"] is None else options["nodes"]
    fixed = simulating.usage(lambda: language.fixed(trace, nodes, setting, until=scaled.seconds))
    if base.spec is not None:
        click.echo(f"Pool {base.name} of {base.spec.file}, {len(trace.tasks):,} tasks\n")
    click.echo(simulation(scaled, fixed, nodes, rates))
    if picture is not None:
        from reconciler.render.plot import plot

        common.write(picture, plot(scaled, fixed, nodes, rates, picture.suffix[1:]))
    if missed:
        raise Missed("not as expected\n" + "\n".join(missed))


@autoscale.command()
@common.spec_argument
@click.option("--deadline", required=True, help="When the tasks are to have ended after the first came, such as PT2H.")
@click.option("--max", "most", type=click.IntRange(1, 10_000), default=100, show_default=True, help="The most nodes.")
@click.option("--pool", metavar="NAME", help="The pool of SPEC.  [default: the only one with autoscale]")
@click.option("--spot", is_flag=True, help="Spot nodes.")
@_options(_TASKS, _NODES)
def size(spec: Path | None, cloud: str | None, pool: str | None, deadline: str, most: int, **options: Any) -> None:
    """Find the fewest nodes with which tasks end in time, by what they take and what they wait for.

    \b
    reconcile autoscale size --trace tasks.csv --slots 4 --deadline PT2H
    reconcile autoscale size specs/prod.yaml --pool encode --trace tasks.csv --deadline PT2H --max 50

    Slots, boot time and price come from a pool in SPEC; options go before them. In a trace, id and after say which
    tasks wait for which. 4: no number of nodes up to --max suffices.
    """
    from reconciler.render.sizing import sized

    base = simulating.Base()
    if spec is not None or pool is not None:
        base = simulating.pool_of(common.load_spec(spec, cloud, trying=False), pool)
    trace, rates = simulating.trace(options, base), simulating.rates(options, base)
    setting = simulating.setting(options, base, rates)
    seconds = simulating.usage(lambda: language.times.duration(simulating.span(deadline)), "--deadline")
    found = simulating.usage(lambda: language.size(trace, setting, seconds, most, spot=options["spot"]))
    if base.spec is not None:
        click.echo(f"Pool {base.name} of {base.spec.file}\n")
    click.echo(sized(found, seconds, setting.slots, rates, spot=options["spot"]))


@autoscale.command()
@click.argument("job")
@common.spec_option
@click.option("--output", "-o", type=FILE, default="-", help="The file to write.  [default: standard output]")
def trace(job: str, spec: Path | None, cloud: str | None, output: Path) -> None:
    """Write down the tasks of a live JOB that have ended, as a CSV that simulate --trace and a spec's trace take.

    \b
    reconcile autoscale trace encode-2026 --spec specs/prod.yaml -o tasks.csv
    """
    from reconciler.cli import tasks

    reached = common.reach(common.load_spec(spec, cloud, trying=False))
    ended, omitted = tasks.history(reached, tasks.live(reached, job))
    remark = f"{omitted:,} left out, which never ran or have not ended"
    if not ended.tasks:
        raise Refused(f"{job} has no task that has run and ended" + (f"; {remark}" if omitted else ""))
    text = language.write_csv(ended)
    if str(output) == "-":
        click.echo(text, nl=False)
    else:
        common.write(output, text.encode())
    counted = f"{count(len(ended.tasks), 'task', ',')} of {job}"
    click.echo(counted + (f"; {remark}" if omitted else ""), err=True)
