"""why: what a job, a task or a pool waits for or died of."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from reconciler.cli import codes, common, naming
from reconciler.model import Address

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.diagnosis.facts import Facts
    from reconciler.kind import Kind
    from reconciler.spec import Spec


class Meant(NamedTuple):
    """What an address means: a pool or a job, by its name in the spec or in the account, and a task of the job."""

    name: str
    has_nodes: bool = False
    task: str = ""
    kind: Kind | None = None


@click.command()
@click.argument("address")
@common.spec_option
@common.format_option
def why(address: str, spec: Path | None, cloud: str | None, shape: str) -> int:
    """Explain what a job, a task or a pool waits for or died of, and what to do.

    ADDRESS is jobs/NAME, JOB/TASK, pools/NAME, or an address that plan or status print; a task may be the beginning of
    its id, or a pattern that only it matches. Also who deleted a pool, and what Azure says of itself. Only reads, in
    fifteen requests or so. Exit code: 2 if some could not be read.
    """
    from reconciler.diagnosis import around
    from reconciler.diagnosis.diagnose import diagnose
    from reconciler.engine import graph
    from reconciler.kinds import KINDS
    from reconciler.render.why import WhyView

    loaded = common.load_spec(spec, cloud, trying=False)
    meant = _meant(loaded, address)
    reached = common.reach(loaded)
    facts = around.explained(
        _undoable(loaded, reached, meant, _facts(loaded, reached, meant)),
        reached,
        around.used(reached, KINDS, graph.build(loaded, KINDS).values()),
        meant.name if meant.has_nodes else "",
    )
    diagnosis = diagnose(facts)
    common.show(WhyView(diagnosis), shape)
    return codes.PENDING if diagnosis.unread else 0


def _meant(spec: Spec, address: str) -> Meant:
    """What the address means; the first part is that of a section or kind, or a job."""
    from reconciler.kinds import KINDS

    section, _, rest = address.partition("/")
    if not section or (not rest and "/" in address):
        raise click.UsageError("say jobs/NAME, JOB/TASK or pools/NAME")
    kinds = [kind for kind in KINDS.values() if section in (kind.name, kind.section)] if rest else []
    if not kinds:
        return Meant(section, task=rest)
    working = next((kind for kind in kinds if kind.job_of or kind.needs.active), None)
    if working is not None:
        name, _, task = rest.partition("/")
        return Meant(name, task=task, kind=working)
    if not any(kind.needs.nodes for kind in kinds):
        raise click.UsageError(f"{address} neither waits nor dies: say jobs/NAME, JOB/TASK or pools/NAME")
    return Meant(rest, has_nodes=True)


def _facts(spec: Spec, cloud: Cloud, meant: Meant) -> Facts:
    """The facts of what is meant. UsageError, with the nearest name, if neither spec nor account has it."""
    from reconciler.diagnosis import reading

    if meant.has_nodes:
        facts = reading.of_pool(cloud, meant.name)
        if facts.missing and meant.name not in spec.pools:
            naming.unknown(f"neither the spec nor the account has a pool {meant.name}", meant.name, spec.pools)
        return facts
    facts = reading.of_job(cloud, _job(spec, cloud, meant), spec.storage)
    if facts.missing and meant.name not in spec.jobs and (meant.kind is None or meant.kind.section):
        live = [str(job["id"]) for job in facts.jobs or ()]
        known = [*spec.jobs, *live, *(f"pools/{name}" for name in spec.pools)]
        naming.unknown(f"neither the spec nor the account has a job {meant.name}", meant.name, known, there="there are")
    return _of_task(facts, cloud, meant.task) if meant.task else facts


def _undoable(spec: Spec, cloud: Cloud, meant: Meant, facts: Facts) -> Facts:
    """The facts with what of the job's work cannot be done, if all of the job is asked about."""
    from reconciler.diagnosis.asking import MOST, Asking
    from reconciler.kinds import KINDS

    if facts.missing or meant.has_nodes or meant.task:
        return facts
    asking = Asking(cloud)
    told: list[str] = []
    for kind in KINDS.values():
        if kind.undoable is None:
            continue
        for desired in kind.expand(spec):
            if desired.address.name == meant.name:
                ask = partial(kind.undoable, cloud, desired)
                told += asking.one(f"what {desired.address} cannot do", ask, requests=MOST) or ()
    return replace(facts, undoable=tuple(told), unread={**facts.unread, **asking.unread})


def _job(spec: Spec, cloud: Cloud, meant: Meant) -> str:
    """The name of the job that does the work: its own, that of a job that the work refers to, or as resolved."""
    from reconciler.engine.resolve import resolve
    from reconciler.kinds import KINDS

    kind = meant.kind
    if kind is None or kind.section or kind.job_of is None:
        return meant.name
    desired = {want.address: want for want in kind.expand(spec)}
    address = Address(kind.name, meant.name)
    if address not in desired:
        naming.unknown(f"the spec has no {kind.one} {meant.name}", meant.name, (known.name for known in desired))
    refers = [ref.name for ref in desired[address].refs if KINDS[ref.kind].job_of and KINDS[ref.kind].section]
    return refers[0] if refers else kind.job_of(resolve(spec, cloud, KINDS)[address])


def _of_task(facts: Facts, cloud: Cloud, task: str) -> Facts:
    """The facts of one task. UsageError if none is meant, or several are."""
    from reconciler.diagnosis import reading

    facts = reading.with_task(cloud, facts, task)
    names = [str(one["id"]) for one in facts.page]
    exact = [name for name in names if name.lower() == task.lower()]
    meant = exact or [name for name in names if name.startswith(task) or fnmatchcase(name, task)]
    job = (facts.job or {}).get("id", "")
    if not meant:
        naming.unknown(f"the job {job} has no task {task}", task, names)
    if len(meant) > 1:
        naming.unknown(f"{len(meant)} tasks of {job} match {task}", "", meant, there="say which of")
    return reading.of_task(facts, meant[0])
