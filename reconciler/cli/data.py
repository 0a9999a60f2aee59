"""Commands that put images into a job's input container: images generate, upload."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from reconciler.cli import common, extras


@click.group()
def images() -> None:
    """Test images."""


@images.command()
@common.spec_option
@click.option("--job", help="The job with convert; needed if there are several.")
@click.option("--count", type=click.IntRange(1, 1_000_000), required=True, help="How many images.")
@click.option("--prefix", default="test-", show_default=True, help="What their names start with.")
@click.option("--seed", default=0, show_default=True, help="Another seed gives other images.")
def generate(spec: Path | None, cloud: str | None, job: str | None, count: int, prefix: str, seed: int) -> None:
    """Make JPEGs of many sizes and kinds, straight into a job's input container."""
    from reconciler.cli import testimages

    extras.need("images")
    _send(spec, cloud, job, testimages.generate(count, prefix, seed), count)


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@common.spec_option
@click.option("--job", help="The job with convert; needed if there are several.")
def upload(folder: Path, spec: Path | None, cloud: str | None, job: str | None) -> None:
    """Upload the JPEGs below FOLDER into a job's input container; what is there already is not sent again."""
    from reconciler.cloud.upload import files_in

    _send(spec, cloud, job, files_in(folder), None)


def _send(
    spec: Path | None, cloud: str | None, job: str | None, blobs: Iterable[tuple[str, bytes]], count: int | None
) -> None:
    loaded = common.load_spec(spec, cloud)
    place = loaded.jobs[common.conversion_job(loaded, job)]["convert"]["from"]
    _, account, container = place.split("/")
    from rich.console import Console
    from rich.progress import Progress

    from reconciler.cloud.errors import reading
    from reconciler.cloud.upload import upload as send

    with reading(f"where the blobs of {account} are"):
        client = common.reach(loaded).blobs(account).get_container_client(container)
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("uploading", total=count)
        sent, there = send(client, blobs, lambda name, fresh: progress.advance(bar))
    click.echo(f"{sent:,} uploaded to {place}, {there:,} there already.")
