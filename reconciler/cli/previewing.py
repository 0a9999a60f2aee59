"""preview: a few tasks of what a spec does, tried beside what is live, and their results held against the live ones."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import codes, common, pricing
from reconciler.errors import Refused, WrongUsage
from reconciler.model import Action, Why

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.course import Course
    from reconciler.course import Ran as Task
    from reconciler.engine.loop import Reading
    from reconciler.kind import Result
    from reconciler.spec import Spec
    from reconciler.spec.previews import Preview
    from reconciler.tried import Costs, Output, Tried

LASTS = re.compile(r"([1-9]\d{0,3})([hd])", re.ASCII)
LONGEST = 30 * 24
"""Hours that a preview may last."""
MOST = 1000
"""Items of each work; who wants more wants all."""
FORMATS = ("text", "json", "markdown")


class _Lasts(click.ParamType[int]):
    """Hours or days, as seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        match = LASTS.fullmatch(str(value))
        hours = int(match[1]) * (24 if match[2] == "d" else 1) if match else 0
        if not 0 < hours <= LONGEST:
            self.fail(f"{value!r} is no time up to {LONGEST // 24} days; write 24h or 3d", param, ctx)
        return hours * 3600


@click.command()
@common.spec_argument
@click.option("--name", required=True, help="What tells this preview from others of the spec, such as pr-12.")
@click.option(
    "--for", "seconds", metavar="TIME", type=_Lasts(), default="24h", show_default=True, help="How long it lasts."
)
@click.option(
    "--sample",
    metavar="N",
    type=click.IntRange(1, MOST),
    default=5,
    show_default=True,
    help="How many points, blobs or inputs of each work.",
)
@click.option("--end", "ending", is_flag=True, help="Delete all that the preview has made, instead.")
@click.option("--format", "shape", type=click.Choice(FORMATS), default="text", show_default=True)
@common.prices_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def preview(
    spec: Path | None,
    cloud: str | None,
    name: str,
    seconds: int,
    sample: int,
    shape: str,
    prices: Path | None,
    *,
    ending: bool,
    yes: bool,
) -> int:
    """Try a few tasks of what the spec does beside what is live, and compare their results with the live ones.

    \b
    reconcile preview specs/prod.yaml --name pr-12              tries, waits, and tells
    reconcile preview specs/prod.yaml --name pr-12 --end        deletes what it has made
    reconcile cleanup specs/prod.yaml --expired                 deletes all that nobody has ended
    """
    from reconciler.cli import expiring
    from reconciler.kinds import SECTIONS
    from reconciler.preview import deriving
    from reconciler.render.previews import PreviewView
    from reconciler.spec.previews import fault

    loaded = common.load_spec(spec, cloud)
    if reason := fault(name):
        raise WrongUsage(f"--name {name!r} {reason}")
    if ending:
        return expiring.end(loaded, deriving.owner(loaded, name), yes=yes)
    made = deriving.preview(loaded, SECTIONS, name, sample, seconds)
    outcome, code = _tried(loaded, made, prices, shape, yes=yes)
    if outcome is None:
        return code
    view = PreviewView(outcome)
    if shape == "markdown":
        click.echo(view.markdown())
    else:
        common.show(view, shape)
    return code or (codes.LACKING if outcome.lacking else 0)


def _tried(main: Spec, made: Preview, prices: Path | None, shape: str, *, yes: bool) -> tuple[Tried | None, int]:
    """Carry a preview out, and what it has come to, None if it could not be made; the exit code of the apply."""
    from reconciler.cli import policing, run
    from reconciler.engine import loop
    from reconciler.kinds import KINDS, SECTIONS
    from reconciler.marks import moment
    from reconciler.preview import deriving
    from reconciler.render import runs
    from reconciler.tried import Tried

    around = common.reach(main)
    whole = loop.read(main, around, KINDS)
    expires = moment(around.time + timedelta(seconds=made.seconds))
    spec = deriving.derived(made, SECTIONS, expires)
    cloud = common.reach(spec)
    reading = loop.read(spec, cloud, KINDS)
    _check(whole, reading)
    say = partial(click.echo, err=shape != "text")
    shown = runs.view("text", say, terminal=shape == "text" and sys.stdout.isatty(), colour=common.colour())
    costs = _costs(whole, reading, prices, made.seconds)
    reading = policing.judged(reading, policing.Policing(policing.read()), prices, None)
    shown.plan(run.view(reading, None, wire=False))
    say(f"This preview costs {costs.preview}.\n")
    code = run.carry_out(reading, cloud, shown, "apply", yes=yes)
    if code not in (0, codes.PENDING):
        say(f"The preview could not be made, so there is nothing to compare; what is there goes by {expires}.")
        return None, code
    notes = [*_untried(whole), *_left_out(main)]
    outcome = Tried(made.name, main.file, expires, costs=costs, notes=tuple(notes))
    return _looked(outcome, main, made, spec, cloud), code


