"""Commands that bring data to containers and from them: images generate, upload, download."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import common, extras, naming

if TYPE_CHECKING:
    from reconciler.spec import Spec

FOLDER = click.Path(file_okay=False, path_type=Path)
CONTAINER = "storage/ACCOUNT/CONTAINER"


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
    loaded = common.load_spec(spec, cloud)
    _send(loaded, _input(loaded, job), testimages.generate(count, prefix, seed), count)


@click.command()
@click.argument("folder", type=FOLDER)
@common.spec_option
@click.option("--job", help="The job with convert; needed if there are several.")
@click.option("--to", "place", metavar=CONTAINER, help="Any container of the spec, and all files, not JPEGs only.")
def upload(folder: Path, spec: Path | None, cloud: str | None, job: str | None, place: str | None) -> None:
    """Upload the JPEGs below FOLDER into a job's input container, or all --to any; what is there is not sent again.

    A blob is named after its file, as seen from FOLDER.
    """
    from reconciler.cloud.upload import IMAGES, files_in

    if place is not None and job is not None:
        raise click.UsageError("say either --job or --to")
    loaded = common.load_spec(spec, cloud)
    if place is None:
        _send(loaded, _input(loaded, job), files_in(folder, IMAGES), None)
    else:
        _send(loaded, _container(loaded, place), files_in(folder), None)


@click.command()
@click.argument("place", metavar=CONTAINER)
@common.spec_option
@click.option("-o", "--output", "folder", type=FOLDER, help="Where to; default: a folder named after the container.")
@click.option("--prefix", default="", help="Only blobs whose names begin so.")
def download(place: str, spec: Path | None, cloud: str | None, folder: Path | None, prefix: str) -> int:
    """Download the blobs of a container into a folder; what is there unchanged is not fetched again.

    A file is named after its blob, with what could lead elsewhere spelled out, such as %2E%2E for two dots. It is there
    when it is whole, so a download that broke off is gone on with.
    """
    from reconciler.cli import downloading
    from reconciler.render import plain
    from reconciler.words import count, size

    loaded = common.load_spec(spec, cloud)
    client = _client(loaded, _container(loaded, place))
    folder = folder or Path(client.container_name)
    with _bar("downloading", None) as advance:
        done = downloading.download(client, prefix, folder, advance)
    there = f", {done.there:,} there already" if done.there else ""
    click.echo(f"{count(done.files, 'file', ',')} ({size(done.bytes)}) of {place} in {folder}{there}")
    return common.partial("not downloaded", map(plain.clean, done.failed))


def _input(loaded: Spec, job: str | None) -> str:
    return str(loaded.jobs[common.conversion_job(loaded, job)]["convert"]["from"])


def _container(loaded: Spec, place: str) -> str:
    """`storage/ACCOUNT/CONTAINER`. UsageError, with the nearest, if the spec has no such container."""
    known = [f"storage/{account}/{name}" for account, body in loaded.storage.items() for name in body["containers"]]
    return naming.named(loaded, place, known, "container", CONTAINER)


def _send(loaded: Spec, place: str, blobs: Iterable[tuple[str, bytes | Path]], count: int | None) -> None:
    from reconciler.cloud.upload import upload as send

    client = _client(loaded, place)
    with _bar("uploading", count) as advance:
        sent, there = send(client, blobs, lambda name, missing: advance())
    click.echo(f"{sent:,} uploaded to {place}, {there:,} there already.")


def _client(loaded: Spec, place: str) -> Any:
    from reconciler.cloud.errors import reading

    with reading(f"where the blobs of {place.split('/')[1]} are"):
        return common.reach(loaded).container(place)


@contextmanager
def _bar(text: str, total: int | None) -> Iterator[Callable[[], None]]:
    """A bar in a terminal, and how to move it on by one."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task(text, total=total)
        yield lambda: progress.advance(bar)
