"""plan, apply and destroy."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import announcing, auditing, codes, common, entering, locking, pausing, pricing, saving
from reconciler.cli.common import Selection, Shape
from reconciler.cli.interrupting import interruptible
from reconciler.cli.policing import Policing, check_allowed, judged, policy_options, refuses
from reconciler.cli.who import noted
from reconciler.errors import WrongUsage
from reconciler.model import Action, Status, Why

if TYPE_CHECKING:
    from reconciler.cli.auditing import Recorder
    from reconciler.cli.notifying import Notifier
    from reconciler.cloud.cloud import Cloud
    from reconciler.cost import Cost
    from reconciler.engine.loop import Reading
    from reconciler.events import Listener
    from reconciler.model import Address, Desired, Outcome, Plan
    from reconciler.render.runs import RunView
    from reconciler.render.views import PlanView
    from reconciler.report import Report
    from reconciler.spec import Spec

OPEN = (Action.DEFER, Action.UNKNOWN)
"""What may be left to do after an apply in which all went well."""
CHANGES = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE, Action.WAIT, *OPEN)


@click.command()
@common.selection
@common.reviewed_option
@common.cost_options
@common.wire_option
@common.rerun_option
@policy_options
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if there is anything to do.")
@announcing.notify_option
@entering.unasked_option
@click.option("--who", is_flag=True, help="Ask the activity log who changed or deleted what differs.")
@click.option("--out", metavar="FILE", type=common.SPEC, help="Save the plan, to be shown and carried out later.")
def plan(
    selection: Selection,
    shape: Shape,
    prices: Path | None,
    *,
    wants_cost: bool | None,
    wire: bool,
    rerun: tuple[str, ...],
    policing: Policing,
    detailed_exitcode: bool,
    notify: str | None,
    runner: entering.Runner,
    who: bool,
    out: Path | None,
) -> int:
    """Show what is missing or different in live Azure. Changes nothing."""
    from reconciler.render import views

    if who and out:
        raise WrongUsage("--who is for a plan that is shown, and --out saves one; say one of them")
    reading, cloud = read(selection, runner.first(locking.told), rerun=rerun)
    announcing.check(reading.spec, notify)
    wanted = wants_cost if views.tells_cost_unasked(shape.name) else bool(wants_cost)
    cost = pricing.shown(reading, prices, wanted=wanted)
    reading = judged(reading, policing, prices, cost)
    refused, saved = refuses(reading.plan), None
    shown = view(noted(reading, cloud) if who else reading, cost, wire=wire)
    try:
        pricing.check(reading, prices, cost)
        saved = saving.made(reading, selection, rerun, cost) if out and not refused else None
    finally:  # a plan that is too dear is shown, too
        told = saved if shape.name not in common.FORMATS else None
        common.show_reviewed(saving.view(told, wire=wire) if told else shown, shape)
    if out and saved:
        saving.save(out, saved)
    if notify and not (refused and notify == "approval"):
        record = auditing.planned("plan", reading, cloud, selection, rerun, saved.digest if saved else "")
        announcing.of_plan(notify, reading.spec, cloud, record)
    if refused:
        return codes.REFUSED
    changing = any(reading.plan.of(action) for action in CHANGES)
    return codes.PENDING if detailed_exitcode and (changing or left_open(reading.plan)) else codes.FINE


@click.command()
@common.selection
@common.format_option
@common.cost_options
@common.wire_option
@common.rerun_option
@policy_options
@locking.wait_option
@entering.address_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--reviewed", metavar="FILE", type=common.SPEC, help="Do no more than this saved plan, or refuse.")
@click.option("--digest", metavar="SHA256", default="", help="Of the saved plan that was reviewed; refuse another.")
def apply(
    selection: Selection,
    shape: str,
    prices: Path | None,
    *,
    wants_cost: bool | None,
    wire: bool,
    rerun: tuple[str, ...],
    policing: Policing,
    wait: bool,
    runner: entering.Runner,
    yes: bool,
    reviewed: Path | None,
    digest: str,
) -> int:
    """Make live Azure as the spec says: show the plan, ask, and carry it out.

    SPEC may also be a saved plan: just what that says is done, without asking, or nothing.
    """
    run = _run(shape)
    selection, rerun, saved = saving.chosen(selection, rerun, reviewed, digest)
    reading, cloud = read(selection, runner.first(locking.taking("apply", wait=wait)), rerun=rerun)
    with auditing.recording("apply", reading, cloud, selection, rerun, saved.digest if saved else "") as recorder:
        cost = pricing.shown(reading, prices, wanted=wants_cost) if run.asks_first else None
        reading = judged(reading, policing, prices, cost)
        run.plan(view(reading, cost, wire=wire))
        pricing.check(reading, prices, cost)
        if saved:
            saving.check_same(saved, reading)
            yes = True
        from reconciler.cli.notifying import Notifier

        notifier = Notifier(reading.spec, cloud, reading.desired, shape)
        notifier.warn(step.address for step in reading.plan.steps)
        code = carry_out(reading, cloud, run, "apply", yes=yes, recorder=recorder, notifier=notifier, runner=runner)
        reports = _end(reading, cloud, run)
        undone = notifier.tell(reports)
        lacking = any(report.lacking for report in reports)
        return recorder.ended(code or (codes.LACKING if lacking else codes.PENDING if undone else codes.FINE))


@click.command()
@common.selection
@common.format_option
@common.wire_option
@policy_options
@locking.wait_option
@entering.address_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def destroy(
    selection: Selection,
    shape: str,
    *,
    wire: bool,
    policing: Policing,
    wait: bool,
    runner: entering.Runner,
    yes: bool,
) -> int:
    """Delete what the spec owns and nothing protected needs, last made first.

    Protected resources stay, and so does what they need, what others use, and what something unread may need.
    """
    from reconciler.kinds import KINDS

    run = _run(shape)
    reading, cloud = read(selection, runner.first(locking.taking("destroy", wait=wait)), destroying=True)
    with auditing.recording("destroy", reading, cloud, selection) as recorder:
        reading = judged(reading, policing, None, None, destroying=True)
        run.plan(view(reading, None, wire=wire))
        code = carry_out(reading, cloud, run, "destroy", yes=yes, recorder=recorder)
        return recorder.ended(code or (codes.PENDING if any(KINDS[name].deletable for name in reading.unread) else 0))


def read(
    selection: Selection,
    before: Callable[[Spec, Cloud], str] = lambda spec, cloud: "",
    *,
    rerun: tuple[str, ...] = (),
    destroying: bool = False,
) -> tuple[Reading, Cloud]:
    """The plan of the selected part of a spec, and the cloud that it is for. What `before` says, if anything, is a note
    of the plan."""
    spec = common.load_spec(selection.spec, selection.cloud)
    targets, excludes = common.addresses(selection.target), common.addresses(selection.exclude)
    if both := set(targets) & set(excludes):
        raise WrongUsage(f"--target and --exclude both name {', '.join(sorted(map(str, both)))}; say one of them")
    from reconciler.cli import journal
    from reconciler.engine import loop
    from reconciler.kinds import KINDS

    cloud = common.reach(spec)
    note = before(spec, cloud)
    notes = tuple(filter(None, (note, *pausing.told(spec, cloud))))
    history = journal.history(common.journal_name(spec))
    reading = loop.read(
        spec,
        cloud,
        KINDS,
        targets=targets,
        excludes=excludes,
        rerun=rerun,
        destroying=destroying,
        history=history,
    )
    if notes:
        reading = replace(reading, plan=replace(reading.plan, notes=(*reading.plan.notes, *notes)))
    return reading, cloud


def _run(shape: str) -> RunView:
    from reconciler.render import runs

    return runs.view(shape, click.echo, terminal=sys.stdout.isatty(), colour=common.colour())


def view(reading: Reading, cost: Cost | None, *, wire: bool) -> PlanView:
    from reconciler.engine import estimate
    from reconciler.render.views import PlanView

    return PlanView(reading.plan, estimate.critical_path(reading.plan), cost, wire)


def carry_out(
    reading: Reading,
    cloud: Cloud,
    run: RunView,
    verb: str,
    *,
    yes: bool,
    recorder: Recorder | None = None,
    notifier: Notifier | None = None,
    runner: entering.Runner | None = None,
) -> int:
    """Carry out the steps of the plan, if there are any and the user agrees; returns the exit code."""
    check_allowed(reading.plan)
    if not reading.plan.steps:
        return codes.PENDING if left_open(reading.plan) else codes.FINE
    if not yes:
        common.ask(f"{verb} this plan")
    from reconciler.engine import loop
    from reconciler.kinds import KINDS

    if recorder:
        recorder.begin()
    stop = threading.Event()
    with interruptible(stop), run.listening() as listen:
        heard = _journal(reading, listen)
        heard = recorder.listening(heard) if recorder else heard
        heard = notifier.listening(heard) if notifier else heard
        heard = runner.listening(heard) if runner else heard
        outcomes = loop.carry_out(reading, cloud, KINDS, listen=heard, stop=stop)
    run.outcomes(outcomes)
    return exit_code(reading.plan, outcomes)


def _journal(reading: Reading, listen: Listener) -> Listener:
    """A listener that passes events to `listen` and writes logs and times to files."""
    from reconciler.cli import journal
    from reconciler.engine import estimate

    keys = {str(decision.address): estimate.key(decision) for decision in reading.plan.decisions}
    warn = partial(click.echo, err=True)
    return journal.Journal(common.journal_name(reading.spec), listen, keys, warn=warn)


def exit_code(plan: Plan, outcomes: Iterable[Outcome]) -> int:
    """What a pipeline is told of an apply or destroy that was carried out."""
    statuses = {outcome.status for outcome in outcomes}
    if Status.FAILED in statuses:
        return codes.FAILED
    if Status.STOPPED in statuses:  # and what was skipped was skipped for that
        return codes.REFUSED
    return codes.PENDING if Status.DEFERRED in statuses or left_open(plan) else codes.FINE


def left_open(plan: Plan) -> bool:
    """Whether something is left to do: what stays because it is protected, or needed by that, was to stay."""
    staying = {decision.why for decision in plan.of(Action.KEEP)}
    return any(plan.of(action) for action in OPEN) or bool(staying & {Why.IN_USE, Why.UNREADABLE})


def _end(reading: Reading, cloud: Cloud, run: RunView) -> list[Report]:
    """Write the records that the spec asks for, save what became of work, and show the reports of what the plan was
    about."""
    from reconciler.cli import records

    desired = _known(reading, cloud)
    records.write(reading.spec, desired, cloud)
    selected = {decision.address for decision in reading.plan.decisions}
    about = {address: resource for address, resource in desired.items() if address in selected}
    common.settle(cloud, about.values())
    reports = list(common.reports(cloud, about))
    run.reports(reports)
    return reports


def _known(reading: Reading, cloud: Cloud) -> Mapping[Address, Desired]:
    """The desired resources; those that could not be resolved before the apply are resolved now."""
    from reconciler.engine.resolve import resolve
    from reconciler.kinds import KINDS

    pending = any(resource.pending for resource in reading.desired.values())
    return resolve(reading.spec, cloud, KINDS) if pending else reading.desired