def _check(whole: Reading, reading: Reading) -> None:
    """Refused if the preview needs what is not live yet, or if others have its names."""
    from reconciler.words import some

    coming = {decision.address for decision in whole.plan.of(Action.CREATE)}
    if needed := sorted(str(each) for each, want in reading.desired.items() if want.existing and each in coming):
        there = f"{some(needed)} {'is' if len(needed) == 1 else 'are'} not live yet"
        raise Refused(
            f"{there}, and a preview makes only pools, jobs and containers of results of its own; bring what it needs"
            " there first, by a change of its own"
        )
    refused = reading.plan.of(Action.REFUSE)
    if taken := [f"{each.address} {each.reason.partition(';')[0]}" for each in refused if each.why is Why.FOREIGN]:
        raise Refused(f"this preview has names that are taken: {some(taken)}; take another --name")


def _untried(whole: Reading) -> Iterator[str]:
    """What else the change does, of which a preview tells nothing."""
    from reconciler.kinds import KINDS
    from reconciler.preview.deriving import WORK
    from reconciler.words import some

    changing = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE, Action.REFUSE)
    others = [
        f"{decision.address} ({decision.action})"
        for decision in whole.plan.decisions
        if decision.action in changing
        and KINDS[decision.address.kind].section not in WORK
        and KINDS[decision.address.kind].counts not in WORK
    ]
    if others:
        yield f"Not tried here, but part of the change: {some(others)}"


def _left_out(main: Spec) -> Iterator[str]:
    from reconciler.preview.deriving import left_out
    from reconciler.words import some

    if names := left_out(main):
        yield f"Not tried, as nothing of them would end by itself: {some([f'jobs/{name}' for name in names])}"


def _costs(whole: Reading, reading: Reading, prices: Path | None, seconds: int) -> Costs:
    from reconciler.cost.money import hourly, roughly
    from reconciler.render import cost as words
    from reconciler.tried import Costs

    own, all_ = pricing.known(reading, prices), pricing.known(whole, prices)
    hour = own.after.hour.high
    most = roughly(hour * seconds / 3600, own.currency)
    text = f"at most {hourly(hour, own.currency)} an hour while tasks run, and {most} if they did until it expires"
    if not own.after.complete:
        text = f"what nobody knows: there is no price of {', '.join(own.after.unknown)}"
    return Costs(text, words.total(all_))


def _looked(outcome: Tried, main: Spec, made: Preview, spec: Spec, cloud: Cloud) -> Tried:
    """With how its tasks ran, and its results beside the live ones."""
    from reconciler import tried

    wanted = frozenset(_asked(spec, cloud))
    tasks: list[Task] = []
    ran, failures = [], []
    for name in main.jobs:
        course = _course(spec, cloud, made.named(name)) if made.named(name) in spec.jobs else None
        if course:
            course = tried.asked(course, wanted, _stem)
            ran += tried.ran(name, course, _course(main, cloud, name, ended=True))
            failures += tried.failures(name, course)
            tasks += course.tasks
    return replace(
        outcome,
        ran=tuple(ran),
        failures=tuple(failures),
        unended=sum(task.state != "completed" for task in tasks),
        outputs=tuple(_outputs(made, spec, cloud, {task.id for task in tasks})),
    )


def _course(spec: Spec, cloud: Cloud, name: str, *, ended: bool = False) -> Course | None:
    """How the last run of a job went whose tasks are known, `ended`: of which some have."""
    from reconciler.cli import history

    runs, _ = history.runs_of(spec, cloud, name)
    courses = filter(None, (run.course() for run in reversed(runs)))
    return next((course for course in courses if course.tasks and (course.took() or not ended)), None)


def _outputs(made: Preview, spec: Spec, cloud: Cloud, tasks: Collection[str]) -> Iterable[Output]:
    from reconciler.kinds import SECTIONS
    from reconciler.preview import deriving, reading

    results = {
        place: made.own[place]
        for job in made.spec.jobs.values()
        for place, told in deriving.filled(SECTIONS, job).items()
        if told and place in made.own
    }
    return reading.outputs(cloud, results, _expected(spec, cloud), tasks, _stem)


def _expected(spec: Spec, cloud: Cloud) -> Iterator[Result]:
    from reconciler.kinds import KINDS

    for kind in KINDS.values():
        for desired in kind.expand(spec) if kind.results else ():
            assert kind.results is not None
            yield from kind.results(cloud, desired)


def _asked(spec: Spec, cloud: Cloud) -> Iterator[str]:
    """The ids of the tasks that a spec asks for."""
    from reconciler.kinds import KINDS

    for kind in KINDS.values():
        for desired in kind.expand(spec) if kind.asks else ():
            assert kind.asks is not None
            yield from kind.asks(cloud, desired)


def _stem(task: str) -> str:
    from reconciler.kinds import KINDS

    stems = (kind.stem_of(task) for kind in KINDS.values() if kind.stem_of)
    return next((stem for stem in stems if stem != task), task)
