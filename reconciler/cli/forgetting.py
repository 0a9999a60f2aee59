"""Logs and telemetry that are older than their pools keep them: found by their names, and deleted."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from reconciler.cli import codes, common

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.cloud.kept import Blob
    from reconciler.nodelogs.expiry import Rules
    from reconciler.spec import Spec
    from reconciler.spec.pools import Logs, Telemetry


def clean(spec: Spec, *, yes: bool) -> int:
    """Delete what has expired of all pools of a spec; returns the exit code."""
    from reconciler.cloud import kept
    from reconciler.cloud.errors import reading
    from reconciler.render import plain

    cloud = common.reach(spec)
    blobs: list[Blob] = []
    for place, rules in _rules(spec, str(cloud.account)).items():
        with reading(f"the logs in {place}"):
            blobs += _expired(cloud, place, rules)
    if not blobs:
        click.echo("No log has expired.")
        return codes.FINE
    counted = Counter((blob.place, "/".join(blob.name.split("/")[1:3])) for blob in blobs)
    rows = [(plain.clean(place), plain.clean(what), f"{number:,}") for (place, what), number in sorted(counted.items())]
    click.echo(plain.table(("CONTAINER", "OF", "BLOBS"), rows))
    if not yes:
        common.ask(f"delete these {len(blobs):,} blobs")
    with reading("the logs, to delete them,"):
        kept.delete(cloud, blobs)
    click.echo("Cleaned up.")
    return codes.FINE


def _expired(cloud: Cloud, place: str, rules: Rules) -> list[Blob]:
    from reconciler.cloud import kept

    old = []
    for blob in kept.under(cloud, place, f"{rules.account}/"):
        days = rules.days(blob.name)
        if days is not None and blob.at + timedelta(days=days) < cloud.time:  # as Azure tells it by now
            old.append(blob)
    return old


def _rules(spec: Spec, account: str) -> dict[str, Rules]:
    """`storage/ACCOUNT/CONTAINER` → what holds there."""
    from reconciler import marks
    from reconciler.nodelogs.expiry import Keep, Rules
    from reconciler.spec import log_places

    parts = {name: (pool.get("logs"), pool.get("telemetry")) for name, pool in spec.pools.items()}
    jobs = {name: log_places.pool_of(spec, name) for name in spec.jobs}
    rules: dict[str, Rules] = {}
    for place in dict.fromkeys(part["to"] for pair in parts.values() for part in pair if part):
        there = {name: pair for name, pair in parts.items() if place in [part["to"] for part in pair if part]}
        keeps = {name: Keep(*(_days(part, place) for part in pair)) for name, pair in there.items()}
        rules[place] = Rules(account, keeps, jobs, marks.first_generation)
    return rules


def _days(part: Logs | Telemetry | None, place: str) -> float | None:
    from reconciler.azure import durations

    if part is None or part["to"] != place or "keep" not in part:
        return None
    return (durations.seconds(part["keep"]) or 0) / 86_400
