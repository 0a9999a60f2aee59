"""The command that writes a spec of what is live: import."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import codes, common
from reconciler.errors import ReconcileError
from reconciler.secret import hidden
from reconciler.words import count

if TYPE_CHECKING:
    from reconciler.importing import Draft, Live
    from reconciler.spec import Spec, Target

NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
FILE = click.Path(path_type=Path)


@click.command("import")
@click.option("--subscription", envvar="AZURE_SUBSCRIPTION_ID", help="Subscription id; not needed on the local cloud.")
@click.option("--resource-group", "group", metavar="NAME", help="The resource group to read.")
@click.option("--name", help="Name of the spec: its owner mark.  [default: the group's owner, or its name]")
@click.option("--batch-account", "account", metavar="NAME", help="Which, where the group has several.")
@click.option("--pool", "only", metavar="NAME", multiple=True, help="Only this pool and its jobs; may be repeated.")
@click.option("--tasks", "again", is_flag=True, help="With all tasks of jobs, also those that apply would run again.")
@click.option(
    "--cloud",
    type=click.Choice(["public", "local"]),
    envvar="RECONCILE_CLOUD",
    default="public",
    show_default=True,
    help="Which Azure.",
)
@click.option("--shipyard", type=FILE, metavar="FOLDER", help="Read pool.yaml and jobs.yaml of Batch Shipyard instead.")
@click.option("--location", metavar="REGION", help="With --shipyard, the region.")
@click.option("-o", "--output", type=FILE, help="Where to write the spec; default: standard output.")
@click.option("--force", is_flag=True, help="Overwrite the file if it is there.")
def import_(
    subscription: str | None,
    group: str | None,
    name: str | None,
    account: str | None,
    only: tuple[str, ...],
    cloud: str,
    shipyard: Path | None,
    location: str | None,
    output: Path | None,
    *,
    again: bool,
    force: bool,
) -> int:
    """Write a spec of a live resource group. Reads only; a plan of the spec shows what it takes over, and nothing else.

    With --shipyard, of a configuration of Batch Shipyard; -o may then be a folder, which gets a spec of each.

    \b
    reconcile import --resource-group rg-render --name render -o specs/render.yaml
    reconcile import --shipyard recipes/render/config --location westeurope -o specs/render.yaml
    """
    if name is not None and not NAME.fullmatch(name):
        raise click.UsageError("--name starts with a lower-case letter and has at most 63 letters, digits and hyphens")
    if shipyard is not None:
        if only:
            raise click.UsageError("--pool chooses among live pools, and --shipyard reads files; take one of them out")
        if again:
            raise click.UsageError("--tasks is about live jobs, and --shipyard reads all tasks; take one of them out")
        from reconciler.cli import shipyard as files

        return files.write(
            shipyard, files.Asked(name, subscription, location, group, account, cloud), output, force=force
        )
    if location is not None or group is None:
        wrong = (
            "say which --resource-group, or --shipyard FOLDER" if group is None else "--location goes with --shipyard"
        )
        raise click.UsageError(wrong)
    if output is not None and output.exists() and not (force and output.is_file()):
        remedy = "--force overwrites it" if output.is_file() else "it is a folder; name a file"
        raise click.UsageError(f"{output} is there already; {remedy}")
    return _written(*_drafted(subscription, group, name, account, only, cloud, again=again), output, force=force)


def _written(azure: Target, live: Live, draft: Draft, output: Path | None, *, force: bool) -> int:
    """Print the spec, or write it and what stands beside it; returns the exit code."""
    from reconciler import importing
    from reconciler.render import as_yaml

    value, files = importing.aside(draft, output.stem) if output else (draft.value, {})
    text = as_yaml.spec(value, header(azure, live, draft))
    if output is None:
        click.echo(text, nl=False)
    else:
        if not force and (there := next((name for name in files if output.with_name(name).exists()), "")):
            raise click.UsageError(f"{output.with_name(there)} is there already; --force overwrites it")
        for name, rows in files.items():
            save(output.with_name(name), rows)
        save(output, text)
        click.echo(_summary(output, draft))
    if not live.unread:
        return 0
    click.echo("warning: not all could be read: the first lines of the spec say what is not in it, and why", err=True)
    return codes.PENDING


def spec_of(subscription: str | None, group: str, name: str | None, cloud: str) -> tuple[str, str, bool]:
    """The name and the text of a spec of a live resource group, and whether all of that could be read. Only reads."""
    from reconciler.render import as_yaml

    azure, live, draft = _drafted(subscription, group, name, None, (), cloud, again=False)
    return draft.value["name"], hidden(as_yaml.spec(draft.value, header(azure, live, draft))), not live.unread


def _drafted(
    subscription: str | None,
    group: str,
    name: str | None,
    account: str | None,
    only: tuple[str, ...],
    cloud: str,
    *,
    again: bool,
) -> tuple[Target, Live, Draft]:
    from reconciler import importing
    from reconciler.importing import live as reading

    asked = _asked(cloud, subscription, group)
    here = reading.group(common.reach(asked))
    known = name or (here.mark.owner if here.mark else _name(group))
    live = importing.read(common.reach(_named(asked, known)), here, account)
    reading.check(live, only)
    return asked.azure, live, importing.draft(live, asked.azure, known, only, again=again)


def _asked(cloud: str, subscription: str | None, group: str) -> Spec:
    """A spec with no resources, only the place to read."""
    from reconciler.spec.load import LOCAL_SUBSCRIPTION
    from reconciler.spec.spec import Spec, Target

    if subscription is None and cloud == "local":
        subscription = LOCAL_SUBSCRIPTION
    if subscription is None:
        raise click.UsageError("say which --subscription, or set AZURE_SUBSCRIPTION_ID")
    return Spec("", "", Target(cloud, subscription, "", group))


def _named(asked: Spec, name: str) -> Spec:
    from dataclasses import replace

    return replace(asked, name=name)


def _name(group: str) -> str:
    """A spec's name from that of a resource group."""
    slug = re.sub(r"[^a-z0-9]+", "-", group.lower()).strip("-")
    return (slug if slug[:1].isalpha() else f"spec-{slug}".rstrip("-"))[:63]


