"""The jobs and pools of a status page. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.render import curves, nodes_grid
from reconciler.render.html import folded, message, table, text
from reconciler.render.status import Job, Pool, Slow, Status
from reconciler.words import count, duration

ORDER = ("succeeded", "failed", "running", "waiting")
"""The states of tasks from the left, and from the bottom: what is done grows."""


def jobs(status: Status) -> str:
    return "\n".join(_job(job) for job in status.jobs)


def _job(job: Job) -> str:
    return _card(job, "", _of_job(job))


def _card(shown: Job | Pool, beside: str, blocks: Iterable[str]) -> str:
    """What there is to see of a job or a pool, under its name, the id that it has if that is another, and its state."""
    also = f' <span class="dim">as {text(shown.id)}</span>' if shown.id and shown.id != shown.name else ""
    head = f'<code>{text(shown.name)}</code>{also}{beside} <span class="state">{text(shown.state)}</span>'
    return f'<article class="card"><h3>{head}</h3>{"".join(blocks)}</article>'


def _of_job(job: Job) -> Iterator[str]:
    yield unread(job.unread)
    if not job.id:
        yield '<p class="dim">There is no such job yet.</p>'
        return
    yield progress(job.states)
    told = [*_tempo(job), *([f"{job.node_hours:,.2f} node-hours of tasks"] if job.node_hours else [])]
    if told:
        yield f"<p>{', '.join(told)}</p>"
    if job.failures:
        rows = [(f"{number:,}", message(reason), f"<code>{text(task)}</code>") for reason, number, task in job.failures]
        yield table(("Failed", "Why", "Such as"), rows, "failures", f"Failures of {text(job.name)}")
    if job.stuck:
        yield f"<p><strong>Perhaps stuck</strong>: {_slow(job.stuck)}</p>"
    if job.slowest:
        yield f'<p class="dim">Slowest: {_slow([slow._replace(node="") for slow in job.slowest])}</p>'
    if not job.whole:
        yield '<p class="dim">A large job: only numbers, and a thousand of its failures, are read.</p>'
    if job.chart:
        yield curves.areas(job.chart, ORDER, f"Tasks of {job.name}")


def _tempo(job: Job) -> Iterator[str]:
    if job.per_minute:
        yield f"{job.per_minute:,.1f} tasks a minute"
    if job.left:
        yield f"about {duration(job.left)} left"


def _slow(tasks: Sequence[Slow]) -> str:
    return ", ".join(
        f"<code>{text(task.task)}</code> {duration(task.seconds)}{f' on {text(task.node)}' if task.node else ''}"
        for task in tasks
    )


def progress(states: Mapping[str, int]) -> str:
    """A bar of tasks by state, and the same in words."""
    whole = sum(states.values())
    if not whole:
        return '<p class="dim">It has no tasks.</p>'
    rects, left = [], 0.0
    for state in ORDER:
        width = 1000 * states.get(state, 0) / whole
        rects += [f'<rect class="{state}" x="{left:.1f}" width="{width:.1f}" height="10"/>'] if width else []
        left += width
    keys = "".join(
        f'<li><span class="key {state}"></span>{states[state]:,} {state}</li>' for state in ORDER if states.get(state)
    )
    size = 'viewBox="0 0 1000 10" preserveAspectRatio="none"'
    bar = f'<svg class="progress" {size} aria-hidden="true">{"".join(rects)}</svg>'
    return f'{bar}<ul class="keys"><li><strong>{count(whole, "task", ",")}</strong></li>{keys}</ul>'


def pools(status: Status) -> str:
    return "\n".join(_pool(pool) for pool in status.pools)


def _pool(pool: Pool) -> str:
    return _card(pool, f' <span class="dim">{text(pool.size)}</span>' if pool.size else "", _of_pool(pool))


def _of_pool(pool: Pool) -> Iterator[str]:
    yield unread(pool.unread)
    if not pool.id:
        yield '<p class="dim">There is no such pool yet.</p>'
        return
    yield f"<p>{_numbers(pool)}</p>{nodes_grid.summary(pool)}"
    yield "".join(f'<p class="trouble">{message(error)}</p>' for error in pool.errors)
    yield nodes_grid.grid(pool)
    if pool.chart and any(number for steps in pool.chart.lines.values() for _, number in steps):
        yield curves.lines(pool.chart, "usable", ("current", "target"), f"Nodes of {pool.name}")
    if pool.scalings:
        yield _scalings(pool)


def _numbers(pool: Pool) -> str:
    """`2 of 2 nodes`, `1 of 2 dedicated and 3 of 4 Spot nodes`."""
    kinds = zip(pool.current, pool.target, ("dedicated", "Spot"), strict=True)
    parts = [f"{now:,} of {target:,} {kind}" for now, target, kind in kinds if now or target]
    return f"<strong>{' and '.join(parts)}</strong> nodes" if parts else "no nodes, and none are asked for"


def _scalings(pool: Pool) -> str:
    """The runs of its formula, the last first."""
    rows = [
        (text(run.at), f"<code>{text(run.results.replace(';', '; '))}</code>", message(run.error))
        for run in reversed(pool.scalings)
    ]
    name = text(pool.name)
    told = table(("At", "Set", "Error"), rows, "scalings", f"Runs of the formula of {name}")
    last = pool.scalings[-1]
    failed = f'<p class="trouble">The formula failed: {message(last.error)}</p>' if last.error else ""
    head = f"Formula: {count(len(rows), 'run')} seen, the last at {text(last.at)}"
    return failed + folded(f"formula {name}", head, told)


def unread(why: str) -> str:
    """Why something is not as it is now."""
    return f'<p class="trouble">Not read, so this is from earlier: {message(why)}</p>' if why else ""
