"""What `import --shipyard` writes: a spec of each configuration of Batch Shipyard in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import codes
from reconciler.errors import ReconcileError, WrongUsage
from reconciler.words import count

if TYPE_CHECKING:
    from reconciler.importing.shipyard import Configuration, Made, Where

LOCATION = "westeurope"
SHOWN = 12
"""How many configurations are named."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says of where the resources are to be; None for what it does not say."""

    name: str | None
    subscription: str | None
    location: str | None
    group: str | None
    account: str | None
    cloud: str


def written(folder: Path, asked: Asked, output: Path | None, *, force: bool) -> Iterator[tuple[Path | None, str, str]]:
    """(where to, the spec, what to say of it) of each configuration. Nothing is written here."""
    from datetime import UTC, datetime

    from reconciler.importing import shipyard
    from reconciler.render import as_yaml

    found = shipyard.configurations(folder)
    files = _files(folder, found, asked, output)
    if not force and (there := next((file for file in files if file and file.exists()), None)):
        raise WrongUsage(f"{there} is there already; --force overwrites it")
    for configuration, file in zip(found, files, strict=True):
        name = asked.name or shipyard.name(folder, configuration.where)
        made = shipyard.made(configuration, _where(asked, name), datetime.now(UTC).date())
        yield file, as_yaml.spec(made.value, header(folder / configuration.where, made)), _summary(file, made)


def _files(folder: Path, found: list[Configuration], asked: Asked, output: Path | None) -> list[Path | None]:
    """Where each goes: to the file that is named, or to files of their names in the folder that is named."""
    from reconciler.importing import shipyard

    if output is not None and output.is_dir():
        names = [asked.name or shipyard.name(folder, one.where) for one in found]
        if len(set(names)) < len(names):
            raise WrongUsage(
                "--name is for one configuration; leave it out, so that each spec has the name of its folder"
            )
        return [output / f"{name}.yaml" for name in names]
    if len(found) == 1:
        return [output]
    names = [str(folder / one.where) for one in found]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    there = ", ".join(names[:SHOWN]) + more
    remedy = "name one of these folders, or write a spec of each into a folder that is there: -o FOLDER"
    raise ReconcileError(f"{folder} has {len(names)} configurations: {there}; {remedy}")


def _where(asked: Asked, name: str) -> Where:
    from reconciler.importing.shipyard import Where, names
    from reconciler.render.as_yaml import Variable
    from reconciler.spec.load import LOCAL_SUBSCRIPTION

    subscription: str = asked.subscription or Variable(LOCAL_SUBSCRIPTION, "${AZURE_SUBSCRIPTION_ID}")
    azure: dict[str, Any] = {"cloud": "local"} if asked.cloud == "local" else {}
    azure |= {"subscription": subscription, "location": asked.location or LOCATION}
    azure["resourceGroup"] = asked.group or f"rg-{name}"
    account = asked.account or names.account(name)
    guessed = {
        "azure.location": "" if asked.location else f"{LOCATION} is a guess; write your region, or --location",
        "azure.resourceGroup": "" if asked.group else "made if it is not there; or --resource-group",
        "batchAccount.name": ""
        if asked.account
        else "made if it is not there; for yours write its name and existing: true, or --batch-account",
    }
    return Where(name, azure, account, {path: words for path, words in guessed.items() if words})


def header(folder: Path, made: Made) -> Iterator[str]:
    """The lines above the spec: what to fill in, what is written in another way, and what was left out, with lines."""
    yield f"Made by reconcile import from the configuration of Batch Shipyard in {folder}."
    if made.wrong:
        yield "Not valid before this is mended:"
        yield from (f"  {problem.path}: {problem.message}" for problem in made.wrong)
    wrong = {problem.path for problem in made.wrong}
    yield "To fill in, as Shipyard kept it in credentials.yaml, which is not read:"
    yield from (f"  {path}: {words}" for path, words in made.told.open.items() if path not in wrong)
    for title, notes in (("Written in another way:", made.told.changed), ("Left out:", made.told.left)):
        if notes:
            yield title
            yield from (f"  {note}" for note in notes)


def _summary(file: Path | None, made: Made) -> str:
    value = made.value
    counts = [count(len(value["pools"]), "pool"), count(len(value.get("jobs", {})), "job")]
    counts += [f"{len(made.told.changed)} written in another way"] if made.told.changed else []
    counts += [f"{len(made.told.left)} left out"] if made.told.left else []
    told = "; its first lines say where and why" if made.told.left or made.told.changed else ""
    wrong = "".join(f"\nTo fill in: {problem.path}: {problem.message}" for problem in made.wrong)
    return f"{file}: {', '.join(counts)}{told}.{wrong}\nNext: reconcile {'validate' if wrong else 'plan'} {file}"


def write(folder: Path, asked: Asked, output: Path | None, *, force: bool) -> int:
    """Write the specs, and say what there is to know. The exit code says whether one is not valid as it is."""
    from reconciler.cli.importing import save

    code = 0
    for file, text, summary in list(written(folder, asked, output, force=force)):
        if file is None:
            click.echo(text, nl=False)
        else:
            save(file, text)
            click.echo(summary)
        code = codes.PENDING if "\nTo fill in: " in summary else code
    if code:
        click.echo("warning: not all is valid yet: the first lines of the spec say what to fill in", err=True)
    return code