def header(target: Target, live: Live, draft: Draft) -> Iterator[str]:
    """The lines above the spec: what it was made from, what could not be read, what was left out, and notes."""
    batch = f" with the Batch account {live.account}" if live.account else ""
    where = f"the resource group {target.resource_group}{batch}, subscription {target.subscription}"
    yield f"Made by reconcile import from {where}."
    if live.unread:
        yield "Could not be read, so that it is not in this file; a plan of it deletes what of that carries its mark:"
        for why in live.unread.values():
            yield f"  {why}"
    if draft.lost:
        yield "Owned by this spec but not in this file, so a plan of it deletes them: write them in again before apply."
        for address in sorted(draft.lost):
            yield f"  {address}: {draft.left.get(address, 'nothing here asks for it')}"
    others = {address: why for address, why in draft.left.items() if address not in draft.lost}
    if others:
        yield "Left out, and left as it is:"
        for address, why in others.items():
            yield f"  {address}: {why}"
    if draft.notes:
        yield "To know:"
        for address, text in draft.notes:
            yield f"  {address}: {text}"


def save(output: Path, text: str) -> None:
    """Write a spec, in a folder that is made if it is not there."""
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(hidden(text), encoding="utf-8")
    except OSError as error:
        raise ReconcileError(f"{output} cannot be written: {error.strerror}") from None


def _summary(output: Path, draft: Draft) -> str:
    pools, jobs = len(draft.value.get("pools", {})), len(draft.value.get("jobs", {}))
    counts = [count(pools, "pool"), count(jobs, "job")]
    counts += [f"{len(draft.left)} left out"] if draft.left else []
    counts += [f"{len(draft.value['adopt'])} to adopt"] if "adopt" in draft.value else []
    warning = f"\nA plan of it deletes {len(draft.lost)} that are not in it: see its first lines." if draft.lost else ""
    return f"{output}: {', '.join(counts)}.{warning}\nNext: reconcile plan {output}"
